import { expect, it, vi } from 'vitest'
import { BodyCollector } from '../../../src/http/body-collector.js'
import { BufferPool } from '../../../src/util/buffer-pool.js'

const MIB = 1024 * 1024

it('reuses a buffer only after it was returned', () => {
  const pool = new BufferPool()
  const first = pool.take(MIB)
  expect(pool.take(MIB).buffer).not.toBe(first.buffer)
  pool.give(first)
  expect(pool.take(MIB - 1000).buffer).toBe(first.buffer)
  expect(pool.take(MIB).buffer).not.toBe(first.buffer)
})

it('gives what was asked for, whatever was given back', () => {
  const pool = new BufferPool()
  for (const length of [1, 5 * MIB, 65_536, 300_000, 2 * MIB, 0]) {
    const buffer = pool.take(length)
    expect(buffer.length).toBeGreaterThanOrEqual(length)
    pool.give(buffer)
  }
})

it('reuses a somewhat larger buffer, but no large one for a small request', () => {
  const pool = new BufferPool()
  const [large, larger] = [pool.take(8 * MIB), pool.take(1.2 * MIB)]
  pool.give(large)
  pool.give(larger)
  expect(pool.take(300_000).buffer).not.toBe(large.buffer)
  expect(pool.take(MIB).buffer).toBe(larger.buffer)
})

it('makes no buffer that is much larger than what is counted for it', () => {
  const pool = new BufferPool()
  for (const length of [65_536, 100_000, 257 * 1024, 300_000, MIB + 1, 1.7 * MIB, 9 * MIB])
    expect(pool.take(length).length).toBeLessThanOrEqual(Math.max(length * 1.125, length + 32 * 1024))
})

it('keeps a dozen unused pages, not all that a busy moment needed', () => {
  const pool = new BufferPool()
  const taken = Array.from({ length: 64 }, () => pool.take(MIB))
  for (const buffer of taken) pool.give(buffer)
  const again = Array.from({ length: 64 }, () => pool.take(MIB))
  // Their numbers, because comparing them would compare their bytes.
  const kept = again.map((buffer) => taken.indexOf(buffer)).filter((at) => at !== -1)
  expect(kept).toEqual(Array.from({ length: 16 }, (_, i) => 63 - i))
})

it.runIf('transfer' in ArrayBuffer.prototype)(
  'frees what it does not keep at once, without the garbage collector',
  () => {
    const pool = new BufferPool()
    const taken = [pool.take(20 * MIB), ...Array.from({ length: 20 }, () => pool.take(MIB))]
    for (const buffer of taken) pool.give(buffer)
    expect(taken.filter(({ buffer }) => buffer.byteLength > 0)).toHaveLength(16)
    pool.clear()
    expect(taken.filter(({ buffer }) => buffer.byteLength > 0)).toHaveLength(0)
  },
)

it('frees buffers that were unused for a while', () => {
  vi.useFakeTimers()
  try {
    const pool = new BufferPool()
    const taken = Array.from({ length: 8 }, () => pool.take(MIB))
    for (const buffer of taken) pool.give(buffer)
    const lent = (count: number) => {
      const again = Array.from({ length: count }, () => pool.take(MIB))
      for (const buffer of again) pool.give(buffer)
      return again.filter(({ buffer }) => taken.some((other) => other.buffer === buffer)).length
    }
    vi.advanceTimersByTime(10_000)
    expect(lent(3)).toBe(3)
    vi.advanceTimersByTime(10_000)
    expect(lent(8)).toBe(3)
    vi.advanceTimersByTime(30_000)
    expect(lent(8)).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

it('has bodies of unknown length grow in its memory, and gives back what they outgrow', () => {
  const pool = new BufferPool()
  const body = new BodyCollector(10 * MIB, undefined, pool)
  const piece = Buffer.alloc(100_000, 'piece')
  for (let i = 0; i < 30; i++) body.push(piece)
  const bytes = body.bytes()
  expect(Buffer.compare(bytes, Buffer.alloc(3_000_000, 'piece'))).toBe(0)
  expect(pool.take(MIB).buffer).not.toBe(bytes.buffer)
  body.release()
  expect(pool.take(bytes.buffer.byteLength).buffer).toBe(bytes.buffer)
})

it('gets a body back once, however often it is released', () => {
  const pool = new BufferPool()
  const body = new BodyCollector(10 * MIB, MIB, pool)
  body.push(Buffer.alloc(MIB))
  const { buffer } = body.bytes()
  body.release()
  body.release()
  expect(pool.take(MIB).buffer).toBe(buffer)
  expect(pool.take(MIB).buffer).not.toBe(buffer)
})
