import { expect, it } from 'vitest'
import { CertificateRows, STEP_ENTRIES } from '../../../src/postgres/certificate-rows.js'
import type { CtCertificate } from '../../../src/types/certificate.js'

/** Counts how often its names are decoded. */
function certificateOf(sha256: string | undefined, dnsNames: readonly string[], decoded: string[]): CtCertificate {
  const fields = { sha256, kind: 'certificate', index: 1, issuer: { toString: () => `CN=\u202e${'x'.repeat(2000)}` } }
  const names = {
    get: () => {
      decoded.push(sha256 ?? 'none')
      return dnsNames
    },
  }
  return Object.defineProperty({ ...fields }, 'dnsNames', names) as unknown as CtCertificate
}

it('decodes a certificate once, when its page comes', () => {
  const decoded: string[] = []
  const page = ['aa', 'bb', undefined].map((sha256) => certificateOf(sha256, ['a.example'], decoded))
  const rows = new CertificateRows(false)
  expect([...rows.decode(page)]).toEqual([])
  expect(decoded).toEqual(['aa', 'bb'])
  const [first] = page as [CtCertificate]
  expect(rows.of(first, 'aa')).toBe(rows.of(first, 'aa'))
  expect(decoded).toEqual(['aa', 'bb'])
})

it('decodes one that comes without its page when it is asked for', () => {
  const row = new CertificateRows(false).of(certificateOf('aa', ['a.example'], []), 'aa')
  expect(row).toMatchObject({ sha256: 'aa', names: 'example.a', der: undefined })
})

it('pauses between the entries of a large page', () => {
  const page = Array.from({ length: STEP_ENTRIES * 2 + 1 }, () => certificateOf('aa', [], []))
  expect([...new CertificateRows(false).decode(page)]).toHaveLength(2)
})

it('reverses names, leaves out those that are there twice, and makes all text harmless and short', () => {
  const names = ['b.a.example', 'b.a.example', 'evil\u0001.example', `${'l'.repeat(700)}.example`]
  const row = new CertificateRows(false).of(certificateOf('aa', names, []), 'aa')
  const kept = row.names?.split('\u0001') ?? []
  expect(kept.slice(0, 2)).toEqual(['example.a.b', 'example.evil\\x01'])
  expect(kept[2]).toHaveLength(600)
  expect(row.issuer).toHaveLength(1000)
  expect(row.issuer.startsWith('CN=\\u{202e}xxx')).toBe(true)
})

it('has no names where the certificate has none', () => {
  expect(new CertificateRows(false).of(certificateOf('aa', [], []), 'aa').names).toBeUndefined()
})
