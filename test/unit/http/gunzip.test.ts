import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gunzipUpTo } from '../../../src/http/gunzip.js'
import { BufferPool } from '../../../src/util/buffer-pool.js'

/** Bytes that do not pack to nothing. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0, state = 1; i < length; i++) {
    state = (state * 48271) % 2147483647
    bytes[i] = state % 61
  }
  return bytes
}

describe('unpacking into memory of the pool', () => {
  it('unpacks what node:zlib unpacks, of one member or several, up to the bound', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200_000 }),
        fc.integer({ min: 1, max: 200_000 }),
        fc.integer({ min: -1, max: 1 }),
        async (a, b, over) => {
          const packed = Buffer.concat([gzipSync(noise(a)), gzipSync(noise(b))])
          const unpacked = await gunzipUpTo(packed, a + b + over, new BufferPool())
          if (over < 0) expect(unpacked).toBeUndefined()
          else expect(Buffer.compare(unpacked?.bytes as Uint8Array, gunzipSync(packed))).toBe(0)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('reuses memory that was returned, and no other', async () => {
    const pool = new BufferPool()
    const packed = gzipSync(noise(300_000))
    const first = await gunzipUpTo(packed, 300_000, pool)
    const second = await gunzipUpTo(packed, 300_000, pool)
    expect(second?.bytes.buffer).not.toBe(first?.bytes.buffer)
    first?.release?.()
    const third = await gunzipUpTo(packed, 300_000, pool)
    expect(third?.bytes.buffer).toBe(first?.bytes.buffer)
    expect(Buffer.compare(third?.bytes as Uint8Array, noise(300_000))).toBe(0)
  })

  it('rejects bytes that are no gzip, truncated or damaged, and does not reuse their memory', async () => {
    const pool = new BufferPool()
    const packed = gzipSync(noise(300_000))
    const broken = Buffer.from(packed)
    broken[packed.length >> 1] = (broken[packed.length >> 1] as number) ^ 0x55
    for (const body of [noise(1000), packed.subarray(0, packed.length - 100), broken])
      await expect(gunzipUpTo(body, 300_000, pool)).rejects.toThrow()
    expect(pool.take(300_001).buffer).not.toBe(pool.take(300_001).buffer)
  })
})
