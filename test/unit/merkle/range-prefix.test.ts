import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import { prefixOf } from '../../../src/merkle/range-prefix.js'

const leaves = (count: number) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => createHash('sha256').update(`${i}`).digest()))
const rangeOf = (count: number) => CompactRange.empty.append(leaves(count))

describe('the prefix of a compact range', () => {
  it('is the range of the first leaves, wherever it can be had', () => {
    fc.assert(
      fc.property(fc.nat(600), fc.nat(600), (a, b) => {
        const [size, larger] = [Math.min(a, b), Math.max(a, b)]
        const found = prefixOf(rangeOf(larger), size)
        if (found !== undefined) expect(found).toEqual(rangeOf(size))
      }),
    )
  })

  it('is there for every size within an aligned stretch, but at its end', () => {
    for (const start of [0, 256, 512, 768]) {
      for (const more of [0, 1, 7, 100, 255]) expect(prefixOf(rangeOf(start + more), start)?.size).toBe(start)
      if (start > 0 && start % 512 !== 0) expect(prefixOf(rangeOf(start + 256), start)).toBeUndefined()
    }
  })
})
