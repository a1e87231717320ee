import { describe, expect, it } from 'vitest'
import {
  attribute,
  bool,
  buildCertificate,
  dnsName,
  extension,
  fromHex,
  name,
  oid,
  sequence,
  subjectAltName,
  tlv,
  utf8,
} from '../x509/build.js'
import { certificateEntry, TIMESTAMP } from './entries.js'

const uri = (text: string) => tlv(0x86, text)
const access = (method: string, location: Uint8Array) => sequence(oid(method), location)

const everything = buildCertificate({
  subject: name(attribute('2.5.4.6', tlv(0x13, 'DE')), attribute('2.5.4.3', utf8('www.example.com'))),
  extensions: [
    subjectAltName(dnsName('www.example.com'), tlv(0x87, fromHex('c0000201')), tlv(0x81, 'a@b.example'), uri('urn:x')),
    extension('2.5.29.15', fromHex('030205a0'), true),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.2.3'))),
    extension('2.5.29.19', sequence(bool(true), fromHex('020103')), true),
    extension('2.5.29.14', tlv(0x04, fromHex('aabb'))),
    extension('2.5.29.35', sequence(tlv(0x80, fromHex('ccdd')))),
    extension(
      '1.3.6.1.5.5.7.1.1',
      sequence(
        access('1.3.6.1.5.5.7.48.1', uri('http://ocsp.example')),
        access('1.3.6.1.5.5.7.48.2', uri('http://ca.example/ca.crt')),
      ),
    ),
    extension('2.5.29.31', sequence(sequence(tlv(0xa0, tlv(0xa0, uri('http://crl.example')))))),
    extension(
      '2.5.29.32',
      sequence(
        sequence(oid('2.23.140.1.2.2'), sequence(sequence(oid('1.3.6.1.5.5.7.2.1'), tlv(0x16, 'http://cps.example')))),
        sequence(oid('1.2.3.4')),
      ),
    ),
  ],
})

describe('the record of a certificate', () => {
  it('has the documented keys in the documented order, and values that are plain JSON', () => {
    const json = JSON.parse(JSON.stringify(certificateEntry(everything)))
    expect(json).toEqual({
      kind: 'certificate',
      log: {
        id: expect.any(String),
        description: 'a test log',
        operator: 'nobody',
        kind: 'rfc6962',
        url: 'https://ct.example/',
      },
      index: 7,
      timestamp: new Date(TIMESTAMP).toISOString(),
      leafHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      historical: false,
      verified: false,
      cursor: 'after 7',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      sha1: expect.stringMatching(/^[0-9a-f]{40}$/),
      issuanceId: expect.stringMatching(/^[0-9a-f]{64}$/),
      issuerKeyHash: null,
      serialNumber: '0123456789abcdef',
      subject: {
        text: 'CN=www.example.com,C=DE',
        commonName: 'www.example.com',
        organization: null,
        organizationalUnit: null,
        country: 'DE',
        stateOrProvince: null,
        locality: null,
        emailAddress: null,
        attributes: [
          { oid: '2.5.4.6', name: 'C', value: 'DE' },
          { oid: '2.5.4.3', name: 'CN', value: 'www.example.com' },
        ],
      },
      issuer: expect.objectContaining({ text: 'CN=Test CA' }),
      notBefore: '2025-01-01T00:00:00.000Z',
      notAfter: '2025-12-31T23:59:59.000Z',
      dnsNames: ['www.example.com'],
      ipAddresses: ['192.0.2.1'],
      emailAddresses: ['a@b.example'],
      uris: ['urn:x'],
      altNames: [
        { kind: 'dNSName', value: 'www.example.com' },
        { kind: 'iPAddress', value: '192.0.2.1' },
        { kind: 'rfc822Name', value: 'a@b.example' },
        { kind: 'uniformResourceIdentifier', value: 'urn:x' },
      ],
      publicKey: {
        algorithm: 'EC',
        oid: '1.2.840.10045.2.1',
        bits: 256,
        curve: 'P-256',
        spkiSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      signatureAlgorithm: { oid: '1.2.840.10045.4.3.2', name: 'ecdsa-with-SHA256' },
      keyUsage: ['digitalSignature', 'keyEncipherment'],
      extendedKeyUsage: [
        { oid: '1.3.6.1.5.5.7.3.1', name: 'serverAuth' },
        { oid: '1.2.3', name: null },
      ],
      basicConstraints: { ca: true, pathLength: 3 },
      subjectKeyId: 'aabb',
      authorityKeyId: 'ccdd',
      ocspUrls: ['http://ocsp.example'],
      caIssuerUrls: ['http://ca.example/ca.crt'],
      crlUrls: ['http://crl.example'],
      policies: [
        { oid: '2.23.140.1.2.2', name: 'organization-validated', cpsUris: ['http://cps.example'] },
        { oid: '1.2.3.4', name: null, cpsUris: [] },
      ],
      validation: 'OV',
      scts: [],
      isCa: true,
      isSelfIssued: false,
      problems: [],
      leafInput: null,
    })
    expect(Object.keys(json)).toMatchInlineSnapshot(`
      [
        "kind",
        "log",
        "index",
        "timestamp",
        "leafHash",
        "historical",
        "verified",
        "cursor",
        "sha256",
        "sha1",
        "issuanceId",
        "issuerKeyHash",
        "serialNumber",
        "subject",
        "issuer",
        "notBefore",
        "notAfter",
        "dnsNames",
        "ipAddresses",
        "emailAddresses",
        "uris",
        "altNames",
        "publicKey",
        "signatureAlgorithm",
        "keyUsage",
        "extendedKeyUsage",
        "basicConstraints",
        "subjectKeyId",
        "authorityKeyId",
        "ocspUrls",
        "caIssuerUrls",
        "crlUrls",
        "policies",
        "validation",
        "scts",
        "isCa",
        "isSelfIssued",
        "problems",
        "leafInput",
      ]
    `)
  })

  it('has every key for an entry that has nothing', () => {
    const full = Object.keys(certificateEntry(everything).toJSON())
    const empty = JSON.parse(JSON.stringify(certificateEntry(fromHex('3000'))))
    expect(Object.keys(empty)).toEqual(full)
    expect(empty).toMatchObject({
      kind: 'unparsable',
      serialNumber: null,
      publicKey: null,
      dnsNames: [],
      keyUsage: null,
    })
  })

  it('is the same whatever was read before', () => {
    const read = certificateEntry(buildCertificate({ serial: fromHex('0500'), validity: fromHex('0500') }))
    expect(read.notAfter).toBeUndefined()
    expect(read.serialNumber).toBeUndefined()
    const fresh = certificateEntry(buildCertificate({ serial: fromHex('0500'), validity: fromHex('0500') }))
    expect(JSON.stringify(read)).toBe(JSON.stringify(fresh))
    expect(JSON.stringify(read)).toBe(JSON.stringify(read))
  })
})

describe('the validation level', () => {
  const of = (...policies: string[]) =>
    certificateEntry(
      buildCertificate({
        extensions: [extension('2.5.29.32', sequence(policies.map((policy) => sequence(oid(policy)))))],
      }),
    ).validation

  it.each([
    ['DV', ['2.23.140.1.2.1']],
    ['OV', ['1.2.3', '2.23.140.1.2.2']],
    ['IV', ['2.23.140.1.2.3']],
    ['EV', ['2.23.140.1.1', '2.23.140.1.2.2']],
    ['EV', ['2.16.840.1.114412.2.1']],
    [undefined, ['1.2.3', '2.5.29.32.0']],
  ])('%s', (level, policies) => {
    expect(of(...policies)).toBe(level)
  })

  it('is absent without policies', () => {
    expect(certificateEntry(buildCertificate()).validation).toBeUndefined()
  })
})
