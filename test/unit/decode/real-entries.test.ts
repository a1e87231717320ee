import { X509Certificate } from 'node:crypto'
import { expect, it } from 'vitest'
import { decodeEntry } from '../../../src/decode/decode-entry.js'
import type { EntryContext } from '../../../src/decode/entry-context.js'
import { describeReal } from '../../real-data.js'
import { dnsNamesOfLeaf } from '../../support/leaf-names.js'
import { hex, realEntries, rfcLog } from './real-entries.js'

const context: EntryContext = {
  log: rfcLog,
  historical: false,
  cursor: (index) => `after ${index}`,
  issuer: async () => {
    throw new Error('not asked in these tests')
  },
}

describeReal('every real entry', () => {
  const entries = realEntries().map(({ row, raw, isTile }) => ({ row, isTile, cert: decodeEntry(raw, context) }))

  it('is there', () => {
    expect(entries.length).toBe(2410)
  })

  it('has the type, timestamp, leaf hash and fingerprint that python-cryptography computed', () => {
    for (const { row, cert } of entries) {
      expect(cert.kind).toBe(row.type === 'x509' ? 'certificate' : 'precertificate')
      expect(cert.timestamp?.getTime()).toBe(row.timestamp)
      expect(hex(cert.leafHash)).toBe(row.leaf_hash)
      expect(cert.sha256, row.file).toBe(row.cert_sha256)
    }
  })

  it('has the names that python-cryptography found', () => {
    for (const { row, cert } of entries) {
      const dns = row.names.filter((name) => name.startsWith('DNS:')).map((name) => name.slice(4))
      expect(cert.altNames.filter(({ kind }) => kind === 'dNSName').map(({ value }) => value)).toEqual(dns)
      const cn = row.names.find((name) => name.startsWith('CN:'))?.slice(3)
      expect(cert.subject.commonName).toBe(cn)
      expect(cert.dnsNames).toEqual(expectedNames(dns, cn))
      expect(dnsNamesOfLeaf(cert.leafInput)).toEqual(cert.dnsNames)
    }
  })

  it('has the serial number, validity, subject and key that OpenSSL reads', () => {
    for (const { cert } of entries) {
      const theirs = new X509Certificate(cert.der ?? new Uint8Array())
      expect((cert.serialNumber ?? '').replace(/^00(?=.)/, '').toUpperCase()).toBe(theirs.serialNumber)
      expect(cert.notBefore?.getTime()).toBe(Date.parse(theirs.validFrom))
      expect(cert.notAfter?.getTime()).toBe(Date.parse(theirs.validTo))
      expect(cert.sha1).toBe(theirs.fingerprint.replaceAll(':', '').toLowerCase())
      expect(cert.isCa).toBe(theirs.ca)
      const spki = cert.publicKey?.spki ?? new Uint8Array()
      expect(hex(spki)).toBe(theirs.publicKey.export({ type: 'spki', format: 'der' }).toString('hex'))
    }
  })

  it('has no problem but the listed ones', () => {
    const problems = entries.flatMap(({ row, cert }) =>
      cert.problems.map(
        ({ code, field, message }) => `${row.file.split('/').pop()} ${row.i} ${field} ${code}: ${message}`,
      ),
    )
    expect(problems).toEqual([])
  })

  it('matches its precertificate, and is the same issuance', () => {
    for (const { row, cert } of entries.filter(({ cert }) => cert.kind === 'precertificate')) {
      expect(
        cert.problems.filter(({ field }) => field === 'der'),
        row.file,
      ).toEqual([])
    }
  })
})

const expectedNames = (dns: readonly string[], cn: string | undefined): string[] => {
  const isHost = cn?.includes('.') === true && !/[ @]/.test(cn)
  return [...new Set([...dns, ...(isHost ? [cn] : [])].map((name) => name.toLowerCase().replace(/\.$/, '')))]
}
