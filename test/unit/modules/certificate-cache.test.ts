import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CertificateCache } from '../../../src/modules/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { logNamed, madeCertificates } from '../../support/module-certificates.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const key = (n: number) => createHash('sha256').update(String(n)).digest()

describe('CertificateCache', () => {
  const [precertificate, certificate, another] = madeCertificates(4, { kinds: 'pairs' }) as [
    CtCertificate,
    CtCertificate,
    CtCertificate,
  ]

  it('knows a certificate again, in another log, and by its hash in any form', () => {
    const cache = new CertificateCache()
    expect(cache.seen(certificate)).toBe(false)
    const [, copy] = madeCertificates(2, { kinds: 'pairs', log: logNamed('two') })
    expect(cache.seen(copy as CtCertificate)).toBe(true)
    expect(cache.has(certificate.sha256 ?? '')).toBe(true)
    expect(cache.has(Buffer.from(certificate.sha256 ?? '', 'hex'))).toBe(true)
    expect([cache.has(precertificate), cache.has(another)]).toEqual([false, false])
    expect(cache.status()).toMatchObject({ entries: 1, hits: 3, misses: 3, evictions: 0 })
  })

  it('knows an issuance by its precertificate', () => {
    const cache = new CertificateCache({ by: 'issuance' })
    cache.add(precertificate)
    expect([cache.has(certificate), cache.has(another)]).toEqual([true, false])
  })

  it('forgets after its time, and the oldest when it is full, in 32 bytes an entry', async () => {
    const clock = new VirtualClock()
    const cache = new CertificateCache({ ttlMs: 1000, maxEntries: 1000, clock })
    for (let n = 0; n < 1500; n++) cache.add(key(n))
    expect([cache.has(key(499)), cache.has(key(500))]).toEqual([false, true])
    expect(cache.status()).toMatchObject({ entries: 1000, bytes: 32_000, evictions: 500 })
    await clock.pass(999)
    expect(cache.has(key(500))).toBe(true)
    await clock.pass(1)
    expect(cache.has(key(500))).toBe(false)
  })

  it('takes no key for another that differs in its first half', () => {
    const cache = new CertificateCache()
    cache.add(key(1))
    for (let bit = 0; bit < 128; bit++) {
      const other = Buffer.from(key(1))
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(cache.has(other)).toBe(false)
    }
  })

  const wrong: unknown[] = ['x', 5, null, undefined, Buffer.alloc(16), 'g'.repeat(64)]
  it.each(wrong)('refuses %j as a key', (value) => {
    expect(() => new CertificateCache().has(value as string)).toThrow(/`key` must be a certificate, 32 bytes/)
  })

  describe('saved to a file', () => {
    const place = () => {
      const folder = mkdtempSync(join(tmpdir(), 'ct-stream-cache-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      return join(folder, 'cache')
    }

    it('goes on with the same keys at the same age, whatever came and went', async () => {
      const file = place()
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(80), fc.nat(60)), { maxLength: 120 }),
          fc.nat(600),
          fc.integer({ min: 1, max: 50 }),
          async (steps, pause, maxEntries) => {
            const clock = new VirtualClock()
            const options = { ttlMs: 1000, maxEntries, clock }
            const cache = new CertificateCache(options)
            for (const [n, wait] of steps) {
              cache.add(key(n))
              await clock.pass(wait)
            }
            await cache.save(file)
            const other = new CertificateCache(options)
            await clock.pass(pause)
            await other.load(file)
            for (let i = 0; i < 12; i++) {
              for (let n = 0; n <= 80; n++) expect(other.has(key(n))).toBe(cache.has(key(n)))
              await clock.pass(100)
            }
          },
        ),
        { numRuns: 30 },
      )
    })

    it('is refused when anything of it is not as it was saved', async () => {
      const file = place()
      const cache = new CertificateCache()
      for (let n = 0; n < 100; n++) cache.add(key(n))
      await cache.save(file)
      expect(existsSync(`${file}.partial`)).toBe(false)
      const whole = readFileSync(file)
      const cases = [whole.subarray(0, -1), Buffer.concat([whole, Buffer.alloc(1)]), Buffer.alloc(0), Buffer.alloc(100)]
      for (const at of [0, 8, 12, 16, 20, 28, 500, whole.length - 1]) {
        const bytes = Buffer.from(whole)
        bytes[at] = (bytes[at] as number) ^ 0x10
        cases.push(bytes)
      }
      for (const bytes of cases) {
        writeFileSync(file, bytes)
        const other = new CertificateCache()
        await expect(other.load(file)).rejects.toMatchObject({ code: 'CT_CACHE_UNUSABLE' })
        expect(other.status().entries).toBe(0)
      }
      writeFileSync(file, whole)
      const byIssuance = new CertificateCache({ by: 'issuance' })
      await expect(byIssuance.load(file)).rejects.toThrow(/was saved by certificate, and this cache goes by issuance/)
      await expect(cache.load(file)).rejects.toThrow(/comes before anything is added/)
      await expect(new CertificateCache().load(`${file}-gone`)).rejects.toMatchObject({ code: 'CT_CACHE_UNUSABLE' })
      await expect(cache.save(join(file, 'x'))).rejects.toMatchObject({ code: 'CT_CACHE_UNUSABLE' })
    })
  })
})
