import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeSingle } from '../../../src/decode/index.js'
import { type CertificateRequest, createTestCa, issueCertificates } from '../../../src/testing/index.js'
import { certificateEntry } from './entries.js'

const made = (request: CertificateRequest) => {
  const dates = { notBefore: new Date('2026-11-24T12:00:00Z'), notAfter: new Date('2027-01-01T00:00:00Z') }
  const [item] = issueCertificates({ ...dates, ...request })
  return item?.der as Uint8Array
}
const lineOf = (request: CertificateRequest) => `${decodeSingle(made(request), {})}`

describe('String(cert)', () => {
  it('is one line: kind, names, issuer, dates', () => {
    expect(lineOf({ dnsNames: ['a.example', 'b.example'] })).toBe(
      'certificate a.example b.example, by E7, 2026-11-24 to 2027-01-01',
    )
    expect(
      lineOf({ dnsNames: ['a.example'], ipAddresses: ['192.0.2.1', '::1'], uris: ['x:y'], kind: 'precertificate' }),
    ).toBe('precertificate a.example 192.0.2.1 ::1 (+1), by E7, 2026-11-24 to 2027-01-01')
    expect(lineOf({ subject: { organization: 'Only O' }, issuer: { organization: 'CA' } })).toContain(
      'certificate Only O, by CA,',
    )
    expect(lineOf({ subject: {} })).toMatch(/^certificate without names, by E7/)
  })

  it('says log and index of an entry, and that it cannot be parsed', () => {
    expect(String(certificateEntry(new Uint8Array(5)))).toMatch(/^unparsable entry, \S.* \d+$/)
  })

  it('shows nothing that steers a terminal, whatever the names hold, and stays short', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(
      fc.property(text, text, text, (commonName, organization, uri) => {
        const uris = [uri.replace(/[^\0-\x7f]/g, '\x1b')]
        const line = lineOf({ subject: { commonName }, issuer: createTestCa({ name: { organization } }), uris })
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
        expect(line.length).toBeLessThanOrEqual(400)
      }),
      { numRuns: 20, endOnFailure: true },
    )
  })
})

describe('cert.pem', () => {
  it('is what node:crypto makes of the DER', () => {
    const der = made({ dnsNames: ['a.example'] })
    expect(decodeSingle(der, {}).pem).toBe(new X509Certificate(der).toString())
    expect(certificateEntry(new Uint8Array(0)).pem).toBe(
      certificateEntry(new Uint8Array(0)).der === undefined ? undefined : expect.any(String),
    )
  })
})
