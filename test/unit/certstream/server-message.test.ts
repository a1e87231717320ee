import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CertificateMaker, decodeFrame } from '../../../src/certstream/server-message.js'
import { certificateOf, url } from './decoded.js'

const update = (leaf: object, data: object = {}) =>
  JSON.stringify({ message_type: 'certificate_update', data: { leaf_cert: leaf, ...data } })

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
    ['no JSON', '{"message_type":', /not JSON/],
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

  it.each(['X509LogEntry', 'PrecertLogEntry'])('is an unparsable entry where %s tells nothing of it', (update_type) => {
    const nobody = { C: null, CN: null, L: null, O: null, OU: null, ST: null, aggregated: null }
    const nothing = {
      ...{ all_domains: [], as_der: null, extensions: {}, not_after: null, not_before: null, serial_number: null },
      ...{ signature_algorithm: 'unknown', subject: nobody, issuer: nobody, is_ca: false, fingerprint: null },
    }
    const kindOf = (leaf: object) => certificateOf(update({ ...nothing, ...leaf }, { update_type })).kind
    const entry = certificateOf(update(nothing, { update_type, cert_index: 7, submission_timestamp: 1e9 }))
    expect([entry.kind, entry.index, entry.timestamp?.getTime()]).toEqual(['unparsable', 7, 1e12])
    expect(entry.problems).toMatchObject([{ code: 'leaf-malformed', field: 'leafInput' }])
    expect(JSON.parse(JSON.stringify(entry))).toMatchObject({ kind: 'unparsable', dnsNames: [] })
    // One that has no names may still be told of, and is a certificate.
    const kind = update_type === 'X509LogEntry' ? 'certificate' : 'precertificate'
    for (const leaf of [
      { serial_number: '0A' },
      { subject: { CN: 'A CA' } },
      { not_after: 1e9 },
      { issuer: { O: 'A' } },
    ])
      expect(kindOf(leaf)).toBe(kind)
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
