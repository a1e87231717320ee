import { describe, expect, it } from 'vitest'
import { decodeEntry } from '../../../src/decode/decode-entry.js'
import { decodeSingle } from '../../../src/decode/single-certificate.js'
import { inspectCertificate } from '../../../src/intelligence/inspect.js'
import { CertificateStatistics } from '../../../src/intelligence/statistics.js'
import { issueCertificates } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { registrableDomain } from '../../../src/watchlist/suffix.js'
import { Rfc6962Extra } from '../../../src/wire/extra-data.js'
import { describeReal } from '../../real-data.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { realEntries } from '../../support/real-entries.js'
import { context } from '../decode/entries.js'
import { allLinted } from './linted.js'

function clockAt(start = Date.UTC(2026, 0, 1)) {
  let passed = 0
  const clock = { now: () => start + passed, elapsed: () => passed, sleep: async () => {} }
  return { clock, pass: (ms: number) => void (passed += ms) }
}
const small = { domains: 10_000, keys: 10_000 }
/** As the rows of a table. */
function exact(names: readonly string[], most = 20) {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return sorted.slice(0, most).map(([name, count]) => ({ name, count, error: 0 }))
}
const domainsOf = ({ dnsNames }: CtCertificate) =>
  [...new Set(dnsNames.map((name) => registrableDomain(name.replace(/^\*\./, ''))))].filter(
    (name) => name !== undefined,
  )
const made = (requests: Parameters<typeof issueCertificates>[0] & object) =>
  [...issueCertificates(requests as Parameters<typeof issueCertificates>[0] & readonly [])].map(({ der }) =>
    decodeSingle(der, {}),
  )

/** The same certificate as others tell of it: without the bytes. */
const told = ({
  kind,
  log,
  issuer,
  publicKey,
  notBefore,
  notAfter,
  validation,
  dnsNames,
  issuanceId,
}: CtCertificate) => ({
  ...{ kind, log, issuer, publicKey, notBefore, notAfter, validation, dnsNames, issuanceId },
})

function expectSameOfBytesAndFields(certificates: readonly CtCertificate[]) {
  const { clock, pass } = clockAt()
  const make = () => new CertificateStatistics({ counters: 100_000, domains: 100_000, keys: 100_000, clock })
  const [ofBytes, ofFields] = [make(), make()]
  for (const certificate of certificates) ofBytes.add(certificate)
  for (const certificate of certificates) ofFields.add(told(certificate))
  pass(2 * 86_400_000)
  const [{ distinct, ...counted }, { distinct: other, ...wanted }] = [ofBytes.report(100_000), ofFields.report(100_000)]
  expect(counted).toEqual(wanted)
  for (const what of ['issuances', 'keys'] as const)
    expect(Math.abs(distinct[what].estimate / other[what].estimate - 1)).toBeLessThan(0.06)
}

describeReal('CertificateStatistics, with real certificates', () => {
  it('counts from the bytes of a certificate what its fields say', () => {
    const certificates = realEntries().map(({ leafInput }, index) =>
      decodeEntry({ index, leafInput, extra: new Rfc6962Extra('', undefined) }, context),
    )
    expect(certificates.length).toBeGreaterThan(1000)
    expectSameOfBytesAndFields(certificates)
    expectSameOfBytesAndFields(allLinted())
  })
})

describe('CertificateStatistics', () => {
  it('counts as one would by hand', () => {
    const certificates = madeCertificates(400, { kinds: 'pairs' })
    const { clock, pass } = clockAt()
    const statistics = new CertificateStatistics({ ...small, clock })
    for (const certificate of certificates) {
      statistics.add(certificate, inspectCertificate(certificate).breaches)
      pass(100)
    }
    const report = statistics.report()
    const finals = certificates.filter(({ kind }) => kind === 'certificate').length
    expect(report).toMatchObject({
      since: '2026-01-01T00:00:00.000Z',
      until: '2026-01-01T00:00:40.000Z',
      entries: 400,
      certificates: finals,
      precertificates: 400 - finals,
      unparsable: 0,
      newDomains: { count: null, knownFrom: '2026-01-02T00:00:00.000Z' },
    })
    const { counts, distinct, series } = report
    expect(counts.logs).toEqual({ total: 400, rows: [{ name: 'one', count: 400, error: 0 }], unseen: 0 })
    expect(counts.caOwners.rows).toEqual(exact(certificates.map(({ issuer }) => issuer.organization ?? '')))
    expect(counts.validation.rows).toEqual(exact(certificates.map(({ validation }) => validation ?? 'none')))
    expect(counts.registrableDomains.rows).toEqual(exact(certificates.flatMap(domainsOf)))
    const topLevels = certificates.flatMap((one) => [
      ...new Set(domainsOf(one).map((name) => name.split('.').at(-1) ?? '')),
    ])
    expect(counts.topLevelDomains.rows).toEqual(exact(topLevels))
    const rules = certificates.flatMap((one) => inspectCertificate(one).breaches.map(({ rule }) => rule))
    expect(counts.rules.rows).toEqual(exact(rules))
    const close = (estimate: number, truth: number) =>
      expect(Math.abs(estimate - truth)).toBeLessThanOrEqual(truth * 0.033 + 1)
    close(distinct.names.estimate, new Set(certificates.flatMap(({ dnsNames }) => dnsNames)).size)
    close(distinct.registrableDomains.estimate, new Set(certificates.flatMap(domainsOf)).size)
    close(distinct.issuances.estimate, new Set(certificates.map(({ issuanceId }) => issuanceId)).size)
    close(distinct.keys.estimate, new Set(certificates.map(({ publicKey }) => publicKey?.spkiSha256)).size)
    expect(series.rows.reduce((sum, row) => sum + row.certificates + row.precertificates, 0)).toBe(400)
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })

  it('calls domains new when it has watched for long enough', () => {
    const { clock, pass } = clockAt()
    const statistics = new CertificateStatistics({ ...small, clock, warmUpMs: 1000 })
    const [a, b] = made([{ dnsNames: ['www.a.test'] }, { dnsNames: ['b.test', 'x.b.test', 'a.test'] }])
    statistics.add(a as CtCertificate)
    expect(statistics.report().newDomains.count).toBeNull()
    pass(1000)
    statistics.add(a as CtCertificate)
    expect(statistics.report().newDomains.count).toBe(0)
    statistics.add(b as CtCertificate)
    expect(statistics.report().newDomains.count).toBe(1)
  })

  it('finds keys that are used again below another domain', () => {
    const statistics = new CertificateStatistics(small)
    const [{ publicKey } = {} as CtCertificate] = made([{ dnsNames: ['one.test'] }])
    const key = publicKey?.spki ?? new Uint8Array()
    for (const cert of made([
      { dnsNames: ['one.test'], key },
      { dnsNames: ['www.one.test'], key },
      { dnsNames: ['two.test'], key },
      { dnsNames: ['three.test'] },
    ]))
      statistics.add(cert)
    expect(statistics.report().keyReuse).toBe(1)
  })

  it('finds precertificates without a certificate after a day', () => {
    const { clock, pass } = clockAt()
    const statistics = new CertificateStatistics({ ...small, clock })
    const certs = made([
      { dnsNames: ['a.test'], kind: 'pair' },
      { dnsNames: ['b.test'], kind: 'precertificate' },
    ])
    for (const cert of certs) statistics.add(cert)
    expect(statistics.report().withoutCertificate).toEqual({ sampled: 0, share: null, error: 0, estimate: 0 })
    pass(86_400_000)
    expect(statistics.report().withoutCertificate).toEqual({ sampled: 2, share: 0.5, error: 0, estimate: 1 })
  })

  it('states no share while it has seen no certificate at all: the source may leave them out', () => {
    const { clock, pass } = clockAt()
    const statistics = new CertificateStatistics({ ...small, clock })
    const [alone] = made([{ dnsNames: ['a.test'], kind: 'precertificate' }])
    statistics.add(alone as CtCertificate)
    pass(86_400_000)
    expect(statistics.report().withoutCertificate).toEqual({ sampled: 0, share: null, error: 0, estimate: 0 })
    for (const cert of made([{ dnsNames: ['b.test'] }])) statistics.add(cert)
    expect(statistics.report().withoutCertificate).toEqual({ sampled: 1, share: 1, error: 0, estimate: 1 })
  })

  it('counts none where certificates are left out, as each precertificate would lack its own', () => {
    const { clock, pass } = clockAt()
    const statistics = new CertificateStatistics({ ...small, clock, withoutCertificate: false })
    for (const cert of made([{ dnsNames: ['a.test'], kind: 'precertificate' }])) statistics.add(cert)
    pass(86_400_000)
    expect(statistics.report().withoutCertificate).toEqual({ sampled: 0, share: null, error: 0, estimate: 0 })
    expect(() => new CertificateStatistics({ withoutCertificate: 1 as never })).toThrow(/`withoutCertificate`/)
  })

  it('keeps its tables as large as they were, and long texts out of them', () => {
    const statistics = new CertificateStatistics({ ...small, counters: 10 })
    const long = made([{ dnsNames: ['a.test'], issuer: { organization: 'x'.repeat(9000) } }])
    statistics.add(long[0] as CtCertificate)
    for (const cert of madeCertificates(300)) statistics.add(cert)
    const { counts } = statistics.report(1000)
    expect(counts.registrableDomains.rows.length).toBeLessThanOrEqual(100)
    for (const { name } of counts.caOwners.rows) expect(name.length).toBeLessThanOrEqual(200)
  })

  it('refuses options that are none', () => {
    expect(() => new CertificateStatistics({ counters: 1 })).toThrow(/option `counters` must be an integer from 10/)
    expect(() => new CertificateStatistics({ count: 1 } as object)).toThrow(/option `count` does not exist/)
    expect(() => new CertificateStatistics(small).report(0)).toThrow(/option `most`/)
  })
})
