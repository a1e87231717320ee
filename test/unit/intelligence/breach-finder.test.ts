import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEntry } from '../../../src/decode/decode-entry.js'
import { contextOfSource, decodePassedOn, decodeSingle } from '../../../src/decode/single-certificate.js'
import { CtStreamError } from '../../../src/errors.js'
import { breachFinder, inspectCertificate } from '../../../src/intelligence/inspect.js'
import { type CertificateRequest, issueCertificates } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { Rfc6962Extra } from '../../../src/wire/extra-data.js'
import { describeReal } from '../../real-data.js'
import { deliveredCertificates } from '../../support/module-certificates.js'
import { realCertificates } from '../../support/real-certificates.js'
import { oid, sequence, tlv } from '../x509/build.js'
import { allLinted } from './linted.js'

const context = {
  log: { id: 'a', description: 'a', operator: 'a', kind: 'rfc6962', url: 'https://a.test/' },
  historical: true,
  cursor: () => '',
  issuer: () => Promise.reject(new Error('none')),
} as unknown as Parameters<typeof decodeEntry>[1]

/** The extension that names an OCSP responder; what has none breaks a rule, and is decoded in full. */
const OCSP = {
  oid: '1.3.6.1.5.5.7.1.1',
  value: sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), tlv(0x86, 'http://o.example.com'))),
}

/** As from a CertStream server that does not say when the entry was logged. */
const withoutTime = (der: Uint8Array) =>
  decodePassedOn(der, { index: 5, timestamp: undefined, chain: [] }, contextOfSource('a'))

/** What remembers says the same as what judges each anew, whatever came before. */
function expectSame(certificates: readonly CtCertificate[]) {
  const operators = new Map(certificates.flatMap(({ scts }) => scts.map(({ logId }) => [logId, 'One'] as const)))
  for (const options of [{}, { operators }]) {
    const find = breachFinder(options)
    for (const round of [1, 2])
      for (const [i, certificate] of certificates.entries())
        expect(find(certificate), `certificate ${i}, round ${round}`).toEqual(
          inspectCertificate(certificate, options).breaches,
        )
  }
}

describeReal('breachFinder, with real certificates', () => {
  it('says of every entry of a log what inspectCertificate says', () => {
    const certificates = realCertificates()
    expect(certificates.length).toBeGreaterThan(1000)
    expectSame(certificates)
  })

  it('says of every certificate that a server passed on without its time what inspectCertificate says', () => {
    const certificates = realCertificates().flatMap(({ der }) => (der === undefined ? [] : [withoutTime(der)]))
    expect(certificates.length).toBeGreaterThan(1000)
    expectSame(certificates)
  })

  it('says of every certificate of linters what inspectCertificate says', () => {
    const certificates = allLinted()
    expect(certificates.length).toBeGreaterThan(500)
    expectSame(certificates)
  })
})

describe('breachFinder', () => {
  const request = fc.record(
    {
      dnsNames: fc.subarray(['a.test', '*.b.com', 'x_y.example.com', 'xn--a.com', 'localhost', 'co.uk']),
      notBefore: fc.constantFrom('2015-05-05', '2023-09-14', '2024-01-01', '2025-01-01', '2026-06-01', '2027-04-01'),
      days: fc.constantFrom(5, 9, 90, 400, 1200),
      kind: fc.constantFrom('certificate', 'precertificate', 'pair'),
      organization: fc.constantFrom('One CA', 'Another CA'),
    },
    { requiredKeys: ['dnsNames', 'notBefore', 'days', 'kind', 'organization'] },
  )

  it('says of made certificates, in any order, what inspectCertificate says', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 2, maxLength: 8 }), (requests) => {
        const wanted = requests.map<CertificateRequest>(({ notBefore, days, organization, kind, dnsNames }) => ({
          dnsNames,
          kind,
          issuer: { organization },
          notBefore: new Date(notBefore),
          notAfter: new Date(Date.parse(notBefore) + days * 86_400_000),
        }))
        const issued = [...issueCertificates(wanted)]
        expectSame(issued.map(({ der }) => decodeSingle(der, {})))
      }),
      { numRuns: 40 },
    )
  })

  it('finds a precertificate that was submitted with the name of another CA', () => {
    const extensions = [OCSP]
    const notBefore = new Date('2026-05-01')
    const [ours, theirs] = ['One CA', 'Another CA'].map(
      (organization) =>
        deliveredCertificates(
          issueCertificates([
            {
              kind: 'precertificate',
              dnsNames: ['a.com'],
              extensions,
              notBefore,
              issuer: { organization },
            },
          ]),
        )[0] as CtCertificate,
    ) as [CtCertificate, CtCertificate]
    const entry = (submitted: CtCertificate) => {
      const der = submitted.der ?? new Uint8Array()
      const extra = Buffer.concat([Buffer.from([0, der.length >> 8, der.length & 255]), der, Buffer.from([0, 0, 0])])
      const raw = { index: 0, leafInput: ours.leafInput, extra: new Rfc6962Extra(extra.toString('base64'), 'precert') }
      return decodeEntry(raw, context)
    }
    const rules = (submitted: CtCertificate) => breachFinder({})(entry(submitted)).map(({ rule }) => rule)
    expect(rules(ours).filter((rule) => rule !== 'backdated')).toEqual([])
    expect(rules(theirs).filter((rule) => rule !== 'backdated')).toEqual(['precertificate-signing-ca'])
    expectSame([entry(ours), entry(theirs)])
  })

  it('has nothing to say of the time of an entry whose time is not known', () => {
    const notBefore = new Date('2026-05-01')
    const precertificate = { kind: 'precertificate', dnsNames: ['www.example.com'], notBefore } as const
    const [issued] = [...issueCertificates([{ ...precertificate, extensions: [OCSP] }])]
    const der = issued?.der ?? new Uint8Array()
    for (const cert of [withoutTime(der), decodeSingle(der, {})]) {
      expect(breachFinder({})(cert).map(({ rule }) => rule)).not.toContain('forward-dated')
      expectSame([cert])
    }
    // The same one with a time that is too early.
    const early = decodePassedOn(der, { index: 5, timestamp: 0, chain: [] }, contextOfSource('a'))
    expect(breachFinder({})(early).map(({ rule }) => rule)).toContain('forward-dated')
  })

  it('says of certificates with wrong octets what inspectCertificate says', () => {
    const requests: CertificateRequest[] = [
      { dnsNames: ['a.test', '*.b.com'], kind: 'pair', notBefore: new Date('2025-01-01') },
      { dnsNames: ['www.example.com'], key: 'RSA-2048', notBefore: new Date('2026-05-01') },
    ]
    const issued = [...issueCertificates(requests)].map(({ der }) => der)
    const change = fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), octet: fc.nat(255) })
    const changes = fc.array(change, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(issued.length - 1), changes), { minLength: 1, maxLength: 20 }), (list) => {
        const certificates = list.flatMap(([which, all]) => {
          const der = Uint8Array.from(issued[which] as Uint8Array)
          for (const { at, octet } of all) der[Math.floor(at * der.length)] = octet
          try {
            return [decodeSingle(der, {})]
          } catch (error) {
            if (CtStreamError.is(error)) return []
            throw error
          }
        })
        expectSame([...certificates, ...issued.map((der) => decodeSingle(der, {}))])
      }),
      { numRuns: 100 },
    )
  })

  it('judges certificates with the same extensions by the date and length of each', () => {
    const year = (notBefore: string, days: number) => ({
      dnsNames: ['a.example.com'],
      notBefore: new Date(notBefore),
      notAfter: new Date(Date.parse(notBefore) + days * 86_400_000),
    })
    const issued = issueCertificates([
      year('2020-01-01', 90),
      year('2023-10-01', 90),
      year('2025-01-01', 5),
      year('2025-01-01', 90),
      year('2027-04-01', 90),
    ])
    expectSame([...issued].map(({ der }) => decodeSingle(der, {})))
  })
})
