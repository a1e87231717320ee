import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEntry } from '../../../src/decode/decode-entry.js'
import { decodeSingle } from '../../../src/decode/single-certificate.js'
import { inspectCertificate } from '../../../src/intelligence/inspect.js'
import { RULES, type RuleId } from '../../../src/intelligence/rule.js'
import { type CertificateRequest, issueCertificates } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { describeReal } from '../../real-data.js'
import { certificateEntry, context } from '../decode/entries.js'
import { realEntries } from '../decode/real-entries.js'
import {
  buildCertificate,
  commonName,
  dnsName,
  extension,
  fromHex,
  name,
  oid,
  poison,
  sequence,
  subjectAltName,
  tlv,
} from '../x509/build.js'
import { rulesOf } from './linted.js'

const day = (text: string) => new Date(`${text}T00:00:00Z`)
const AIA = {
  oid: '1.3.6.1.5.5.7.1.1',
  value: sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), tlv(0x86, 'http://o.example.com'))),
}

function made(request: CertificateRequest): CtCertificate {
  const { extensions = [], ...rest } = request
  const defaults = { dnsNames: ['www.example.com'], notBefore: day('2026-04-01') }
  const [issued] = [
    ...issueCertificates({
      ...defaults,
      ...rest,
      extensions: extensions.some(({ oid }) => oid === AIA.oid) ? extensions : [AIA, ...extensions],
    }),
  ]
  return decodeSingle(issued?.der ?? new Uint8Array(), {})
}
const broken = (request: CertificateRequest) => rulesOf(made(request)).filter((rule) => rule !== 'sct-count')

describe('inspectCertificate', () => {
  it('has nothing against a certificate as it should be', () => {
    expect(broken({})).toEqual([])
  })

  it('says what there is', () => {
    const { facts } = inspectCertificate(
      made({
        dnsNames: ['*.a.example.com', 'b.example.com', 'c.example.org', 'me.github.io'],
        ipAddresses: ['8.8.8.8'],
      }),
    )
    expect(facts).toMatchObject({
      scope: 'tls',
      validityDays: 90,
      isShortLived: false,
      key: 'EC P-256',
      signature: 'ecdsa-with-SHA256',
      validation: 'DV',
      names: 5,
      ipAddresses: 1,
      wildcards: 1,
      registrableDomains: 3,
      freeHosting: ['github.io'],
      sctLogs: 2,
      hasCommonName: true,
      hasClientAuth: false,
    })
  })

  const cases: readonly (readonly [RuleId, CertificateRequest, CertificateRequest])[] = [
    ['validity-long', { notAfter: day('2026-10-18') }, { notAfter: new Date(day('2026-10-18').getTime() - 1000) }],
    ['validity-negative', { notAfter: day('2026-03-01') }, {}],
    ['serial-range', { serialNumber: '00' }, { serialNumber: '7f'.repeat(20) }],
    ['serial-entropy', { serialNumber: '7fffffffffff' }, { serialNumber: '00800000000000' }],
    ['key-algorithm', { key: 'Ed25519' }, { key: 'P-384' }],
    ['validation-policy', { policies: ['2.23.140.1.2.2'] }, { policies: ['2.23.140.1.31'] }],
    [
      'name-underscore',
      { dnsNames: ['a_b.example.com'] },
      { dnsNames: ['a_b.example.com'], notBefore: day('2019-03-31') },
    ],
    ['name-syntax', { dnsNames: ['example.com.'] }, { dnsNames: ['*.example.com'] }],
    ['name-internal', { dnsNames: ['localhost'] }, { dnsNames: ['abcdefghij.onion'] }],
    ['name-internal', { dnsNames: ['*.corp'] }, { dnsNames: ['*.example.co.uk'] }],
    ['wildcard-suffix', { dnsNames: ['*.co.uk'] }, { dnsNames: ['*.github.io'] }],
    ['ip-reserved', { ipAddresses: ['fe80::1'] }, { ipAddresses: ['2606:4700::1111'] }],
    ['san-type', { uris: ['https://example.com'] }, {}],
    ['cn-not-in-san', { subject: { commonName: 'other.example.com' } }, { subject: { commonName: 'WWW.example.com' } }],
    ['san-missing', { dnsNames: [], emailAddresses: ['a@example.com'] }, { dnsNames: [], ipAddresses: ['8.8.8.8'] }],
    ['aia-missing', { extensions: [{ oid: AIA.oid, value: undefined }] }, {}],
  ]
  it.each(cases)('finds %s in %j, and not in %j', (rule, wrong, right) => {
    expect(broken(wrong)).toContain(rule)
    expect(broken(right)).not.toContain(rule)
  })

  it('finds key usages that do not fit the key', () => {
    const usage = (bits: string) => ({ extensions: [{ oid: '2.5.29.15', critical: true, value: fromHex(bits) }] })
    expect(broken(usage('03020308'))).toContain('key-usage')
    expect(broken(usage('03020780'))).not.toContain('key-usage')
    expect(broken({ key: 'RSA-2048', ...usage('03020308') })).toContain('key-usage')
    expect(broken({ key: 'RSA-2048', ...usage('030205a0') })).not.toContain('key-usage')
    expect(broken({ key: 'RSA-2048', ...usage('03020284') })).toContain('key-usage')
  })

  // BR 7.1.2.7.11; the bits in their order, of a BIT STRING of nine.
  const EC_USES = ['digitalSignature', 'keyAgreement']
  const RSA_USES = ['digitalSignature', 'keyEncipherment', 'dataEncipherment']
  const uses = [
    'digitalSignature',
    'contentCommitment',
    'keyEncipherment',
    'dataEncipherment',
    'keyAgreement',
    'keyCertSign',
    'cRLSign',
    'encipherOnly',
    'decipherOnly',
  ]
  it.each(
    uses.flatMap((use, bit) => [
      { use, bit, key: 'P-256' as const, allowed: EC_USES },
      { use, bit, key: 'RSA-2048' as const, allowed: RSA_USES },
    ]),
  )('judges the key usage $use of a key $key', ({ use, bit, key, allowed }) => {
    const bits = 0x8000 | (0x8000 >> bit)
    const value = Uint8Array.of(3, 3, 7, bits >> 8, bits & 0xff)
    const cert = made({ key, extensions: [{ oid: '2.5.29.15', critical: true, value }] })
    expect(cert.keyUsage).toContain(use)
    const found = inspectCertificate(cert).breaches.filter(({ rule }) => rule === 'key-usage')
    const text = `key usage that does not fit its key: ${use} of an ${key === 'P-256' ? 'EC' : 'RSA'} key`
    expect(found.map(({ text }) => text)).toEqual(allowed.includes(use) ? [] : [text])
  })

  it('finds an EC key that states its curve by parameters of its own', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' })
    const key = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
    expect(made({ key }).publicKey).toMatchObject({ algorithm: 'EC', curve: undefined })
    expect(broken({ key })).toEqual(['key-curve'])
  })

  it('allowed RSA keys of 1024 bits until the end of 2013', () => {
    const key = (bits: number) =>
      new Uint8Array(
        generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ type: 'spki', format: 'der' }),
      )
    const until = (notAfter: string, bits = 1024) =>
      broken({ notBefore: day('2011-06-01'), notAfter: day(notAfter), key: key(bits) })
    expect(until('2013-12-31')).not.toContain('key-small')
    expect(until('2014-01-01')).toContain('key-small')
    expect(until('2013-12-31', 512)).toContain('key-small')
  })

  it.each([
    ['name-internal', { dnsNames: ['mail.corp'] }],
    ['ip-reserved', { ipAddresses: ['10.0.0.1'] }],
  ] as const)('allowed what breaks %s until November 2015', (rule, request) => {
    const dated = (notBefore: string, notAfter: string) =>
      broken({ ...request, notBefore: day(notBefore), notAfter: day(notAfter) })
    expect(dated('2014-01-01', '2015-11-01')).not.toContain(rule)
    expect(dated('2014-01-01', '2015-11-02')).toContain(rule)
    expect(dated('2012-06-30', '2016-11-02')).not.toContain(rule)
    expect(dated('2012-07-01', '2016-11-02')).toContain(rule)
  })

  it('asks for a SubjectAltName since the first Baseline Requirements', () => {
    const dated = (notBefore: string) => broken({ dnsNames: [], notBefore: day(notBefore) })
    expect(dated('2012-06-30')).not.toContain('san-missing')
    expect(dated('2012-07-01')).toContain('san-missing')
  })

  it('finds a precertificate that another CA has signed than the one of the certificate', () => {
    const issuer = name(commonName('CA'))
    const leaf = { ...parts, issuer, extensions: [...parts.extensions, poison()] }
    const directly = decodeSingle(buildCertificate(leaf), {})
    expect(rulesOf(directly)).not.toContain('precertificate-signing-ca')
    const other = buildCertificate({ ...leaf, issuer: name(commonName('Signing CA')) })
    const cert = Object.create(directly, { der: { value: other } }) as CtCertificate
    expect(rulesOf(cert)).toContain('precertificate-signing-ca')
  })

  const parts = {
    subject: name(),
    validity: sequence(tlv(0x17, '260401000000Z'), tlv(0x17, '260601000000Z')),
    extensions: [subjectAltName(dnsName('a.example.com')), extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1')))],
  }

  it('counts logs and operators of embedded SCTs', () => {
    const cert = made({})
    const sct = (logId: string) => ({
      version: 0,
      logId,
      timestamp: day('2026-04-01'),
      extensions: new Uint8Array(),
      signature: new Uint8Array(),
    })
    const withScts = (...ids: string[]) => Object.create(cert, { scts: { value: ids.map(sct) } }) as CtCertificate
    const operators = new Map([
      ['a', 'One'],
      ['b', 'One'],
      ['c', 'Two'],
    ])
    const rules = (...ids: string[]) =>
      inspectCertificate(withScts(...ids), { operators }).breaches.map(({ rule }) => rule)
    expect(rules('a', 'a')).toEqual(['sct-count'])
    expect(rules('a', 'b')).toEqual(['sct-operators'])
    expect(rules('a', 'c')).toEqual([])
    expect(rules('a', 'unknown')).toEqual([])
  })

  it('shows hostile names on one line, and three of many', () => {
    const hostile = Array.from({ length: 500 }, (_, i) => `\u001b[31m${i}\n.example.com`)
    const cert = decodeSingle(buildCertificate({ ...parts, extensions: [subjectAltName(...hostile.map(dnsName))] }), {})
    const found = inspectCertificate(cert).breaches.find(({ rule }) => rule === 'name-syntax')
    expect(found?.names).toHaveLength(3)
    expect(found?.text).toContain('\\x1b[31m0\\x0a.example.com')
    expect(found?.text).toMatch(/ and 497 more$/)
    expect(JSON.stringify(found)).not.toMatch(/\\n|\\u001b/)
  })

  it('refuses options that are none', () => {
    const cert = made({})
    for (const options of [{ weakKeys: 1 }, { knownWeakKeys: [] }, { operators: {} }, { weekKeys: true }])
      expect(() => inspectCertificate(cert, options as object)).toThrow(/option `w|option `k|option `o/)
  })

  it('has a clause and a title for every rule', () => {
    for (const { clause, title } of Object.values(RULES)) {
      expect(clause).toMatch(/^(BR \d|RFC \d|Apple|Chrome)/)
      expect(title).toMatch(/^[A-Za-z].*[^.]$/)
    }
  })

  it('never throws for what is damaged', () => {
    const whole = buildCertificate({
      ...parts,
      extensions: [...parts.extensions, extension('2.5.29.32', sequence(sequence(oid('2.23.140.1.2.1'))))],
    })
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(whole.length), (changes, cut) => {
        const damaged = whole.slice()
        for (const { at, to } of changes) damaged[at] = to
        for (const bytes of [damaged, damaged.slice(0, cut)]) {
          const { facts, breaches } = inspectCertificate(certificateEntry(bytes), { weakKeys: true })
          expect(facts.names).toBeGreaterThanOrEqual(0)
          for (const { text } of breaches) expect(text.length).toBeLessThan(3000)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('takes time in proportion to the number of names', () => {
    const time = (count: number) => {
      const names = Array.from({ length: count }, (_, i) => dnsName(`_host-${i}.example${i}.com`))
      const cert = decodeSingle(
        buildCertificate({
          ...parts,
          subject: name(...Array.from({ length: count }, (_, i) => commonName(`x${i}`))),
          extensions: [subjectAltName(...names)],
        }),
        {},
      )
      void cert.dnsNames
      const begun = performance.now()
      inspectCertificate(cert)
      return performance.now() - begun
    }
    time(1000)
    expect(time(40_000)).toBeLessThan(40 * time(2000) + 500)
  })
})

describeReal('the entries of real logs', () => {
  /** Deliberate: certificates by which an operator measures the merge delay of logs; and old ones. */
  const explained = (issuer: string | undefined, year: number) => /^Google UK/.test(issuer ?? '') || year < 2020

  it('break no rule, except for those that are no certificates of TLS servers', () => {
    const found: string[] = []
    let looked = 0
    for (const { raw } of realEntries()) {
      const cert = decodeEntry(raw, context)
      if (explained(cert.issuer.organization, cert.notBefore?.getUTCFullYear() ?? 0)) continue
      looked += 1
      for (const { text } of inspectCertificate(cert, { weakKeys: true }).breaches) found.push(`${cert.issuer} ${text}`)
    }
    expect(looked).toBeGreaterThan(1000)
    expect(found).toEqual([])
  })
})
