import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { MAX_LOOKED, Siblings } from '../../../src/watchlist/siblings.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'

afterEach(() => {
  vi.restoreAllMocks()
})

const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `q${i}x${i % 7}.com`)

describe('names of yours that a part of a label may stand for', () => {
  const watchlist = Watchlist.of({ own: [...many(100_000), '=only.com', '*.below.com'] })
  const rules = (name: string) => watchlist.match(name).map(({ rule }) => rule)

  it.each([
    ['q1234*.com', 11],
    ['q12345x*.com', 1],
    ['*q99999x?.com', 0],
    ['*99999x4.com', 1],
    ['q1*x*.com', 1],
    ['*1*2*3*.com', 1],
    ['?.com', 100],
    ['*.com', 100],
    ['nothing*.com', 0],
  ])('%s is compared with few of a hundred thousand', (name, found) => {
    const label = vi.spyOn(Siblings.prototype, 'label')
    const got = rules(name)
    expect(label.mock.calls.length).toBeLessThanOrEqual(MAX_LOOKED + 4 * 20)
    expect(got.length).toBeGreaterThanOrEqual(found)
  })

  it('reports all that fit', () => {
    expect(rules('q1234*.com').sort()).toEqual(
      many(100_000)
        .filter((name) => name.startsWith('q1234'))
        .sort(),
    )
    expect(rules('onl*.com')).toEqual(['only.com'].map((name) => `=${name}`))
    expect(rules('x.belo*.com')).toEqual(['*.below.com'])
    expect(rules('x.onl*.com')).toEqual([])
    expect(rules('belo*.com')).toEqual([])
  })

  it('reports as possible what nobody looked at', () => {
    // Fits none, which only a look at all of them would show.
    const [match] = watchlist.match('q*zzz*x1.com')
    expect(match).toMatchObject({ kind: 'own', score: 50 })
    expect(match?.reasons[0]?.text).toMatch(/may be taken for one of your names below com/)
  })

  it('are those that a look at each finds, however many there are', () => {
    const label = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 5 })
    // Names that no pattern fits, so that the others are sorted.
    const others = Array.from({ length: MAX_LOOKED + 1 }, (_, i) => `z${i}z.com`)
    fc.assert(
      fc.property(
        fc.uniqueArray(label, { maxLength: 12 }),
        fc.array(pattern, { minLength: 1, maxLength: 8 }),
        (labels, patterns) => {
          const own = labels.map((one) => `${one}.com`)
          const few = Watchlist.of({ own: [...own, 'z.com'] })
          const sorted = Watchlist.of({ own: [...own, 'z.com', ...others] })
          for (const text of patterns.filter((one) => /^[ab]|[ab]$/.test(one)))
            for (const name of [`${text}.com`, `x.${text}.com`]) {
              const expected = few.match(name).map(({ rule }) => rule)
              expect(
                sorted
                  .match(name)
                  .map(({ rule }) => rule)
                  .sort(),
                name,
              ).toEqual(expected.sort())
            }
        },
      ),
      { numRuns: 60 },
    )
  })
})
