import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DistinctCount } from '../../../src/intelligence/distinct-count.js'
import { HashedMemory } from '../../../src/intelligence/hashed-memory.js'
import { KeyReuse } from '../../../src/intelligence/key-reuse.js'
import { PrecertificateWatch } from '../../../src/intelligence/missing-certificates.js'
import { NameCounts } from '../../../src/intelligence/name-counts.js'
import { NameMemory } from '../../../src/intelligence/name-memory.js'
import { NewlySeen } from '../../../src/intelligence/newly-seen.js'
import { Remembered } from '../../../src/intelligence/remembered.js'
import { StringHash } from '../../../src/intelligence/string-hash.js'
import { TimeSeries } from '../../../src/intelligence/time-series.js'
import { type Counter, TopCounts } from '../../../src/intelligence/top-counts.js'
import { SeededRandom } from '../../../src/testing/seeded.js'

const seededRandom = (seed: number) => {
  const random = new SeededRandom(String(seed))
  return () => random.next() / 2 ** 32
}
function wordsOf(text: string): [high: number, low: number] {
  const digest = createHash('sha256').update(text).digest()
  return [digest.readUInt32BE(0), digest.readUInt32BE(4)]
}

describe('TopCounts', () => {
  const stream = fc.array(fc.nat(40).map(String), { maxLength: 2000 })

  it('never counts more than there is, nor less than its error says, and keeps what is frequent', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 50 }), (names, capacity) => {
        const counts = new TopCounts(capacity)
        const exact = new Map<string, number>()
        for (const name of names) {
          counts.add(name)
          exact.set(name, (exact.get(name) ?? 0) + 1)
        }
        const rows = counts.top(1000)
        expect(counts.total).toBe(names.length)
        for (const { name, count, error } of rows) {
          expect(count).toBeLessThanOrEqual(exact.get(name) ?? 0)
          expect(count + error).toBeGreaterThanOrEqual(exact.get(name) ?? 0)
          expect(error).toBeLessThanOrEqual(names.length / capacity)
        }
        const shown = new Set(rows.map(({ name }) => name))
        for (const [name, count] of exact) if (!shown.has(name)) expect(count).toBeLessThanOrEqual(counts.unseen)
        for (const [name, count] of exact) if (count > names.length / capacity) expect(shown).toContain(name)
        if (exact.size <= capacity) {
          const expected = [...exact].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
          expect(rows).toEqual(expected.map(([name, count]) => ({ name, count, error: 0 })))
          expect(counts.unseen).toBe(0)
        }
      }),
    )
  })
})

describe('TopCounts, with counters that the caller keeps', () => {
  it('counts the same as without them, also when another name has taken a counter over', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40).map(String)), fc.integer({ min: 1, max: 50 }), (names, capacity) => {
        const [plain, kept] = [new TopCounts(capacity), new TopCounts(capacity)]
        const counters = new Map<string, Counter>()
        for (const name of names) {
          plain.add(name)
          counters.set(name, kept.add(name, counters.get(name)))
        }
        expect(kept.top(100)).toEqual(plain.top(100))
        expect([kept.total, kept.unseen]).toEqual([plain.total, plain.unseen])
      }),
    )
  })
})

describe('HashedMemory', () => {
  it('remembers what a memory with keys of text remembers, for keys in the same place, too', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 300 }), fc.integer({ min: 1, max: 12 }), (keys, most) => {
        const [hashed, remembered] = [new HashedMemory<object>(most), new Remembered<object>(most)]
        for (const key of keys) {
          const [high, low] = [key & 1 ? -1 : 5, key & 2 ? -8 : key >> 2]
          const text = `${high} ${low}`
          const found = hashed.get(high, low)
          expect(found).toBe(remembered.get(text))
          if (found === undefined) remembered.set(text, hashed.set(high, low, { key }))
        }
      }),
    )
  })
})

describe('NameMemory', () => {
  it('tells names of the same hash apart, as text and as octets', () => {
    class SameHash extends StringHash {
      override of(): this {
        return this
      }
      override ofBytes(): this {
        return this
      }
    }
    const memory = new NameMemory(new SameHash(seededRandom(1)))
    const bytes = Buffer.from('a.example.com b.example.net')
    const first = memory.get('a.example.com')
    expect(memory.get('b.example.net').domain.text).toBe('example.net')
    expect(memory.find(bytes, 14, 27)).toBeUndefined()
    expect(memory.getAt(bytes, 14, 27).domain.text).toBe('example.net')
    expect(memory.find(bytes, 0, 13)).toBe(first)
  })
})

describe('NameCounts', () => {
  it('finds each domain new as often as a filter that is asked for each name, also when it forgets', () => {
    const names = fc.array(fc.array(fc.nat(60), { minLength: 1, maxLength: 4 }), { maxLength: 300 })
    fc.assert(
      fc.property(names, (given) => {
        const memory = new NameMemory(new StringHash(seededRandom(5)))
        const [asked, filter] = [new NewlySeen(10), new NewlySeen(10)]
        const counts = new NameCounts(new TopCounts(100), new TopCounts(100), filter)
        let found = 0
        for (const numbers of given) {
          const known = [...new Set(numbers)].map((i) => memory.get(`www.example-${i}.com`))
          expect(counts.add(known, true)).toEqual(known.map(({ domain }) => domain.high))
          for (const { domain } of known) if (asked.add(domain.high, domain.low)) found += 1
        }
        expect(counts.newDomains).toBe(found)
      }),
    )
  })
})

describe('DistinctCount', () => {
  it.each([0, 1, 10, 1000, 20_000, 300_000])('estimates %i within four times its error', (size) => {
    const hash = new StringHash(seededRandom(size + 1))
    const count = new DistinctCount()
    for (let i = 0; i < size; i++) {
      const { high, low } = hash.of(`www.example-${i}.com`)
      count.add(high, low)
      count.add(high, low)
    }
    expect(Math.abs(count.estimate() - size)).toBeLessThanOrEqual(Math.ceil(size * DistinctCount.error * 4))
  })
})

describe('NewlySeen', () => {
  it('remembers the last ones, as many as it can, and overlooks less than it says', () => {
    const hash = new StringHash(seededRandom(3))
    const seen = new NewlySeen(20_000)
    const isNew = (i: number) => {
      const { high, low } = hash.of(`example-${i}.com`)
      return seen.add(high, low)
    }
    let overlooked = 0
    for (let i = 0; i < 60_000; i++) if (!isNew(i)) overlooked += 1
    expect(overlooked / 60_000).toBeLessThan(NewlySeen.error)
    for (let i = 59_999; i >= 40_000; i--) expect(isNew(i)).toBe(false)
    let forgotten = 0
    for (let i = 0; i < 1000; i++) if (isNew(i)) forgotten += 1
    expect(forgotten).toBeGreaterThan(990)
  })
})

describe('KeyReuse', () => {
  it('reports a key below a domain that was not there, and nothing else', () => {
    const reuse = new KeyReuse(1000)
    expect(reuse.add(...wordsOf('a'), [1])).toBe(false)
    expect(reuse.add(...wordsOf('a'), [1])).toBe(false)
    expect(reuse.add(...wordsOf('a'), [2, 1])).toBe(false)
    expect(reuse.add(...wordsOf('a'), [2])).toBe(true)
    expect(reuse.add(...wordsOf('b'), [2])).toBe(false)
  })

  it('misses, but never invents, when there are more keys than it remembers', () => {
    const keys = fc.array(fc.tuple(fc.nat(300), fc.nat(3)), { maxLength: 500 })
    fc.assert(
      fc.property(keys, (pairs) => {
        const reuse = new KeyReuse(64)
        const exact = new Map<number, Set<number>>()
        for (const [key, domain] of pairs) {
          const domains = exact.get(key) ?? new Set()
          exact.set(key, domains)
          if (reuse.add(...wordsOf(`key ${key}`), [domain]))
            expect([...domains].some((one) => one !== domain)).toBe(true)
          domains.add(domain)
        }
      }),
    )
  })
})

describe('PrecertificateWatch', () => {
  it('tells precertificates whose certificate did not come in time, whichever came first', () => {
    const watch = new PrecertificateWatch(100, 1000)
    watch.add(...wordsOf('both'), 'precertificate', 0)
    watch.add(...wordsOf('alone'), 'precertificate', 0)
    watch.add(...wordsOf('late'), 'precertificate', 0)
    watch.add(...wordsOf('certificate only'), 'certificate', 0)
    watch.add(...wordsOf('reversed'), 'certificate', 1)
    watch.add(...wordsOf('reversed'), 'precertificate', 2)
    watch.add(...wordsOf('both'), 'certificate', 500)
    expect(watch.report(999)).toEqual({ sampled: 0, share: null, error: 0, estimate: 0 })
    watch.add(...wordsOf('late'), 'certificate', 1500)
    expect(watch.report(2000)).toEqual({ sampled: 4, share: 0.5, error: 0, estimate: 2 })
  })

  it('counts an issuance once, when a copy of its precertificate comes late', () => {
    const watch = new PrecertificateWatch(100, 1000)
    watch.add(...wordsOf('both'), 'precertificate', 0)
    watch.add(...wordsOf('both'), 'certificate', 10)
    watch.add(...wordsOf('alone'), 'precertificate', 20)
    watch.add(...wordsOf('certificate only'), 'certificate', 30)
    const settled = { sampled: 2, share: 0.5, error: 0, estimate: 1 }
    expect(watch.report(1100)).toEqual(settled)
    for (const name of ['both', 'alone', 'certificate only']) watch.add(...wordsOf(name), 'precertificate', 1200)
    expect(watch.report(9000)).toEqual(settled)
  })

  it('still knows late copies after it has thinned out, and forgets the oldest issuances first', () => {
    const watch = new PrecertificateWatch(20, 1000)
    const pair = (i: number, now: number) => {
      watch.add(...wordsOf(`${i}`), 'precertificate', now)
      watch.add(...wordsOf(`${i}`), 'certificate', now)
    }
    for (let i = 0; i < 60; i++) pair(i, i)
    const { sampled } = watch.report(2000)
    expect(sampled).toBeGreaterThan(0)
    for (let i = 0; i < 60; i++) watch.add(...wordsOf(`${i}`), 'precertificate', 2000)
    expect(watch.report(4000)).toMatchObject({ sampled, share: 0 })
    for (let i = 100; i < 2000; i++) pair(i, 5000 + i * 1000)
    const { sampled: before } = watch.report(3_000_000)
    for (let i = 0; i < 60; i++) watch.add(...wordsOf(`${i}`), 'precertificate', 3_000_000)
    expect(watch.report(4_000_000).sampled).toBe(before + sampled)
  })

  it('looks at a sample where there are too many, and states the error', () => {
    const watch = new PrecertificateWatch(2000, 1000)
    const count = 50_000
    for (let i = 0; i < count; i++) watch.add(...wordsOf(`${i}`), 'precertificate', 0)
    for (let i = 0; i < count; i++) if (i % 4 !== 0) watch.add(...wordsOf(`${i}`), 'certificate', 1)
    const { sampled, share, error, estimate } = watch.report(5000)
    expect(sampled).toBeLessThanOrEqual(2000)
    expect(sampled).toBeGreaterThan(900)
    expect(Math.abs((share ?? 0) - 0.25)).toBeLessThan(4 * error)
    expect(Math.abs(estimate - count / 4) / count).toBeLessThan(0.1)
  })
})

describe('PrecertificateWatch, against a list of all issuances', () => {
  const steps = fc.array(fc.record({ id: fc.nat(30), isFinal: fc.boolean(), after: fc.nat(40) }), { maxLength: 400 })
  // Few values, so that different issuances share a bucket.
  const hashOf = (id: number): [high: number, low: number] => [(id % 3) * 0x7fffffff, Math.floor(id / 3)]

  it('counts the same where all of them fit in', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 300 }), (given, patience) => {
        const watch = new PrecertificateWatch(31, patience)
        let waiting: { id: number; since: number; kinds: Set<boolean> }[] = []
        // All 31 of them stay known.
        const settled = new Set<number>()
        let now = 0
        const counted = { due: 0, missing: 0 }
        const settle = () => {
          for (const { since, kinds } of waiting)
            if (now - since >= patience && kinds.has(false)) {
              counted.due += 1
              if (!kinds.has(true)) counted.missing += 1
            }
          for (const { id, since } of waiting) if (now - since >= patience) settled.add(id)
          waiting = waiting.filter(({ since }) => now - since < patience)
        }
        for (const { id, isFinal, after } of given) {
          now += after
          settle()
          watch.add(...hashOf(id), isFinal ? 'certificate' : 'precertificate', now)
          const known = waiting.find((one) => one.id === id)
          if (settled.has(id)) continue
          if (known === undefined) waiting.push({ id, since: now, kinds: new Set([isFinal]) })
          else known.kinds.add(isFinal)
        }
        now += patience
        settle()
        const { sampled, estimate } = watch.report(now)
        expect({ due: sampled, missing: estimate }).toEqual(counted)
      }),
    )
  })

  it('never keeps more than it may, and keeps the same part of each issuance', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2000), { minLength: 100, maxLength: 600 }), (ids) => {
        const watch = new PrecertificateWatch(16, 1000)
        for (const [i, id] of ids.entries()) watch.add(...wordsOf(`${id}`), 'precertificate', i)
        for (const [i, id] of ids.entries()) watch.add(...wordsOf(`${id}`), 'certificate', ids.length + i / 10)
        const { sampled, share } = watch.report(5000)
        expect(sampled).toBeLessThanOrEqual(16)
        expect(share ?? 0).toBe(0)
      }),
    )
  })
})

describe('TimeSeries', () => {
  it('loses nothing when its spans grow', () => {
    const steps = fc.array(fc.tuple(fc.nat(100_000), fc.boolean()), { maxLength: 300 })
    fc.assert(
      fc.property(steps, (given) => {
        const series = new TimeSeries()
        let at = 0
        for (const [step, isFinal] of given) {
          at += step
          series.add(at, isFinal ? 'certificate' : 'precertificate')
        }
        const rows = series.report()
        expect(rows.length).toBeLessThanOrEqual(120)
        expect(rows.reduce((sum, row) => sum + row.certificates, 0)).toBe(given.filter(([, isFinal]) => isFinal).length)
        expect(rows.reduce((sum, row) => sum + row.precertificates, 0)).toBe(
          given.filter(([, isFinal]) => !isFinal).length,
        )
        for (const [i, { startMs }] of rows.entries()) expect(startMs).toBe(i * series.spanMs)
        if (given.length > 0) expect(Math.floor(at / series.spanMs)).toBe(rows.length - 1)
      }),
    )
  })
})
