import { describe, expect, it } from 'vitest'
import { CertificateMaker } from '../../../src/certstream/server-message.js'
import { decodeSingle } from '../../../src/decode/single-certificate.js'
import { breachFinder, inspectCertificate } from '../../../src/intelligence/inspect.js'
import { CertificateStatistics } from '../../../src/intelligence/statistics.js'
import { defineModule, type Finding, runModules } from '../../../src/modules/index.js'
import { intelligence } from '../../../src/modules/intelligence.js'
import { issueCertificates } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { describeReal } from '../../real-data.js'
import { realCertificates } from '../../support/real-certificates.js'
import { oid, sequence, tlv } from '../x509/build.js'
import { rulesOf } from './linted.js'

const maker = new CertificateMaker()

/** A certificate as a client of a server has it that sends no DER. */
const forms: readonly (readonly [form: string, told: (cert: CtCertificate) => CtCertificate])[] = [
  ['lite', (cert) => toldAs(cert, 'lite')],
  ['lite, of a server that leaves extensions out', (cert) => toldAs(cert, 'lite', ['subjectAltName'])],
  ['lite, without extensions', (cert) => toldAs(cert, 'lite', [])],
  ['domains', (cert) => toldAs(cert, 'domains')],
]

function toldAs(cert: CtCertificate, form: 'lite' | 'domains', kept?: readonly string[]): CtCertificate {
  const raw = JSON.parse(JSON.stringify(cert.toCertStream(form)))
  const leaf = raw.data.leaf_cert
  if (kept !== undefined)
    leaf.extensions = Object.fromEntries(Object.entries(leaf.extensions).filter(([name]) => kept.includes(name)))
  const told = maker.certificate({ raw })
  expect(told.der).toBeUndefined()
  return told
}

const AIA = {
  oid: '1.3.6.1.5.5.7.1.1',
  value: sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), tlv(0x86, 'http://o.example.com'))),
}

const made = (request: Parameters<typeof issueCertificates>[0] & object): CtCertificate[] =>
  [...issueCertificates(request)].map(({ der }) => decodeSingle(der, {}))
const sound = made({ dnsNames: ['a.example.com'], notBefore: new Date('2026-05-01'), extensions: [AIA] })

describe.each(forms)('a certificate that is told without its bytes: %s', (_, told) => {
  it('breaks no rule where the certificate breaks none', async () => {
    for (const cert of sound) {
      expect(rulesOf(cert)).toEqual([])
      expect(rulesOf(told(cert))).toEqual([])
      expect(breachFinder({})(told(cert))).toEqual([])
    }
    const found: Finding[] = []
    const collect = defineModule({ name: 'collect', onFinding: (finding) => void found.push(finding) })
    await runModules(sound.map(told), [intelligence.with({ minSeverity: 'info' }), collect]).done
    expect(found).toEqual([])
  })

  it('is in no statistic of what it does not say', () => {
    const statistics = new CertificateStatistics({})
    for (const cert of sound) statistics.add(told(cert))
    const { entries, counts } = statistics.report()
    expect(entries).toBe(1)
    const names = Object.values(counts).flatMap(({ rows }) => rows.map(({ name }) => name))
    expect(names).not.toContain('unreadable')
    expect(names).not.toContain('none')
    expect(names).not.toContain('unnamed')
    expect(counts.keys).toEqual({ total: 0, rows: [], unseen: 0 })
  })
})

describe('what a server does say of a certificate', () => {
  const broken = (request: Parameters<typeof issueCertificates>[0] & object) =>
    made({ dnsNames: ['a.example.com'], notBefore: new Date('2026-05-01'), extensions: [AIA], ...request }).flatMap(
      (cert) => rulesOf(toldAs(cert, 'lite')),
    )

  it('is judged', () => {
    expect(broken({ dnsNames: ['localhost'] })).toEqual(['name-internal'])
    expect(broken({ notAfter: new Date('2027-05-01') })).toContain('validity-long')
    expect(broken({ policies: ['2.23.140.1.2.1', '2.23.140.1.2.2'] })).toEqual(['validation-policy'])
    expect(broken({ dnsNames: [], emailAddresses: ['a@example.com'] })).toContain('san-missing')
  })

  it('is counted', () => {
    const statistics = new CertificateStatistics({})
    for (const cert of sound) statistics.add(toldAs(cert, 'lite'))
    const { counts } = statistics.report()
    expect(counts.validity.rows).toMatchObject([{ name: '48 to 100 days', count: 1 }])
    expect(counts.validation.rows).toMatchObject([{ name: 'DV', count: 1 }])
    expect(counts.issuers.total).toBe(1)
  })

  it('does not make the facts claim what is not said', () => {
    const [cert] = sound as [CtCertificate]
    expect(inspectCertificate(toldAs(cert, 'lite')).facts).toMatchObject({ scope: 'tls', key: null, validation: 'DV' })
  })
})

describeReal('real certificates, told without their bytes', () => {
  it.each(forms)('break no rule that they keep: %s', (_, told) => {
    const certificates = realCertificates().filter(({ der }) => der !== undefined)
    expect(certificates.length).toBeGreaterThan(1000)
    for (const cert of certificates) expect(rulesOf(cert)).toEqual(expect.arrayContaining(rulesOf(told(cert))))
  })
})
