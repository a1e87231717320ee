import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CertificateMaker } from '../../../src/certstream/server-message.js'
import { type CertificateRequest, issueCertificates } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { organizationsOf } from '../../../src/watchlist/ca-owners.js'
import type { WatchlistOptions } from '../../../src/watchlist/options.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'
import { describeReal } from '../../real-data.js'
import { deliveredCertificates } from '../../support/module-certificates.js'
import { realCertificates } from '../../support/real-certificates.js'

const own = ['example.com']

/** Classes and reasons of both entries of an issuance: they must agree. */
function judged(options: WatchlistOptions, request: CertificateRequest) {
  const entries = deliveredCertificates(
    issueCertificates({ dnsNames: ['www.example.com'], notBefore: new Date('2026-09-01'), ...request, kind: 'pair' }),
  )
  const watchlist = Watchlist.of({ own, ...options })
  const concerns = entries.map((entry) => watchlist.concerns(entry).map(({ class: kind, reasons }) => [kind, reasons]))
  expect(concerns[1]?.map(([kind]) => kind)).toEqual(concerns[0]?.map(([kind]) => kind))
  return concerns[0]?.[0] as unknown as [string, string[]]
}

const of = (options: WatchlistOptions, request: CertificateRequest = {}) => judged(options, request)[0]

describe('the policy of own names', () => {
  const letsEncrypt = { issuer: { commonName: 'R11', organization: "Let's Encrypt" } }
  const digiCert = { issuer: { commonName: 'DigiCert TLS', organization: 'DigiCert Inc' } }

  it.each([
    "owner:Let's Encrypt",
    'owner:letsencrypt.org',
    'OWNER: LetsEncrypt.org',
    'owner:Internet Security Research Group',
  ])('knows a CA owner as %s', (issuer) => {
    expect(of({ issuers: [issuer] }, letsEncrypt)).toBe('new-name')
    expect(of({ issuers: [issuer] }, digiCert)).toBe('unexpected-issuer')
    expect(of({ issuers: [issuer, 'owner:digicert.com'] }, digiCert)).toBe('new-name')
  })

  it('takes an owner that it does not know by the organization', () => {
    const request = { issuer: { commonName: 'X1', organization: 'Our own CA' } }
    expect(of({ issuers: ['owner:our own ca'] }, request)).toBe('new-name')
    expect(of({ issuers: ['owner:our'] }, request)).toBe('unexpected-issuer')
    expect(() => Watchlist.of({ own, issuers: ['owner:'] })).toThrow(/issuers\[0\]/)
  })

  it('has issuers of wildcards apart, as issuewild of CAA does', () => {
    const wildcard = { dnsNames: ['*.example.com'] }
    const both = { dnsNames: ['*.example.com', 'www.example.com'] }
    const options = { issuers: ['owner:letsencrypt.org'], wildcardIssuers: ['owner:digicert.com'] }
    expect(of(options, { ...letsEncrypt, ...wildcard })).toBe('unexpected-issuer')
    expect(of(options, { ...digiCert, ...wildcard })).toBe('new-wildcard')
    for (const issuer of [letsEncrypt, digiCert]) expect(of(options, { ...issuer, ...both })).toBe('unexpected-issuer')
    expect(of({ issuers: ['owner:letsencrypt.org'] }, { ...letsEncrypt, ...both })).toBe('new-wildcard')
    expect(of({ wildcardIssuers: ['owner:digicert.com'] }, letsEncrypt)).toBe('new-name')
    expect(of({ wildcardIssuers: ['owner:digicert.com'] }, { ...letsEncrypt, ...both })).toBe('unexpected-issuer')
  })

  it('reports validation levels that are not expected', () => {
    for (const level of ['DV', 'OV', 'IV', 'EV'] as const) {
      const expected = level === 'OV' || level === 'EV' ? 'new-name' : 'against-policy'
      expect(of({ validation: ['OV', 'EV'] }, { validation: level })).toBe(expected)
    }
    expect(judged({ validation: ['EV'] }, { validation: 'DV' })[1]).toEqual([
      'its validation level is DV, which is not among EV',
    ])
  })

  it('reports keys that are not expected', () => {
    const rsa = (modulusLength: number) => ({ key: generateKeyPairSync('rsa', { modulusLength }).publicKey })
    const keys = ['RSA 3072', 'EC P-256']
    expect(of({ keys }, { key: 'P-256' })).toBe('new-name')
    expect(of({ keys }, { key: 'P-384' })).toBe('against-policy')
    expect(of({ keys: ['ec'] }, { key: 'P-384' })).toBe('new-name')
    expect(of({ keys }, rsa(2048))).toBe('against-policy')
    expect(of({ keys }, rsa(3072))).toBe('new-name')
    expect(of({ keys }, rsa(4096))).toBe('new-name')
    expect(judged({ keys }, rsa(2048))[1]).toEqual(['its key is RSA 2048, which is none of those allowed'])
  })

  it('reports certificates that are valid for too long', () => {
    const until = (date: string) => ({ notAfter: new Date(date) })
    expect(of({ maxDays: 90 }, until('2026-11-29T23:59:59Z'))).toBe('new-name')
    expect(of({ maxDays: 90 }, until('2026-11-30T00:00:00Z'))).toBe('against-policy')
    expect(judged({ maxDays: 47 }, until('2026-11-29T23:59:59Z'))[1]).toEqual(['it is valid for 90 days, more than 47'])
  })

  it('is of high severity, behind an issuer that is not expected, and not for what was authorized beforehand', () => {
    const [entry] = deliveredCertificates(issueCertificates({ dnsNames: ['*.example.com'], ...digiCert })) as [
      CtCertificate,
    ]
    const concern = (options: WatchlistOptions) => Watchlist.of({ own, maxDays: 10, ...options }).concerns(entry)[0]
    expect(concern({})).toMatchObject({ class: 'against-policy', severity: 'high' })
    expect(concern({ issuers: ['Other'] })).toMatchObject({ class: 'unexpected-issuer' })
    expect(concern({ issuers: ['Other'] })?.reasons).toHaveLength(2)
    expect(concern({ known: [`issuance:${entry.issuanceId}`] })?.class).toBe('known')
  })

  it.each<[object, string]>([
    [{ validation: [] }, 'validation'],
    [{ validation: ['dv'] }, 'validation[0]'],
    [{ keys: ['RSA 2048 or so'] }, 'keys[0]'],
    [{ keys: 'RSA' }, 'keys'],
    [{ maxDays: 0 }, 'maxDays'],
    [{ maxDays: 1.5 }, 'maxDays'],
    [{ wildcardIssuers: ['key:1'] }, 'wildcardIssuers[0]'],
  ])('refuses %j', (options, place) => {
    expect(() => Watchlist.of({ own, ...options } as WatchlistOptions)).toThrow(`\`${place}\``)
  })
})

describeReal('owners of real CAs', () => {
  it('are those of the issuers of real entries', () => {
    const owners = [
      'letsencrypt.org',
      'amazon.com',
      'godaddy.com',
      'globalsign.com',
      'digicert.com',
      'pki.goog',
      'sectigo.com',
    ]
    const counts = new Map<string, number>()
    for (const { issuer } of realCertificates())
      for (const owner of owners)
        if (organizationsOf(owner).has(issuer.organization?.toLowerCase() ?? ''))
          counts.set(owner, (counts.get(owner) ?? 0) + 1)
    for (const owner of owners) expect(counts.get(owner), owner).toBeGreaterThan(3)
  })
})

describe('the policy of own names, for what a server tells without its bytes', () => {
  const [cert] = deliveredCertificates(
    issueCertificates({ dnsNames: ['www.example.com'], notBefore: new Date('2026-09-01') }),
  ) as [CtCertificate]
  const known = ['name:www.example.com']
  const told = (form: 'lite' | 'domains', change: (leaf: { extensions: object }) => void = () => {}) => {
    const raw = JSON.parse(JSON.stringify(cert.toCertStream(form)))
    if (form === 'lite') change(raw.data.leaf_cert)
    return new CertificateMaker().certificate({ raw })
  }
  const judge = (options: WatchlistOptions, entry: CtCertificate) =>
    Watchlist.of({ own, known, ...options })
      .concerns(entry)
      .map(({ class: kind, reasons }) => [kind, reasons.some((reason) => /which is n|more than/.test(reason))])
  const withoutExtensions = told('lite', (leaf) => {
    leaf.extensions = {}
  })

  it.each<[string, WatchlistOptions, string]>([
    ['a key', { keys: ['RSA 4096'] }, 'renewal'],
    ['a validation level', { validation: ['EV'] }, 'renewal'],
    ['a validity', { maxDays: 10 }, 'renewal'],
    ['an issuer', { issuers: ['owner:nobody'] }, 'new-key'],
    ['the key of an issuer', { issuers: [`id:${'00'.repeat(20)}`] }, 'new-key'],
  ])('does not judge %s that is not told', (_, options, kind) => {
    expect(judge(options, told('domains'))).toEqual([[kind, false]])
  })

  it('says that a key may be a known one', () => {
    const watchlist = Watchlist.of({ own, known: [...known, `key:${'00'.repeat(32)}`] })
    const reason = 'the server does not say its key: it may be a known one'
    for (const entry of [told('lite'), told('domains')])
      expect(watchlist.concerns(entry)).toMatchObject([{ class: 'new-key', reasons: [reason] }])
    expect(watchlist.concerns(cert)).toMatchObject([{ class: 'new-key', reasons: [] }])
  })

  it('judges what is told', () => {
    expect(judge({ keys: ['RSA 4096'] }, told('lite'))).toEqual([['renewal', false]])
    expect(judge({ validation: ['EV'] }, told('lite'))).toEqual([['against-policy', true]])
    expect(judge({ validation: ['EV'] }, withoutExtensions)).toEqual([['renewal', false]])
    expect(judge({ maxDays: 10 }, withoutExtensions)).toEqual([['against-policy', true]])
    expect(judge({ issuers: ['owner:nobody'] }, withoutExtensions)).toEqual([['unexpected-issuer', true]])
    expect(judge({ issuers: [`id:${'00'.repeat(20)}`] }, told('lite'))).toEqual([['unexpected-issuer', true]])
    expect(judge({ issuers: [`id:${'00'.repeat(20)}`] }, withoutExtensions)).toEqual([['new-key', false]])
  })
})
