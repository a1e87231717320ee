import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import type { SignedHead } from '../../../src/types/log.js'
import { HeldEntries } from '../../../src/verify/held-entries.js'
import { batchOf, leafOf } from '../../support/memory-log.js'
import { leafHashesOf, MTH, PROOF } from '../merkle/reference.js'

const leavesTo = (n: number) => Array.from({ length: n }, (_, i) => leafOf(i))
const headOf = (treeSize: number): SignedHead => ({
  treeSize,
  timestamp: 0,
  rootHash: MTH(leavesTo(treeSize)),
  signature: new Uint8Array(4),
})
const rangeOf = (n: number) => CompactRange.empty.append(leafHashesOf(leavesTo(n)), n)

describe('HeldEntries', () => {
  it('proves the held pages by a head of their end, from any start', () => {
    for (const start of [0, 1, 2, 3, 7, 8, 9, 64]) {
      const held = new HeldEntries<string>(rangeOf(start))
      held.hold(batchOf(start, 5), 'a')
      held.hold(batchOf(start + 5, 8), 'b')
      const proven = held.proveByHead(headOf(start + 13))
      expect(proven.map((p) => [p.batch.start, p.payload])).toEqual([
        [start, 'a'],
        [start + 5, 'b'],
      ])
      expect(proven.map((p) => p.rangeBefore)).toEqual([rangeOf(start), rangeOf(start + 5)])
      expect(proven[1]?.rangeAfter).toEqual(rangeOf(start + 13))
      expect(held.pages).toBe(0)
      expect(held.end).toBe(start + 13)
    }
  })

  it('proves a page by the root of its subtree where that is known, and not by a wrong one', () => {
    const leaves = leavesTo(24)
    for (const [start, count] of [
      [8, 8],
      [16, 8],
      [5, 1],
    ] as const) {
      const root = MTH(leaves.slice(start, start + count))
      const held = new HeldEntries<undefined>(rangeOf(start))
      held.hold(Object.assign(batchOf(start, count), { subtreeRoot: root }), undefined)
      expect(held.proveByHead(headOf(start + count))[0]?.rangeAfter).toEqual(rangeOf(start + count))
      const wrong = new HeldEntries<undefined>(rangeOf(start))
      wrong.hold(Object.assign(batchOf(start, count), { subtreeRoot: root.map((octet) => octet ^ 1) }), undefined)
      expect(() => wrong.proveByHead(headOf(start + count))).toThrow(/do not hash to the root/)
    }
  })

  it('proves the held pages by a consistency proof to a larger head', () => {
    const held = new HeldEntries<undefined>(CompactRange.empty)
    held.hold(batchOf(0, 37), undefined)
    expect(held.proveByConsistency(headOf(100), PROOF(37, leavesTo(100)))).toHaveLength(1)
    expect(held.provenRange.size).toBe(37)
  })

  it('hands nothing on that does not hash to the root, and can begin again', () => {
    const held = new HeldEntries<undefined>(rangeOf(4))
    held.hold(
      batchOf(4, 4, (i) => leafOf(i === 6 ? 600 : i)),
      undefined,
    )
    expect(() => held.proveByHead(headOf(8))).toThrow(expect.objectContaining({ code: 'CT_ROOT_MISMATCH', index: 8 }))
    expect(() => held.proveByConsistency(headOf(20), PROOF(8, leavesTo(20)))).toThrow(
      expect.objectContaining({ code: 'CT_CONSISTENCY' }),
    )
    expect(held.leafHashes()).toHaveLength(4)
    expect(held.discard()).toHaveLength(1)
    expect(held.end).toBe(4)
    held.hold(batchOf(4, 4), undefined)
    expect(held.proveByHead(headOf(8))).toHaveLength(1)
  })

  it('refuses a page that does not follow', () => {
    const held = new HeldEntries<undefined>(rangeOf(4))
    for (const start of [3, 5]) expect(() => held.hold(batchOf(start, 1), undefined)).toThrow(/do not follow 4/)
  })

  it('refuses a head of another size', () => {
    const held = new HeldEntries<undefined>(CompactRange.empty)
    held.hold(batchOf(0, 3), undefined)
    expect(() => held.proveByHead(headOf(4))).toThrow(expect.objectContaining({ code: 'CT_ROOT_MISMATCH' }))
  })

  it('is not fooled by any single wrong leaf', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), fc.nat(27), fc.nat(7), (size, which, byte, bit) => {
        const wrong = which % size
        const flipped = (i: number) => {
          const leaf = leafOf(i)
          if (i === wrong) leaf[byte] = (leaf[byte] as number) ^ (1 << bit)
          return leaf
        }
        const held = new HeldEntries<undefined>(CompactRange.empty)
        held.hold(batchOf(0, size, flipped), undefined)
        expect(() => held.proveByHead(headOf(size))).toThrow()
      }),
    )
  })
})
