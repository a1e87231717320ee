import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CERTIFICATE_SHAPES, type IssuedCertificate, issueCertificates } from '../../../src/testing/index.js'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const pem = (der: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ct-stream-issue-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `openssl verify` of an end-entity certificate with its chain; throws when it does not verify. */
function opensslVerify({ der, chain }: IssuedCertificate, ...flags: string[]): string {
  const file = (name: string, bytes: Uint8Array) => {
    const path = join(folder, name)
    writeFileSync(path, pem(bytes))
    return path
  }
  const [issuer, root] = chain as [Uint8Array, Uint8Array]
  const at = String(Date.UTC(2026, 0, 2) / 1000)
  return execFileSync(
    'openssl',
    ['verify', '-x509_strict', '-attime', at, ...flags]
      .concat('-CAfile', file('root', root))
      .concat('-untrusted', file('ca', issuer), file('leaf', der)),
    { encoding: 'utf8', stdio: 'pipe' },
  )
}

const opensslText = (der: Uint8Array): string =>
  execFileSync('openssl', ['x509', '-inform', 'der', '-noout', '-text'], { input: der, encoding: 'utf8' })

// A minimal reading of definite lengths, only for taking a TBSCertificate apart here.
function children(der: Uint8Array): Uint8Array[] {
  const header = (at: number) => {
    const first = der[at + 1] as number
    const extra = first < 0x80 ? 0 : first - 0x80
    let length = first < 0x80 ? first : 0
    for (let i = 0; i < extra; i++) length = length * 256 + (der[at + 2 + i] as number)
    return { content: at + 2 + extra, end: at + 2 + extra + length }
  }
  const found: Uint8Array[] = []
  for (let at = header(0).content, { end } = header(0); at < end; at = header(at).end)
    found.push(der.subarray(at, header(at).end))
  return found
}
const tbsOf = (der: Uint8Array) => children(der)[0] as Uint8Array
const extensionsOf = (tbs: Uint8Array) => children(children(children(tbs).at(-1) as Uint8Array)[0] as Uint8Array)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const isPoison = (extension: Uint8Array) => hex(extension).includes('060a2b06010401d679020403')
const isSctList = (extension: Uint8Array) => hex(extension).includes('060a2b06010401d679020402')

describe('issueCertificates', () => {
  it.each(CERTIFICATE_SHAPES)('makes certificates of shape %s that OpenSSL verifies up to the root', (shape) => {
    const [pre, cert] = [...issueCertificates(2, { shapes: [shape] })] as [IssuedCertificate, IssuedCertificate]
    expect(opensslVerify(cert)).toContain('OK')
    // The poison is critical and nobody knows it: this failing without the flag is its purpose.
    expect(() => opensslVerify(pre)).toThrow(/unhandled critical extension/)
    expect(opensslVerify(pre, '-ignore_critical')).toContain('OK')
    expect(opensslText(cert.der)).toMatch(/CT Precertificate SCTs[\s\S]*Log ID/)
    expect(opensslText(pre.der)).toMatch(/CT Precertificate Poison: critical/)
  })

  it('makes every shape with the names it says, as node:crypto reads them', () => {
    for (const shape of CERTIFICATE_SHAPES)
      for (const item of issueCertificates(16, { shapes: [shape], sign: false })) {
        const x509 = new X509Certificate(item.der)
        const names = (x509.subjectAltName ?? '').split(', ')
        const dns = names.filter((name) => name.startsWith('DNS:')).map((name) => name.slice(4))
        expect(dns).toEqual(item.dnsNames)
        expect(names.filter((name) => name.startsWith('IP Address:'))).toHaveLength(shape === 'ip-only' ? 2 : 0)
        expect(x509.serialNumber.toLowerCase()).toBe(item.serialNumber)
        expect(x509.ca).toBe(false)
        expect(x509.publicKey.asymmetricKeyType).toMatch(/^(rsa|ec)$/)
        expect(x509.checkIssued(new X509Certificate(item.chain[0] as Uint8Array))).toBe(true)
      }
  })

  it('has the variety of a real log', () => {
    const items = [...issueCertificates(4000, { sign: false })]
    const names = items.flatMap((item) => item.dnsNames)
    expect(names.some((name) => name.startsWith('*.'))).toBe(true)
    expect(names.some((name) => name.includes('xn--'))).toBe(true)
    expect(items.some((item) => item.dnsNames.length === 0)).toBe(true)
    expect(Math.max(...items.map((item) => item.dnsNames.length))).toBe(100)
    expect(new Set(items.map((item) => hex(item.issuerKeyHash))).size).toBe(5)
    expect(new Set(items.map((item) => sha256(item.chain.at(-1) as Uint8Array))).size).toBe(2)
    const texts = items.slice(0, 400).map((item) => new X509Certificate(item.der))
    expect(new Set(texts.map((x509) => x509.publicKey.asymmetricKeyType))).toEqual(new Set(['rsa', 'ec']))
  })

  it('makes as many names as asked for, past the two-byte lengths of DER', () => {
    const items = [...issueCertificates(40, { shapes: ['many-names'], maxNames: 5000, sign: false })]
    const largest = items.reduce((a, b) => (a.dnsNames.length > b.dnsNames.length ? a : b))
    expect(largest.dnsNames).toHaveLength(5000)
    expect(largest.der.length).toBeGreaterThan(0xffff)
    expect(new X509Certificate(largest.der).subjectAltName?.split(', ')).toHaveLength(5000)
    for (const item of issueCertificates(20, { shapes: ['many-names'], maxNames: 3, sign: false }))
      expect(item.dnsNames).toHaveLength(3)
  })

  it('relates a precertificate and its certificate by their TBSCertificate', () => {
    for (const shape of CERTIFICATE_SHAPES) {
      const [pre, cert] = [...issueCertificates(2, { shapes: [shape] })] as [IssuedCertificate, IssuedCertificate]
      expect([pre.kind, cert.kind]).toEqual(['precertificate', 'certificate'])
      expect(cert.issuance).toBe(pre.issuance)
      expect(cert.tbs).toBe(pre.tbs)
      expect(cert.serialNumber).toBe(pre.serialNumber)
      const without = extensionsOf(pre.tbs).map(hex)
      expect(without.some((text) => text.includes('2b06010401d67902040'))).toBe(false)
      for (const [item, isCt] of [
        [pre, isPoison],
        [cert, isSctList],
      ] as const) {
        const tbs = tbsOf(item.der)
        expect(extensionsOf(tbs).filter(isCt)).toHaveLength(1)
        expect(
          extensionsOf(tbs)
            .filter((extension) => !isCt(extension))
            .map(hex),
        ).toEqual(without)
        expect(children(tbs).slice(0, -1).map(hex)).toEqual(children(pre.tbs).slice(0, -1).map(hex))
      }
    }
  })

  it('names the hash of the issuer key', () => {
    for (const item of issueCertificates(40, { sign: false })) {
      const { publicKey } = new X509Certificate(item.chain[0] as Uint8Array)
      expect(hex(item.issuerKeyHash)).toBe(sha256(publicKey.export({ type: 'spki', format: 'der' })))
    }
  })

  it('is the same for the same seed, except for the signatures', () => {
    const unsigned = (seed: string) =>
      [...issueCertificates(300, { seed, sign: false })].map((item) => sha256(item.der))
    expect(unsigned('a')).toEqual(unsigned('a'))
    expect(unsigned('a')[0]).not.toBe(unsigned('b')[0])
    const signed = () => [...issueCertificates(20, { seed: 'a' })]
    expect(signed().map((item) => hex(tbsOf(item.der)))).toEqual(signed().map((item) => hex(tbsOf(item.der))))
    expect(signed().map((item) => item.chain.map(sha256))).toEqual(signed().map((item) => item.chain.map(sha256)))
  })

  it('makes a hundred thousand distinct ones without keeping any', () => {
    const serials = new Set<string>()
    const labels = new Set<string>()
    globalThis.gc?.()
    const before = process.memoryUsage().arrayBuffers
    let peak = 0
    let made = 0
    for (const item of issueCertificates(100_000, { sign: false, kinds: 'precertificates' })) {
      serials.add(item.serialNumber)
      if (item.dnsNames[0] !== undefined) labels.add(item.dnsNames.join())
      else labels.add(item.serialNumber)
      if (++made % 5000 === 0) peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
    }
    expect(serials.size).toBe(100_000)
    expect(labels.size).toBe(100_000)
    // All of them together are 190 MB; what is alive at once is a garbage collector's matter, and well below.
    expect(peak).toBeLessThan(120e6)
  })

  it('gives certificates only, precertificates only, and never more than asked for', () => {
    const kinds = (n: number, kind?: 'pairs' | 'certificates' | 'precertificates') =>
      [...issueCertificates(n, { kinds: kind, sign: false })].map((item) => `${item.kind[0]}${item.issuance}`).join(' ')
    expect(kinds(3)).toBe('p0 c0 p1')
    expect(kinds(3, 'certificates')).toBe('c0 c1 c2')
    expect(kinds(3, 'precertificates')).toBe('p0 p1 p2')
    expect(kinds(0)).toBe('')
    const endless = issueCertificates(Number.POSITIVE_INFINITY, { sign: false })
    expect(endless.next().value?.issuance).toBe(0)
  })

  it.each([
    ['a negative count', () => issueCertificates(-1)],
    ['a fraction', () => issueCertificates(1.5)],
    ['an unknown shape', () => issueCertificates(1, { shapes: ['square' as 'single'] })],
    ['no shape', () => issueCertificates(1, { shapes: [] })],
    ['an unknown option', () => issueCertificates(1, { signed: false } as never)],
    ['a bad date', () => issueCertificates(1, { notBefore: new Date(Number.NaN) })],
    ['no names', () => issueCertificates(1, { maxNames: 0 })],
  ])('refuses %s before anything is made', (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
  })
})
