import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { RawLogEntry, TestLogEntry } from '../../../src/testing/index.js'
import { range, take } from '../../support/follow.js'
import { backfill, certificates, follow, openLog } from './logs.js'

const KINDS = ['rfc6962', 'static-ct'] as const

/** `MerkleTreeLeaf` of an X.509 entry with these bytes for a certificate, and no chain. */
function entryOf(certificate: Uint8Array): RawLogEntry {
  const header = Buffer.alloc(15)
  header.writeBigUInt64BE(1_790_000_000_000n, 2)
  header.writeUIntBE(certificate.length, 12, 3)
  return { leafInput: Buffer.concat([header, certificate, Buffer.alloc(2)]), extraData: Buffer.alloc(3) }
}

const [sound] = certificates(1, 'sound')
const der = sound?.der ?? new Uint8Array()
const endless = Buffer.from(der)
endless.set([0x84, 0xff, 0xff, 0xff], 1)

/** Certificates that no parser of others could take: what is in their place, and nothing else, cannot be read. */
const UNPARSABLE: [string, Uint8Array][] = [
  ['no bytes', new Uint8Array()],
  ['zeros', new Uint8Array(40)],
  ['text', Buffer.from('-----BEGIN CERTIFICATE-----')],
  ['a certificate cut short', der.subarray(0, der.length / 2)],
  ['a length beyond the end', endless],
  ['sequences in sequences', Buffer.from('30803080'.repeat(2_000), 'hex')],
]

describe('an entry that cannot be parsed', () => {
  // It stalled the log (retried for ever), dropped the rest of its batch, or ended the process.
  it.each(KINDS.flatMap((kind) => UNPARSABLE.map(([name, bytes]) => [kind, name, bytes] as const)))(
    '%s, %s: is delivered as such, and so are all others',
    async (kind, _, bytes) => {
      const entries: TestLogEntry[] = certificates(300, 'around')
      entries.splice(100, 0, entryOf(bytes))
      entries.splice(256, 0, entryOf(bytes), entryOf(bytes))
      const log = await openLog({ kind, entries })
      const read = await take(backfill(log))
      expect(read.map(({ index }) => index)).toEqual(range(0, 303))
      for (const { index, kind, dnsNames, problems, toJSON } of read) {
        const isBroken = [100, 256, 257].includes(index)
        expect([index, kind === 'unparsable']).toEqual([index, isBroken])
        if (isBroken) expect([problems.length > 0, dnsNames]).toEqual([true, []])
        expect(typeof toJSON).toBe('function')
      }
    },
  )

  it('that is no leaf at all does not stop a log that is followed', async () => {
    const log = await openLog({ entries: certificates(10, 'before') })
    const reader = follow({ logs: [log.spec], start: 'beginning' })
    await reader.until(() => reader.certificates.length === 10)
    log.add([
      { leafInput: Buffer.from('not a leaf'), extraData: new Uint8Array() },
      { leafInput: new Uint8Array(), extraData: new Uint8Array() },
      { leafInput: Buffer.from('00000000000000000000ffff00', 'hex'), extraData: new Uint8Array() },
    ])
    log.add(certificates(10, 'after'))
    log.publish()
    await reader.until(() => reader.certificates.length === 23)
    expect(reader.indexes()).toEqual(range(0, 23))
    expect(reader.certificates.slice(10, 13).map(({ kind }) => kind)).toEqual(Array(3).fill('unparsable'))
    expect(reader.errors).toEqual([])
  })
})

// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes (OpenSSL 3.0.19), subject C=DE, ST=Bayern,
// L=Nuernberg, street=Hauptstrasse 1, O=Beispiel AG, CN=www.example.org; subjectAltName DNS:www.example.org,
// IP:2001:db8::ff00:42:8329, IP:192.0.2.7; extendedKeyUsage serverAuth, clientAuth, 1.3.6.1.4.1.311.10.3.4
const STREET = Buffer.from(
  'MIICeTCCAh+gAwIBAgIUdRBeDV0q2wkKE6FnYosT3F9Zvj4wCgYIKoZIzj0EAwIwezELMAkGA1UEBhMCREUxDzANBgNVBAgMBkJheWVybjESMBAG' +
    'A1UEBwwJTnVlcm5iZXJnMRcwFQYDVQQJDA5IYXVwdHN0cmFzc2UgMTEUMBIGA1UECgwLQmVpc3BpZWwgQUcxGDAWBgNVBAMMD3d3dy5leGFtcGxl' +
    'Lm9yZzAeFw0yNjExMjIxNTA1NTlaFw0yNzAyMjAxNTA1NTlaMHsxCzAJBgNVBAYTAkRFMQ8wDQYDVQQIDAZCYXllcm4xEjAQBgNVBAcMCU51ZXJu' +
    'YmVyZzEXMBUGA1UECQwOSGF1cHRzdHJhc3NlIDExFDASBgNVBAoMC0JlaXNwaWVsIEFHMRgwFgYDVQQDDA93d3cuZXhhbXBsZS5vcmcwWTATBgcq' +
    'hkjOPQIBBggqhkjOPQMBBwNCAAT0m7DDPDfQih/kACDsFq7BjxSt19ZlDHP8y7pP/eRDM0sl5UKjoQN8AtQkciMcHfESJ0qjZfctrcA1HWDN/W4u' +
    'o4GAMH4wMgYDVR0RBCswKYIPd3d3LmV4YW1wbGUub3JnhxAgAQ24AAAAAAAA/wAAQoMphwTAAAIHMCkGA1UdJQQiMCAGCCsGAQUFBwMBBggrBgEF' +
    'BQcDAgYKKwYBBAGCNwoDBDAdBgNVHQ4EFgQUAwjXbVeKNE8bq2JqqIn9anAwSQQwCgYIKoZIzj0EAwIDSAAwRQIhAO3iwov81Vt+vxHkqkbJNSol' +
    'OrMqihmp46LWmd15QqzQAiBTkp37JUESVk5NtmxVqKUgYYYeXsSs79txj14eytynGA==',
  'base64',
)

describe('fields', () => {
  // ST was filled from the street, IPv6 addresses were octets joined by dots, extended key usages were always empty.
  it('are what the certificate says: state and street, IPv6, extended key usages', async () => {
    const log = await openLog({ entries: [{ der: STREET }] })
    const [certificate] = await take(backfill(log))
    expect(certificate?.sha256).toBe(createHash('sha256').update(STREET).digest('hex'))
    expect(certificate?.subject.stateOrProvince).toBe('Bayern')
    expect(certificate?.subject.locality).toBe('Nuernberg')
    expect(certificate?.subject.attributes.find(({ oid }) => oid === '2.5.4.9')?.value).toBe('Hauptstrasse 1')
    expect(certificate?.ipAddresses).toEqual(['2001:db8::ff00:42:8329', '192.0.2.7'])
    expect(certificate?.extendedKeyUsage?.map(({ oid }) => oid)).toEqual([
      '1.3.6.1.5.5.7.3.1',
      '1.3.6.1.5.5.7.3.2',
      '1.3.6.1.4.1.311.10.3.4',
    ])
    expect(certificate?.problems).toEqual([])
  })

  it('stay so in the message of a CertStream server', async () => {
    const log = await openLog({ entries: [{ der: STREET }] })
    const [certificate] = await take(backfill(log))
    const leaf = certificate?.toCertStream('full').data.leaf_cert
    expect(leaf?.subject).toMatchObject({ C: 'DE', ST: 'Bayern', L: 'Nuernberg', O: 'Beispiel AG' })
    expect(leaf?.extensions.subjectAltName).toContain('2001:db8::ff00:42:8329')
    expect(leaf?.extensions.extendedKeyUsage).toMatch(/^serverAuth, clientAuth, /)
  })
})
