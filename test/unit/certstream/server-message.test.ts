import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CertificateMaker, decodeFrame } from '../../../src/certstream/server-message.js'
import { decodeEntry } from '../../../src/decode/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { Rfc6962Extra } from '../../../src/wire/extra-data.js'
import { leafKind } from '../../../src/wire/merkle-leaf.js'
import { describeReal } from '../../real-data.js'
import { type RecordedEntry, recordedEntries, recordedMessage, recordedMessages } from './recorded.js'

const url = 'wss://certstream.example/'

function certificateOf(frame: string): CtCertificate {
  const [message] = decodeFrame(frame, url)
  if (message?.kind !== 'certificate') throw new Error(`no certificate but ${message?.kind}`)
  return new CertificateMaker().certificate(message)
}

const update = (leaf: object, data: object = {}) =>
  JSON.stringify({ message_type: 'certificate_update', data: { leaf_cert: leaf, ...data } })

/** The entry as the library decodes it from the bytes of the log. */
function fromLog({ log_name, log_url, cert_index, leaf_input, extra_data }: RecordedEntry): CtCertificate {
  const leafInput = Uint8Array.from(Buffer.from(leaf_input, 'base64'))
  const extra = Rfc6962Extra.of(extra_data, leafKind(leafInput))
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

describe('a message of a server', () => {
  it('gives the cursor to the certificate', () => {
    const frame = JSON.stringify({ message_type: 'dns_entries', data: ['a.example'], cursor: 'at-7' })
    expect(certificateOf(frame).cursor).toBe('at-7')
  })

  it('may be one of several in an array, of which a broken one harms no other', () => {
    const frame = '[{"message_type":"dns_entries","data":["a.example"]},7,{"message_type":"heartbeat"}]'
    expect(decodeFrame(frame, url).map(({ kind }) => kind)).toEqual(['certificate', 'malformed', 'other'])
  })

  it.each([
    ['no JSON', '{"message_type":', /no JSON/],
    ['HTML', '<html>\u001b[2J</html>', /\\x1b/],
    ['a number', '1', /no object/],
    ['without a type', '{}', /without `message_type`/],
    ['an update without a certificate', '{"message_type":"certificate_update","data":[]}', /without `leaf_cert`/],
    ['domains that are no array', '{"message_type":"dns_entries","data":{}}', /no array/],
  ])('is malformed when it is %s', (_, frame, message) => {
    const [decoded] = decodeFrame(frame, url)
    if (decoded?.kind !== 'malformed') throw new Error('not malformed')
    expect(decoded.error).toMatchObject({ code: 'CT_RESPONSE_MALFORMED', url, message: expect.stringMatching(message) })
  })

  it('has its names cleaned up as those of a certificate are', () => {
    const { dnsNames, ipAddresses } = certificateOf(
      update({
        all_domains: ['UP.example.', 'b\u00fccher.example', 'a b\u001b', 7, 'Some CN', '192.0.2.1'],
        subject: { CN: 'Some CN' },
      }),
    )
    expect(dnsNames).toEqual(['up.example', 'xn--bcher-kva.example', 'a\\032b\\027'])
    expect(ipAddresses).toEqual(['192.0.2.1'])
  })

  it('has an unparsable entry as it is in the log, where ct-stream serve sends one', () => {
    const log = { id: 'x', description: 'd', operator: 'o', kind: 'static-ct', url: 'https://log.example/' }
    const message = { id: '1', kind: 'unparsable', index: 5, log, leafInput: 'AAEC' }
    const entry = certificateOf(JSON.stringify(message))
    expect([entry.kind, entry.index, entry.log, [...entry.leafInput]]).toEqual(['unparsable', 5, log, [0, 1, 2]])
  })

  it('is filtered by the issuer it tells of', () => {
    const { issuer } = certificateOf(update({ issuer: { O: 'Acme, Inc.', CN: 'R3' } }))
    expect(`${issuer}`).toBe('CN=R3,O=Acme\\, Inc.')
    expect(issuer.raw[0]).toBe(0x30)
  })

  it('is as good as absent where it holds something else than the certificate', () => {
    for (const as_der of ['REDACT', '', 'AAAA', 7, null])
      expect(certificateOf(update({ as_der, all_domains: ['a.example'] })).dnsNames).toEqual(['a.example'])
  })

  it('is an unparsable entry where the certificate cannot be read', () => {
    expect(certificateOf(update({ as_der: Buffer.from('3003020101', 'hex').toString('base64') })).kind).toBe(
      'unparsable',
    )
  })

  it('never makes any field throw, whatever is in it', () => {
    const hostile = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.double())
    const leaf = fc.record(
      Object.fromEntries(
        [
          'all_domains',
          'serial_number',
          'not_before',
          'not_after',
          'subject',
          'issuer',
          'fingerprint',
          'sha256',
          'is_ca',
        ]
          .concat('as_der', 'signature_algorithm')
          .map((key) => [key, hostile]),
      ),
    )
    const extensions = fc.dictionary(
      fc.constantFrom(
        'keyUsage',
        'subjectAltName',
        'certificatePolicies',
        'ctlSignedCertificateTimestamp',
        '__proto__',
      ),
      hostile,
    )
    const data = fc.record({
      cert_index: hostile,
      seen: hostile,
      source: hostile,
      chain: hostile,
      update_type: hostile,
    })
    fc.assert(
      fc.property(leaf, extensions, data, (told, words, rest) => {
        const certificate = certificateOf(update({ ...told, extensions: words }, rest))
        JSON.stringify([certificate, certificate.toCertStream('full'), certificate.toCertStream('lite')])
        expect(`${certificate}`.length).toBeLessThanOrEqual(400)
      }),
    )
  })

  it('is decoded or malformed, whatever a frame holds', () => {
    const key = fc.constantFrom('message_type', 'data', 'leaf_cert', 'cursor', 'kind', 'index', 'log', 'der', 'x')
    const word = fc.constantFrom('certificate_update', 'dns_entries', 'gap', 'heartbeat', 'certificate', 'MAMCAQE=')
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(word, fc.jsonValue()),
        fc.array(tie('tree'), { maxLength: 5 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 6 }),
      ),
    }))
    const maker = new CertificateMaker()
    const look = (frame: string) => {
      for (const message of decodeFrame(frame, url))
        if (message.kind === 'certificate') JSON.stringify(maker.certificate(message))
    }
    fc.assert(
      fc.property(tree, (value) => look(JSON.stringify(value) ?? '')),
      { numRuns: 500 },
    )
    fc.assert(fc.property(fc.string({ unit: 'binary' }), look))
  })

  it('takes a time in proportion to its size', () => {
    const took = (n: number) => {
      const frame = update({
        all_domains: Array.from({ length: n }, (_, i) => `${i}.example`),
        extensions: {
          subjectAltName: 'DNS:a.example, '.repeat(n),
          certificatePolicies: 'Policy: 1.2\n CPS: x\n'.repeat(n),
        },
      })
      const began = performance.now()
      JSON.stringify(certificateOf(frame))
      return performance.now() - began
    }
    took(1000)
    const [small, large] = [took(5000), took(50_000)]
    expect(large).toBeLessThan(Math.max(small, 100) * 40)
  })

  it('of any depth is no reason to overflow the stack', () => {
    const deep = '['.repeat(1_000_000).concat(']'.repeat(1_000_000))
    expect(decodeFrame(`[${deep}]`, url)[0]?.kind).toBe('malformed')
    expect(
      certificateOf(`{"message_type":"certificate_update","data":{"leaf_cert":{"all_domains":${deep}}}}`).dnsNames,
    ).toEqual([])
  })
})
