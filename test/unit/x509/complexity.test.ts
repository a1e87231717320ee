import { afterEach, describe, expect, it, vi } from 'vitest'
import { CertificateFields } from '../../../src/x509/certificate-fields.js'
import { DerReader } from '../../../src/x509/der.js'
import { checkNesting } from '../../../src/x509/nesting.js'
import { ProblemList } from '../../../src/x509/problem-list.js'
import {
  buildCertificate,
  commonName,
  dnsName,
  extension,
  fromHex,
  name,
  oid,
  sequence,
  subjectAltName,
  tlv,
} from './build.js'

afterEach(() => {
  vi.restoreAllMocks()
})

/** Elements read by everything that can be read of a certificate. */
function steps(der: Uint8Array): number {
  const next = vi.spyOn(DerReader.prototype, 'next')
  const fields = CertificateFields.ofCertificate(der, new ProblemList())
  for (const key of Object.keys(Object.getOwnPropertyDescriptors(CertificateFields.prototype)))
    void (fields as unknown as Record<string, unknown>)[key]
  fields.issuanceTbs()
  checkNesting(der)
  const count = next.mock.calls.length
  next.mockRestore()
  return count
}

const repeat = (count: number, make: (i: number) => Uint8Array) => Array.from({ length: count }, (_, i) => make(i))

const shapes: [string, (size: number) => Uint8Array][] = [
  [
    'names',
    (size) => buildCertificate({ extensions: [subjectAltName(...repeat(size, (i) => dnsName(`h${i}.example`)))] }),
  ],
  [
    'the same name',
    (size) => buildCertificate({ extensions: [subjectAltName(...repeat(size, () => dnsName('h.example')))] }),
  ],
  ['common names', (size) => buildCertificate({ subject: name(...repeat(size, (i) => commonName(`h${i}.example`))) })],
  [
    'extensions',
    (size) => buildCertificate({ extensions: repeat(size, (i) => extension(`1.2.${i}`, new Uint8Array(2))) }),
  ],
  ['SANs', (size) => buildCertificate({ extensions: repeat(size, () => subjectAltName(dnsName('h.example'))) })],
  [
    'broken SANs',
    (size) => buildCertificate({ extensions: repeat(size, () => extension('2.5.29.17', fromHex('3005'))) }),
  ],
  [
    'policies',
    (size) =>
      buildCertificate({
        extensions: [extension('2.5.29.32', sequence(repeat(size, (i) => sequence(oid(`1.2.${i}`)))))],
      }),
  ],
  [
    'lists of extensions',
    (size) => buildCertificate({ trailing: sequence(repeat(size, () => tlv(0xa3, sequence()))).subarray(4) }),
  ],
  [
    'directory names',
    (size) =>
      buildCertificate({ extensions: [subjectAltName(...repeat(size, () => tlv(0xa4, name(commonName('x')))))] }),
  ],
]

describe('the cost of a certificate', () => {
  it.each(shapes)('grows no faster than its number of %s', (_, make) => {
    const [small, large] = [steps(make(200)), steps(make(1600))]
    // Eight times as much of it; a constant part makes the factor smaller, anything quadratic makes it 64.
    expect(large / small).toBeLessThan(8.5)
  })

  it('is a few steps for a field that is not deep inside', () => {
    const der = buildCertificate({ extensions: [subjectAltName(...repeat(5000, (i) => dnsName(`h${i}.example`)))] })
    const next = vi.spyOn(DerReader.prototype, 'next')
    const fields = CertificateFields.ofCertificate(der, new ProblemList())
    void fields.serialNumber
    void fields.notAfter
    expect(next.mock.calls.length).toBeLessThan(25)
  })

  /** Errors made by everything that can be read: each costs as much as reading a thousand octets. */
  function failures(der: Uint8Array): number {
    const fail = vi.spyOn(DerReader.prototype, 'fail')
    steps(der)
    const count = fail.mock.calls.length
    fail.mockRestore()
    return count
  }

  it.each<[string, Uint8Array]>([
    ['otherName', fromHex('a000')],
    ['directoryName', fromHex('a40430020600')],
    ['registeredID', fromHex('8800')],
    ['tag', fromHex('8900')],
  ])('has a bound on the errors made of names with a broken %s', (_, broken) => {
    const der = buildCertificate({
      extensions: [subjectAltName(...repeat(20_000, () => broken), dnsName('a.example'))],
    })
    expect(failures(der)).toBeLessThan(3000)
    const { altNames } = CertificateFields.ofCertificate(der, new ProblemList())
    expect(altNames.length).toBe(20_001)
    expect(altNames.at(-1)).toMatchObject({ kind: 'dNSName', value: 'a.example' })
  })

  it('is one error, not one for every type that is looked for, for an extension that is broken', () => {
    const broken = repeat(1000, () => fromHex('3003068100'))
    expect(failures(buildCertificate({ extensions: broken }))).toBeLessThan(2500)
  })

  it('has a bound on the labels that are converted; the others are escaped, and none is lost', () => {
    const names = repeat(201, (i) => dnsName(`${'\xe9.'.repeat(100)}h${i}.example`))
    const { dnsNames } = CertificateFields.ofCertificate(
      buildCertificate({ subject: name(), extensions: [subjectAltName(...names)] }),
      new ProblemList(),
    )
    expect(dnsNames.length).toBe(201)
    expect(dnsNames[199]).toBe(`${'xn--9ca.'.repeat(100)}h199.example`)
    expect(dnsNames[200]).toBe(`${'\\195\\169.'.repeat(100)}h200.example`)
  })

  it('has a bound on the problems that are kept', () => {
    const problems = new ProblemList()
    const der = buildCertificate({ extensions: [subjectAltName(...repeat(1000, () => dnsName('\xff')))] })
    const fields = CertificateFields.ofCertificate(der, problems)
    expect(fields.altNames.length).toBe(1000)
    void fields.dnsNames
    expect(problems.toArray().length).toBeLessThanOrEqual(40)
  })
})
