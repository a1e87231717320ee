import { describe, expect, it } from 'vitest'
import { RedisCertificateCache } from '../../src/modules/redis-cache.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import { backfill, logOf } from '../support/logs.js'
import { startedServer } from './own-server.js'
import { noRedis, redisPlace } from './redis-place.js'

async function entriesOf(count: number): Promise<CtCertificate[]> {
  const entries: CtCertificate[] = []
  for await (const entry of backfill(await logOf(count))) entries.push(entry)
  return entries
}

/** The same certificate as an entry of another log. */
const elsewhere = (entry: CtCertificate): CtCertificate =>
  Object.create(entry, { log: { value: { ...entry.log, id: 'another' } } })

describe.skipIf(noRedis)('the certificate cache in Redis', () => {
  it('tells processes what another one has had, and none that it had it itself', async () => {
    const place = await redisPlace()
    const [one, other] = [new RedisCertificateCache(place.url), new RedisCertificateCache(place.url)]
    for (const entry of await entriesOf(20)) {
      expect(await one.seen(entry)).toBe(false)
      // Asked again after a crash, in whichever process: the work may not have been done.
      expect(await one.seen(entry)).toBe(false)
      expect(await other.seen(entry)).toBe(false)
      expect(await other.has(entry)).toBe(false)
      expect(await other.seen(elsewhere(entry))).toBe(true)
      expect(await one.has(elsewhere(entry))).toBe(true)
    }
    expect([one.status(), other.status()]).toEqual([
      { hits: 20, misses: 40, unanswered: 0 },
      { hits: 20, misses: 40, unanswered: 0 },
    ])
    await Promise.all([one.close(), other.close()])
    await expect(one.seen('a'.repeat(64))).rejects.toMatchObject({ code: 'CT_CLOSED' })
    await place.remove()
  })

  it('is told of a key by one process of many that ask at once', async () => {
    const place = await redisPlace()
    const caches = Array.from({ length: 8 }, () => new RedisCertificateCache(place.url, { by: 'issuance' }))
    const answers = await Promise.all(caches.map((cache) => cache.seen('ab'.repeat(32))))
    expect(answers.filter((seen) => !seen)).toHaveLength(1)
    await Promise.all(caches.map((cache) => cache.close()))
    await place.remove()
  })

  it('forgets after its time, and keeps certificates and issuances apart', async () => {
    const place = await redisPlace()
    const cache = new RedisCertificateCache(place.url, { ttlMs: 5000 })
    const issuances = new RedisCertificateCache(place.url, { by: 'issuance' })
    await cache.add('cd'.repeat(32))
    expect(await issuances.seen('cd'.repeat(32))).toBe(false)
    const [key = ''] = (await place.client.keys(`${place.prefix}:c:*`)) as string[]
    expect(key).not.toBe('')
    const ttl = await place.client.sendCommand([
      'PTTL',
      Buffer.concat([Buffer.from(`${place.prefix}:c:`), Buffer.alloc(32, 0xcd)]),
    ])
    expect(Number(ttl)).toBeGreaterThan(0)
    expect(Number(ttl)).toBeLessThanOrEqual(5000)
    await Promise.all([cache.close(), issuances.close()])
    await place.remove()
  })

  it('says that the server is gone or full, or answers that nothing was seen, as it was asked to', async () => {
    const server = await startedServer('redis')
    const strict = new RedisCertificateCache(server.url)
    const lenient = new RedisCertificateCache(server.url, { whenGone: 'unseen' })
    const key = 'ef'.repeat(32)
    expect([await strict.seen(key), await lenient.seen(key)]).toEqual([false, true])
    await server.stop()
    await expect(strict.seen(key)).rejects.toMatchObject({ code: 'CT_CACHE_UNUSABLE', retryable: true })
    expect(await lenient.seen(key)).toBe(false)
    expect(lenient.status().unanswered).toBe(1)
    await Promise.all([strict.close(), lenient.close()])
  })

  it('refuses a server that throws keys out', async () => {
    const server = await startedServer('redis', ['--maxmemory-policy', 'volatile-ttl'])
    const cache = new RedisCertificateCache(server.url, { whenGone: 'unseen' })
    await expect(cache.seen('12'.repeat(32))).rejects.toMatchObject({
      code: 'CT_CACHE_UNUSABLE',
      retryable: false,
      message: expect.stringContaining('set maxmemory-policy noeviction'),
    })
    await cache.close()
  })
})
