import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import type { SignedHead } from '../../../src/types/log.js'
import { type AskFrontier, firstFaulty, isFork } from '../../../src/verify/fault.js'
import { HeldEntries } from '../../../src/verify/held-entries.js'
import { batchOf, leafOf } from '../../support/memory-log.js'
import { leafHashesOf, MTH } from '../merkle/reference.js'

const SIZE = 120
const headOf = (treeSize: number, leaf = leafOf): SignedHead => ({
  treeSize,
  timestamp: treeSize,
  rootHash: MTH(Array.from({ length: treeSize }, (_, i) => leaf(i))),
  signature: new Uint8Array(4),
})

/** What a log answers that has these leaves. */
const frontierOf =
  (leaf: (i: number) => Uint8Array, asked: number[] = []): AskFrontier =>
  async (index) => {
    asked.push(index)
    let range = CompactRange.empty
    for (let i = 0; i < index; i++) range = range.append(leafHashesOf([leaf(i)]))
    return range
  }

/** Another leaf from `at` on. */
const forkedAt = (at: number) => (i: number) => (i < at ? leafOf(i) : leafOf(i + 1_000))

describe('isFork', () => {
  it('finds two trees of which one does not continue the other, whatever their sizes', async () => {
    const size = fc.integer({ min: 1, max: SIZE })
    await fc.assert(
      fc.asyncProperty(size, size, fc.nat(SIZE), async (a, b, at) => {
        const forked = forkedAt(at)
        const [smaller, larger] = [headOf(Math.min(a, b)), headOf(Math.max(a, b), forked)]
        expect(await isFork(larger, smaller, frontierOf(forked))).toBe(at < smaller.treeSize)
      }),
      { numRuns: 40 },
    )
  })

  it('knows nothing when the log gives no answer', async () => {
    const failure = new Error('no answer')
    await expect(isFork(headOf(3), headOf(5), () => Promise.reject(failure))).rejects.toBe(failure)
  })
})

describe('firstFaulty', () => {
  it('is the first page with an entry that is not of the tree', async () => {
    const page = fc.integer({ min: 1, max: 20 })
    await fc.assert(
      fc.asyncProperty(fc.array(page, { minLength: 1, maxLength: 8 }), fc.nat(SIZE), async (lengths, wrong) => {
        const held = new HeldEntries<number>(CompactRange.empty)
        for (const [i, length] of lengths.entries())
          held.hold(
            batchOf(held.end, length, (at) => leafOf(at === wrong ? at + 1_000 : at)),
            i,
          )
        const expected = held.batches.findIndex(
          ({ batch }) => wrong >= batch.start && wrong < batch.start + batch.length,
        )
        const asked: number[] = []
        const found = await firstFaulty(held.batches, headOf(held.end), frontierOf(leafOf, asked))
        expect(found?.payload).toBe(expected < 0 ? undefined : expected)
        expect(asked.length).toBeLessThanOrEqual(4)
      }),
      { numRuns: 40 },
    )
  })
})
