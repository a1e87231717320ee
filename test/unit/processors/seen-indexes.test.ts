import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeenIndexes } from '../../../src/processors/seen-indexes.js'

/** What a writer sends that repeats from somewhere before, and of which the queue refuses some the first time. */
const writings = fc.array(
  fc.record({
    back: fc.nat(400),
    length: fc.integer({ min: 1, max: 300 }),
    refused: fc.array(fc.nat(299), { maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 12 },
)

describe('the indexes that were seen of a log', () => {
  it('has each entry once, whatever is refused first and repeated later', () => {
    fc.assert(
      fc.property(writings, fc.nat(10_000), (runs, start) => {
        const seen = new SeenIndexes({ next: start, holes: [] })
        const there = new Set<number>()
        // As the sink does: behind a window in which something was refused it writes that window again, before anything that is new.
        let written = start
        for (const { back, length, refused } of runs) {
          const first = Math.max(start, written - back)
          for (let round = 0; round < 2; round++)
            for (let index = first; index < first + length; index++) {
              if (round === 0 && refused.includes(index - first)) continue
              const place = seen.take(index)
              expect(place === 'repeated').toBe(there.has(index))
              there.add(index)
            }
          written = Math.max(written, first + length)
        }
        expect([...there].sort((a, b) => a - b)).toEqual(Array.from({ length: written - start }, (_, i) => start + i))
      }),
    )
  })

  it('says what is late, and forgets nothing of it when it is stored in between', () => {
    const seen = new SeenIndexes({ next: 10, holes: [] })
    expect([10, 11, 15, 11, 16].map((index) => seen.take(index))).toEqual(['new', 'new', 'new', 'repeated', 'new'])
    expect(seen.state(12, [])).toEqual({ next: 12, holes: [] })
    expect(seen.state(17, [])).toEqual({ next: 17, holes: [[12, 15]] })
    expect(seen.take(13)).toBe('late')
    expect(seen.state(17, [13])).toEqual({
      next: 17,
      holes: [
        [12, 13],
        [13, 14],
        [14, 15],
      ],
    })
    const again = new SeenIndexes(seen.state(17, []))
    expect([12, 13, 14, 12, 17].map((index) => again.take(index))).toEqual([
      'late',
      'repeated',
      'late',
      'repeated',
      'new',
    ])
  })

  it('begins with the first entry that comes, and takes those that were refused before it', () => {
    const seen = new SeenIndexes()
    expect([5000, 4999, 4400, 5000].map((index) => seen.take(index))).toEqual(['new', 'late', 'repeated', 'repeated'])
  })

  it('takes what comes at its own index behind a message under a false one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 2 ** 40 }), fc.nat(50), (far, stored) => {
        let seen = new SeenIndexes({ next: 100, holes: [] })
        expect(seen.take(far)).toBe('new')
        for (let index = 100; index < 150; index++) {
          if (index - 100 === stored) seen = new SeenIndexes(seen.state(far + 1, []))
          expect(seen.take(index)).toBe(index === far ? 'repeated' : index < far ? 'late' : 'new')
        }
      }),
    )
  })

  it('remembers a bounded number of holes', () => {
    const seen = new SeenIndexes()
    for (let i = 0; i < 5000; i++) seen.take(2 * i)
    expect(seen.state(20_000, []).holes.length).toBe(512)
    const split = new SeenIndexes({ next: 0, holes: [] })
    split.take(1_000_000)
    for (let i = 0; i < 5000; i++) split.take(2 * i + 1)
    expect(split.state(1_000_001, []).holes.length).toBe(512)
  })
})
