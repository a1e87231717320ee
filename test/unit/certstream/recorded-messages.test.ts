import { expect, it } from 'vitest'
import { decodeFrame } from '../../../src/certstream/server-message.js'
import { decodeEntry } from '../../../src/decode/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { Rfc6962Extra } from '../../../src/wire/extra-data.js'
import { leafKind } from '../../../src/wire/merkle-leaf.js'
import { describeReal } from '../../real-data.js'
import { certificateOf, url } from './decoded.js'
import { type RecordedEntry, recordedEntries, recordedMessage, recordedMessages } from './recorded.js'

/** The entry as the library decodes it from the bytes of the log. */
function fromLog({ log_name, log_url, cert_index, leaf_input, extra_data }: RecordedEntry): CtCertificate {
  const leafInput = Uint8Array.from(Buffer.from(leaf_input, 'base64'))
  const extra = new Rfc6962Extra(extra_data, leafKind(leafInput))
  const log = {
    id: '',
    description: log_name,
    operator: new URL(log_url).hostname,
    kind: 'rfc6962',
    url: log_url,
  } as const
  const issuer = () => Promise.reject(new Error('not asked'))
  return decodeEntry({ index: cert_index, leafInput, extra }, { log, historical: false, cursor: () => '', issuer })
}

describeReal('a certificate from recorded messages', () => {
  const entries = recordedEntries()

  it('is the same as from the log itself when the message has the DER', () => {
    expect(entries.length).toBeGreaterThan(20)
    for (const entry of entries) {
      const [ours, logs] = [certificateOf(entry.expected_full), fromLog(entry)]
      // This server leaves out the DER of issuers, and with it the key that the leaf of a precertificate names.
      const unknown = logs.kind === 'precertificate' ? { leafHash: '', issuerKeyHash: null } : {}
      expect(ours.toJSON(), entry.name).toEqual({ ...logs.toJSON(), ...unknown })
      expect(ours.verified).toBe(false)
      expect(ours.der).toEqual(logs.der)
    }
  })

  it('has the leaf and the chain of the log when the message has the DER of the issuers as well', async () => {
    for (const entry of entries) {
      const logs = fromLog(entry)
      const message = JSON.parse(entry.expected_full)
      message.data.chain = (await logs.chain()).map((der) => ({ as_der: Buffer.from(der).toString('base64') }))
      const ours = certificateOf(JSON.stringify(message))
      expect(ours.toJSON(), entry.name).toEqual(logs.toJSON())
      expect(ours.leafInput).toEqual(logs.leafInput)
      expect(await ours.chain()).toEqual(await logs.chain())
    }
  })

  it('is the same from the JSON that ct-stream serve sends with the entry', async () => {
    for (const entry of entries) {
      const logs = fromLog(entry)
      const base64 = (der: Uint8Array) => Buffer.from(der).toString('base64')
      const chain = (await logs.chain()).map(base64)
      const message = { id: 'at-9', ...logs.toJSON(), verified: true, historical: true, chain }
      const whole = certificateOf(JSON.stringify({ ...message, der: base64(logs.der ?? new Uint8Array()) }))
      expect(whole.toJSON(), entry.name).toEqual({
        ...logs.toJSON(),
        cursor: 'at-9',
        historical: true,
        verified: false,
      })
      const [told] = decodeFrame(JSON.stringify(message), url)
      expect(told).toMatchObject({ kind: 'malformed', error: { message: expect.stringMatching(/format=full/) } })
    }
  })

  it('has what a lite message tells, as the log has it', () => {
    const told = [
      ...(['kind', 'log', 'index', 'timestamp', 'sha256', 'sha1', 'serialNumber', 'notBefore', 'notAfter'] as const),
      ...(['dnsNames', 'ipAddresses', 'keyUsage', 'isCa', 'subjectKeyId', 'authorityKeyId'] as const),
      ...(['signatureAlgorithm', 'validation', 'isSelfIssued'] as const),
    ]
    for (const entry of entries) {
      const [lite, logs] = [certificateOf(entry.expected_lite).toJSON(), fromLog(entry).toJSON()]
      for (const field of told) expect(lite[field], `${entry.name} ${field}`).toEqual(logs[field])
      for (const field of ['commonName', 'organization', 'country'] as const) {
        expect(lite.subject[field]).toBe(logs.subject[field])
        expect(lite.issuer[field]).toBe(logs.issuer[field])
      }
      expect(lite).toMatchObject({ verified: false, publicKey: null, issuanceId: null, leafHash: '', problems: [] })
    }
  })

  it('becomes the CertStream message again that the log would give', () => {
    for (const entry of entries) {
      const told = certificateOf(entry.expected_lite).toCertStream('lite').data
      const logs = fromLog(entry).toCertStream('lite').data
      const { extensions, subject, issuer, ...leaf } = logs.leaf_cert
      expect(told.leaf_cert, entry.name).toMatchObject(leaf)
      expect(told.leaf_cert.subject.CN).toBe(subject.CN)
      expect(told.leaf_cert.issuer.O).toBe(issuer.O)
      for (const key of ['keyUsage', 'basicConstraints', 'subjectKeyIdentifier', 'subjectAltName'] as const)
        expect(told.leaf_cert.extensions[key], `${entry.name} ${key}`).toBe(extensions[key])
      expect({ ...told, leaf_cert: 0, seen: 0 }).toEqual({ ...logs, leaf_cert: 0, seen: 0 })
    }
  })

  it('has the names of a domains message, and nothing else', () => {
    for (const entry of entries) {
      const certificate = certificateOf(entry.expected_domains_only)
      expect([...certificate.dnsNames].sort(), entry.name).toEqual([...fromLog(entry).dnsNames].sort())
      expect(certificate.toJSON()).toMatchObject({ kind: 'certificate', index: 0, sha256: null, verified: false })
    }
  })

  it.each(Object.keys(recordedMessages))('is read from a message of %s', (server) => {
    const frame = recordedMessage(server)
    const { leaf_cert, cert_index } = JSON.parse(frame).data
    const certificate = certificateOf(frame)
    expect([...certificate.dnsNames].sort()).toEqual([...leaf_cert.all_domains].sort())
    expect(certificate.sha1).toBe(leaf_cert.fingerprint.replaceAll(':', '').toLowerCase())
    expect(certificate.notAfter?.getTime()).toBe(leaf_cert.not_after * 1000)
    expect(certificate.subject.commonName).toBe(leaf_cert.subject.CN)
    expect(BigInt(`0x${certificate.serialNumber}`)).toBe(BigInt(`0x${leaf_cert.serial_number}`))
    expect(certificate.index).toBe(cert_index)
    expect(certificate.log.url).toMatch(/^https:\/\/.*\/$/)
    expect(certificate.timestamp).toBeUndefined()
    expect(certificate.leafHash).toEqual(new Uint8Array())
    expect(certificate.keyUsage).toContain('digitalSignature')
    expect(certificate.extendedKeyUsage?.map(({ name }) => name)).toEqual(['serverAuth', 'clientAuth'])
    expect(certificate.ocspUrls).toHaveLength(1)
    expect(certificate.policies.length).toBeGreaterThan(0)
  })

  it('is the same from DER and from words, where a server sends both', () => {
    const server = 'the Elixir server, 2020'
    const message = JSON.parse(recordedMessage(server))
    const whole = certificateOf(JSON.stringify(message)).toJSON()
    message.data.leaf_cert.as_der = undefined
    const told = certificateOf(JSON.stringify(message)).toJSON()
    for (const field of ['sha1', 'notBefore', 'notAfter', 'keyUsage', 'extendedKeyUsage', 'scts'] as const)
      expect(told[field], field).toEqual(whole[field])
    for (const field of ['ocspUrls', 'caIssuerUrls', 'subjectKeyId', 'authorityKeyId'] as const)
      expect(told[field], field).toEqual(whole[field])
    expect(told.scts.length).toBeGreaterThan(0)
  })
})
