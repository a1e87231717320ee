import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type IndexRange, mergedRanges, rangesOutside } from '../../../src/postgres/intervals.js'

const range = fc.tuple(fc.nat(40), fc.nat(12)).map(([start, length]) => ({ start, end: start + length }))
const indexesOf = (ranges: readonly IndexRange[]) => {
  const found = new Set<number>()
  for (const { start, end } of ranges) for (let index = start; index < end; index++) found.add(index)
  return [...found].sort((a, b) => a - b)
}

describe('ranges of indexes', () => {
  it('are merged into the same indexes, apart from each other and in order', () => {
    fc.assert(
      fc.property(fc.array(range), (ranges) => {
        const merged = mergedRanges(ranges)
        expect(indexesOf(merged)).toEqual(indexesOf(ranges))
        for (let i = 1; i < merged.length; i++) expect(merged[i]?.start).toBeGreaterThan(merged[i - 1]?.end ?? -1)
        expect(merged.every(({ start, end }) => start < end)).toBe(true)
      }),
    )
  })

  it('leave out of a range what is in none of them', () => {
    fc.assert(
      fc.property(fc.array(range), range, (ranges, asked) => {
        const covered = new Set(indexesOf(ranges))
        const outside = rangesOutside(ranges, asked)
        expect(indexesOf(outside)).toEqual(indexesOf([asked]).filter((index) => !covered.has(index)))
        expect(mergedRanges(outside)).toEqual(outside)
      }),
    )
  })
})
