import { describe, expect, it } from 'vitest'
import { decodeSingle } from '../../../src/decode/single-certificate.js'
import type { ConcerningCertificate } from '../../../src/watchlist/concerns.js'
import type { WatchlistOptions } from '../../../src/watchlist/options.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'
import { hiddenNames, oddButRead } from '../filter/hidden-names.js'
import { certificateOf, leafOf } from '../filter/made-leaf.js'

const KEY = 'ab'.repeat(32)
const ISSUER = '0f'.repeat(32)

function cert(dnsNames: string[], more: object = {}): ConcerningCertificate {
  return {
    kind: 'precertificate',
    dnsNames,
    ipAddresses: [],
    emailAddresses: [],
    uris: [],
    altNames: dnsNames.map((value) => ({ kind: 'dNSName', value, raw: Buffer.from(value) })),
    issuer: { organization: 'Good CA', toString: () => 'CN=R1,O=Good CA' },
    issuerKeyHash: Buffer.from(ISSUER, 'hex'),
    authorityKeyId: '0011',
    issuanceId: '01'.repeat(32),
    publicKey: { spkiSha256: KEY },
    leafHash: new Uint8Array(32),
    ...more,
  } as unknown as ConcerningCertificate
}

const classes = (options: WatchlistOptions, of: ConcerningCertificate) =>
  Watchlist.of(options)
    .concerns(of)
    .map((concern) => concern.class)
const own = ['example.com']
const known = ['name:www.example.com', `key:${KEY}`]

describe('concerns', () => {
  it.each<[string, WatchlistOptions, string]>([
    ['any issuer', { own }, 'new-name'],
    ['the key of the issuer', { own, issuers: [`key:${ISSUER}`] }, 'new-name'],
    ['the key identifier of the issuer', { own, issuers: ['id:00:11'] }, 'new-name'],
    ['the organization of the issuer', { own, issuers: ['GOOD ca'] }, 'new-name'],
    ['another key', { own, issuers: [`key:${KEY}`] }, 'unexpected-issuer'],
    ['another organization', { own, issuers: ['Good'] }, 'unexpected-issuer'],
    ['a known name and key', { own, known }, 'renewal'],
    ['a known name, another key', { own, known: ['name:www.example.com', `key:${ISSUER}`] }, 'new-key'],
    [
      'a known issuance of an issuer that is not',
      { own, issuers: ['Other'], known: [`issuance:${'01'.repeat(32)}`] },
      'known',
    ],
    ['another known name and an issuer that is not expected', { own, issuers: ['Other'], known }, 'unexpected-issuer'],
  ])('%s', (_, options, expected) => {
    expect(classes(options, cert(['www.example.com']))).toEqual([expected])
  })

  it('says the same of a name whatever came before it, and however often', () => {
    const watchlist = Watchlist.of({ own, words: ['bank'] })
    const names = Array.from({ length: 40_000 }, (_, i) => `h${i}.${i % 1000 === 0 ? 'example.com' : 'example.net'}`)
    const reported = () => names.filter((name) => watchlist.concerns(cert([name])).length > 0)
    const first = reported()
    expect(first).toHaveLength(40)
    expect(reported()).toEqual(first)
  })

  it('keeps words, patterns and own names apart that read the same', () => {
    const rules = { own: ['own.example'], words: ['own', 'bank'], patterns: ['bank'] }
    expect(classes(rules, cert(['own.example', 'bank.example.net'])).sort()).toEqual([
      'new-name',
      'pattern',
      'word',
      'word',
    ])
  })

  it('has classes for wildcards, those of suffixes and a NUL in the name', () => {
    expect(classes({ own, known }, cert(['*.example.com']))).toEqual(['new-wildcard'])
    expect(classes({ own, known }, cert(['*.com']))).toEqual(['suffix-wildcard'])
    expect(classes({ own, known }, cert(['www.example.com\\000.evil.org']))).toEqual(['suffix-wildcard'])
    expect(
      classes({ own, known: [...known, 'name:*.example.com'] }, cert(['*.example.com', 'www.example.com'])),
    ).toEqual(['renewal'])
  })

  it('says where only the precertificate tells the key of the issuer, and does not call that a renewal', () => {
    const watchlist = Watchlist.of({ own, known, issuers: [`key:${ISSUER}`] })
    const [final] = watchlist.concerns(cert(['www.example.com'], { kind: 'certificate', issuerKeyHash: undefined }))
    const [pre] = watchlist.concerns(cert(['www.example.com']))
    expect([pre?.class, final?.class]).toEqual(['renewal', 'new-key'])
    expect(final?.reasons).toEqual([expect.stringContaining('said of its precertificate')])
    expect(final?.id).toBe(pre?.id)
  })

  it('is one finding for all own names, one for each brand and domain, most severe first', () => {
    const watchlist = Watchlist.of({
      own,
      brands: [{ name: 'PayPal', tokens: ['paypal'], domains: [] }],
      words: ['shop'],
    })
    const names = [
      'a.example.com',
      'b.example.com',
      'paypal-login.top',
      'www.paypal-login.top',
      'paypal-login.xyz',
      'shop.test',
      '192.0.2.1',
    ]
    const findings = watchlist.concerns(cert(names))
    expect(findings.map(({ class: kind, subject, matches }) => [kind, subject, matches.length])).toEqual([
      ['lookalike', 'PayPal paypal-login.top', 2],
      ['lookalike', 'PayPal paypal-login.xyz', 1],
      ['new-name', 'own', 2],
      ['word', 'shop', 1],
    ])
    expect(new Set(findings.map(({ id }) => id)).size).toBe(4)
    expect(findings.every(({ id }) => /^[0-9a-f]{32}$/.test(id))).toBe(true)
  })

  it('gives ids that depend on the issuance and the subject, not on the log, order or class', () => {
    const idOf = (options: WatchlistOptions, more: object = {}) =>
      Watchlist.of(options).concerns(cert(['www.example.com'], more))[0]?.id
    expect(idOf({ own })).toBe(idOf({ own, issuers: ['Other'] }, { leafHash: new Uint8Array(32).fill(9) }))
    expect(idOf({ own })).not.toBe(idOf({ own }, { issuanceId: '02'.repeat(32) }))
  })

  it('counts a single host that is only a common name low', () => {
    const [finding] = Watchlist.of({ own: ['=www.example.com'] }).concerns(cert(['www.example.com'], { altNames: [] }))
    expect(finding).toMatchObject({ class: 'new-name', severity: 'low', score: 50 })
    expect(Watchlist.of({ own }).concerns(cert(['www.example.com'], { altNames: [] }))[0]).toMatchObject({
      severity: 'medium',
      score: 90,
    })
  })

  it('looks at addresses, and at e-mail addresses and URIs when asked', () => {
    const of = cert([], {
      ipAddresses: ['192.0.2.1'],
      emailAddresses: ['x@mail.example.com'],
      uris: ['https://u@www.example.com:8/x'],
    })
    expect(classes({ own: [...own, 'ip:192.0.2.0/24'] }, of)).toEqual(['new-name'])
    expect(classes({ own, mentions: true }, of)).toEqual(['mention'])
    expect(classes({ own }, of)).toEqual([])
  })

  it('says that an entry that cannot be parsed could concern who has names', () => {
    const of = cert([], { kind: 'unparsable', issuanceId: undefined })
    expect(Watchlist.of({ own }).concerns(of)).toMatchObject([{ class: 'unreadable', severity: 'info' }])
    expect(Watchlist.of({ words: ['a'] }).concerns(of)).toEqual([])
  })

  it.each(hiddenNames)('says that names that cannot be read could concern who has names: %s', (_, parts) => {
    const { der } = certificateOf(leafOf(parts))
    for (const of of [
      certificateOf(leafOf(parts)),
      certificateOf(leafOf({ ...parts, kind: 'precertificate' })),
      decodeSingle(der as Uint8Array, {}),
    ]) {
      expect(Watchlist.of({ own }).concerns(of)).toMatchObject([
        {
          class: 'unreadable',
          severity: 'info',
          reasons: [expect.stringMatching(/^some names cannot be read.*byte \d+/)],
        },
      ])
      expect(Watchlist.of({ words: ['zzz'] }).concerns(of)).toEqual([])
    }
  })

  it('says so beside what it says of the names that can be read', () => {
    const [, parts] = hiddenNames.find(([encoding]) => encoding.includes('after another name')) ?? []
    const of = certificateOf(leafOf(parts ?? {}))
    expect(classes({ own: ['a.b'] }, of)).toEqual(['new-name', 'unreadable'])
  })

  it.each(oddButRead)('says nothing of what can be read: %s', (_, parts) => {
    expect(classes({ own }, certificateOf(leafOf(parts)))).toEqual([])
  })

  it.each([
    [{ issuers: [''] }, 'issuers[0]'],
    [{ issuers: ['key:12'] }, 'issuers[0]'],
    [{ issuers: ['id:x'] }, 'issuers[0]'],
    [{ known: ['www.example.com'] }, 'known[0]'],
    [{ known: ['issuance:12'] }, 'known[0]'],
    [{ known: ['name:a b'] }, 'known[0]'],
    [{ mentions: 1 }, 'mentions'],
  ])('refuses %j', (options, said) => {
    expect(() => Watchlist.of(options as never)).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining(said) }),
    )
  })
})
