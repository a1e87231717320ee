import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyMemory } from '../../../src/filter/key-memory.js'

const keys = Array.from({ length: 250_000 }, (_, n) => createHash('sha256').update(String(n)).digest())
const keyOf = (n: number) => keys[n] as Buffer

describe('KeyMemory', () => {
  const step = fc.record({ key: fc.nat(60), wait: fc.nat(30), add: fc.boolean() })

  it('remembers what an ordered list does, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 300 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (steps, maxEntries, ttlMs, seed) => {
          const memory = new KeyMemory({ maxEntries, ttlMs, random: () => seed })
          const model = new Map<number, number>()
          let now = 1_700_000_000_000
          for (const { key, wait, add } of steps) {
            now += wait
            for (const [other, time] of model) if (now - time >= ttlMs) model.delete(other)
            expect(memory.has(keyOf(key), now)).toBe(model.has(key))
            if (!add) continue
            memory.add(keyOf(key), now)
            if (!model.has(key)) model.set(key, now)
            const [oldest] = model.keys()
            if (model.size > maxEntries && oldest !== undefined) model.delete(oldest)
            expect(memory.size).toBe(model.size)
            for (let other = 0; other < 60; other++) expect(memory.has(keyOf(other), now)).toBe(model.has(other))
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it('forgets what it is told to, wherever that is, and what comes again is new', () => {
    const change = fc.record({ key: fc.nat(30), wait: fc.nat(30), adds: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 300 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 300 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (changes, maxEntries, ttlMs, seed) => {
          const memory = new KeyMemory({ maxEntries, ttlMs, random: () => seed })
          // In order; what is forgotten keeps its place until it is the oldest.
          const model: { key: number | undefined; time: number }[] = []
          let now = 0
          for (const { key, wait, adds } of changes) {
            now += wait
            const known = model.find((one) => one.key === key && now - one.time < ttlMs)
            if (!adds) {
              memory.delete(keyOf(key))
              for (const one of model) if (one.key === key) one.key = undefined
            } else {
              while (model[0] && (model[0].key === undefined || now - model[0].time >= ttlMs)) model.shift()
              expect(memory.add(keyOf(key), now)).toBe(known !== undefined)
              if (known === undefined && model.length === maxEntries) model.shift()
              if (known === undefined) model.push({ key, time: now })
            }
            const live = model.filter((one) => one.key !== undefined)
            expect(memory.size).toBe(live.length)
            const { count, key: keyAt, time } = memory.snapshot()
            const kept = Array.from({ length: count }, (_, i) => [Buffer.from(keyAt(i)), time(i)])
            expect(kept).toEqual(live.map((one) => [keyOf(one.key as number), one.time]))
            for (let other = 0; other < 31; other++)
              expect(memory.has(keyOf(other), now)).toBe(
                live.some((one) => one.key === other && now - one.time < ttlMs),
              )
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('takes no key for another, not even one that differs in a bit', () => {
    const memory = new KeyMemory({ maxEntries: 10, ttlMs: 1000, random: () => 0.5 })
    const key = keyOf(1)
    memory.add(key, 0)
    expect(memory.has(key, 0)).toBe(true)
    for (let bit = 0; bit < 256; bit++) {
      const other = Buffer.from(key)
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(memory.has(other, 0)).toBe(false)
    }
  })

  it('keeps 100,000 keys in 48 bytes each, forgets the oldest, and never more', () => {
    const memory = new KeyMemory({ maxEntries: 100_000, ttlMs: 1000, random: Math.random })
    expect(memory.byteLength).toBeLessThan(100_000)
    for (let i = 0; i < 250_000; i++) memory.add(keyOf(i), 0)
    expect(memory.size).toBe(100_000)
    expect(memory.byteLength).toBe(100_000 * 48)
    expect(memory.has(keyOf(149_999), 0)).toBe(false)
    for (const i of [150_000, 200_000, 249_999]) expect(memory.has(keyOf(i), 0)).toBe(true)
  })

  it('loses nothing when it grows, wherever its oldest key is', () => {
    for (const expired of [0, 1, 500, 1023]) {
      const memory = new KeyMemory({ maxEntries: 10_000, ttlMs: 1000, random: Math.random })
      for (let i = 0; i < 1024; i++) memory.add(keyOf(i), i < expired ? 0 : 500)
      for (let i = 1024; i < 5000; i++) memory.add(keyOf(i), 1000)
      expect(memory.size).toBe(5000 - expired)
      for (let i = 0; i < 5000; i++) expect([i, memory.has(keyOf(i), 1000)]).toEqual([i, i >= expired])
    }
  })

  it('stays in order when the clock is set back', () => {
    const memory = new KeyMemory({ maxEntries: 10, ttlMs: 100, random: Math.random })
    memory.add(keyOf(1), 10_000)
    memory.add(keyOf(2), 5_000)
    expect(memory.has(keyOf(2), 5_000)).toBe(true)
    memory.add(keyOf(3), 10_100)
    expect(memory.size).toBe(1)
    expect(memory.has(keyOf(3), 10_100)).toBe(true)
  })
})
