import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import { type ProvenPart, treeProblem } from '../../../src/verify/one-tree.js'

/** The first leaves of a tree, in which one leaf may be another's. */
const rangeOf = (size: number, forged = -1) =>
  CompactRange.empty.append(
    Buffer.concat(
      Array.from({ length: size }, (_, i) =>
        createHash('sha256')
          .update(i === forged ? 'another' : `${i}`)
          .digest(),
      ),
    ),
  )

const partsOf = (bounds: readonly number[]): ProvenPart[] =>
  bounds.slice(1).map((end, i) => {
    const start = bounds[i] ?? 0
    return { start, end, before: rangeOf(start), through: rangeOf(end) }
  })
const bounds = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { minLength: 2, maxLength: 6 }).map((all) => {
  return all.sort((a, b) => a - b)
})

describe('parts of a tree that were proven one by one', () => {
  it('are one tree when all of them are of it', () => {
    fc.assert(
      fc.property(bounds, (all) => {
        expect(treeProblem(partsOf(all), rangeOf(all.at(-1) ?? 0))).toBeUndefined()
      }),
      { numRuns: 30 },
    )
  })

  it('are not, when the reader of any one of them was served another leaf of what it read or what came before', () => {
    fc.assert(
      fc.property(bounds, fc.nat(), fc.nat(), (all, a, b) => {
        const parts = partsOf(all)
        const at = a % parts.length
        const part = parts[at] as ProvenPart
        const forged = b % part.end
        const liar = { ...part, before: rangeOf(part.start, forged), through: rangeOf(part.end, forged) }
        const problem = treeProblem(parts.with(at, liar), rangeOf(all.at(-1) ?? 0))
        expect(problem).toMatch(/^two trees meet at entry \d+|^what was read up to entry \d+ is not a part/)
      }),
      { numRuns: 60 },
    )
  })

  it('are not when one is missing, not finished, or does not say where it began', () => {
    const [a, b, c] = partsOf([0, 64, 128, 192]) as [ProvenPart, ProvenPart, ProvenPart]
    const signed = rangeOf(192)
    expect(treeProblem([a, c], signed)).toBe('no part has the entries from 64 to 128')
    expect(treeProblem([a, { ...b, through: undefined }, c], signed)).toMatch(/not proven to their end/)
    expect(treeProblem([a, { ...b, before: undefined }, c], signed)).toMatch(/what comes before entry 64/)
    expect(treeProblem([], signed)).toBe('there are no parts')
    expect(treeProblem([a, b], signed)).toMatch(/not a part of the tree/)
  })
})
