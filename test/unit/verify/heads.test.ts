import { describe, expect, it } from 'vitest'
import type { SignedHead } from '../../../src/types/log.js'
import { Heads } from '../../../src/verify/heads.js'
import { LOG, leafOf } from '../../support/memory-log.js'
import { MTH, PROOF } from '../merkle/reference.js'

const leavesTo = (n: number) => Array.from({ length: n }, (_, i) => leafOf(i))
const headOf = (treeSize: number, timestamp = treeSize, leaves = leavesTo(treeSize)): SignedHead => ({
  treeSize,
  timestamp,
  rootHash: MTH(leaves),
  signature: new Uint8Array(4),
})

function honestHeads(isPremature?: (head: SignedHead) => boolean) {
  const asked: [number, number][] = []
  const heads = new Heads(
    LOG,
    async (first, second) => {
      asked.push([first, second.treeSize])
      return PROOF(first, leavesTo(second.treeSize))
    },
    isPremature,
  )
  return { heads, asked }
}

describe('Heads', () => {
  it('remembers a tree it accused once, however often', async () => {
    const { heads } = honestHeads()
    const forkOf = (n: number) => ({ ...headOf(5, n), rootHash: new Uint8Array(32).fill(n) })
    const accuse = async (head: SignedHead) => {
      await expect(heads.adopt(head, 5)).rejects.toMatchObject({ code: 'CT_HEAD_CONFLICT' })
      heads.accuse()
      heads.rewind()
    }
    const remembered = () => Array.from({ length: 200 }, (_, n) => n).filter((n) => heads.wasAccused(forkOf(n)))
    await heads.adopt(headOf(5), 0)
    heads.confirm()
    await accuse(forkOf(1))
    for (let i = 0; i < 500; i++) await accuse({ ...forkOf(2), timestamp: i })
    expect(remembered()).toEqual([1, 2])
    // Of ever more trees, those met last.
    for (let n = 3; n < 200; n++) {
      await accuse(forkOf(1))
      await accuse(forkOf(n))
    }
    expect(remembered()).toHaveLength(64)
    expect(remembered().slice(0, 1).concat(remembered().slice(-1))).toEqual([1, 199])
  })

  it('accepts the first head, and larger ones that the next entries will prove, without a request', async () => {
    const { heads, asked } = honestHeads()
    expect(await heads.adopt(headOf(10), 0)).toBe(true)
    heads.confirm()
    expect(await heads.adopt(headOf(20), 10)).toBe(true)
    expect(heads.pending.map((h) => h.treeSize)).toEqual([20])
    expect(heads.verified?.treeSize).toBe(10)
    heads.confirm()
    expect(heads.verified?.treeSize).toBe(20)
    expect(asked).toEqual([])
  })

  it('has a larger head proven when reading is not that far', async () => {
    const { heads, asked } = honestHeads()
    await heads.adopt(headOf(10), 0)
    expect(await heads.adopt(headOf(20), 5)).toBe(true)
    expect(asked).toEqual([[10, 20]])
  })

  it('asks nothing of equal heads, and takes the newer time', async () => {
    const { heads, asked } = honestHeads()
    await heads.adopt(headOf(10, 1), 0)
    heads.confirm()
    expect(await heads.adopt(headOf(10, 1), 0)).toBe(false)
    expect(await heads.adopt(headOf(10, 5), 0)).toBe(true)
    expect(heads.newest?.timestamp).toBe(5)
    expect(heads.verified?.timestamp).toBe(5)
    expect(asked).toEqual([])
  })

  it('of equal heads, prefers one that is not signed ahead of time', async () => {
    const { heads } = honestHeads(({ timestamp }) => timestamp >= 100)
    const adopt = async (timestamp: number) => [await heads.adopt(headOf(10, timestamp), 0), heads.newest?.timestamp]
    expect(await adopt(200)).toEqual([true, 200])
    expect(await adopt(150)).toEqual([false, 200])
    expect(await adopt(300)).toEqual([true, 300])
    heads.confirm()
    expect(await adopt(50)).toEqual([true, 50])
    expect(heads.verified?.timestamp).toBe(50)
    expect(await adopt(400)).toEqual([false, 50])
    expect(await adopt(60)).toEqual([true, 60])
    // A larger tree is a newer head whenever it was signed.
    expect(await heads.adopt(headOf(20, 500), 10)).toBe(true)
    expect(heads.newest?.treeSize).toBe(20)
  })

  it('checks a smaller head once, and stays where it is', async () => {
    const { heads, asked } = honestHeads()
    await heads.adopt(headOf(20), 0)
    expect(await heads.adopt(headOf(13), 20)).toBe(false)
    expect(await heads.adopt(headOf(13), 20)).toBe(false)
    expect(await heads.adopt(headOf(0), 20)).toBe(false)
    expect(asked).toEqual([[13, 20]])
    expect(heads.newest?.treeSize).toBe(20)
  })

  it('finds two roots for one size', async () => {
    const { heads } = honestHeads()
    await heads.adopt(headOf(10), 0)
    const other = headOf(10, 11, leavesTo(11).slice(1))
    await expect(heads.adopt(other, 10)).rejects.toMatchObject({ code: 'CT_HEAD_CONFLICT', index: 10 })
    expect(heads.disputed.head).toBe(other)
  })

  it('checks every smaller head, also one with the root of another', async () => {
    const { heads, asked } = honestHeads()
    await heads.adopt(headOf(20), 0)
    heads.confirm()
    expect(await heads.adopt(headOf(13), 20)).toBe(false)
    const liar = { ...headOf(12), rootHash: headOf(13).rootHash }
    await expect(heads.adopt(liar, 20)).rejects.toMatchObject({ code: 'CT_CONSISTENCY' })
    expect(asked).toEqual([
      [13, 20],
      [12, 20],
    ])
    expect(heads.disputed).toMatchObject({ head: liar, against: { treeSize: 20 } })
  })

  it.each(['compared', 'not to be compared'])('finds two roots for one size below, %s', async (how) => {
    const heads = new Heads(LOG, async (first, second) =>
      how === 'compared' ? PROOF(first, leavesTo(second.treeSize)) : undefined,
    )
    await heads.adopt(headOf(20), 0)
    heads.confirm()
    await heads.adopt(headOf(13), 20)
    const other = headOf(13, 14, leavesTo(14).slice(1))
    await expect(heads.adopt(other, 20)).rejects.toMatchObject({ code: 'CT_HEAD_CONFLICT', index: 13 })
    expect(heads.disputed).toMatchObject({ head: other, against: { treeSize: 13, timestamp: 13 } })
  })

  it('detects another root for the verified size while it reads up to a larger head', async () => {
    const { heads } = honestHeads()
    await heads.adopt(headOf(20), 0)
    heads.confirm()
    await heads.adopt(headOf(40), 20)
    const other = headOf(20, 21, leavesTo(21).slice(1))
    await expect(heads.adopt(other, 20)).rejects.toMatchObject({ code: 'CT_HEAD_CONFLICT', index: 20 })
  })

  it('sets a head aside that cannot be compared, goes on by the one before, and compares it later', async () => {
    const asked: [number, number][] = []
    let isServed = false
    const heads = new Heads(LOG, async (first, second) => {
      asked.push([first, second.treeSize])
      return isServed || second.treeSize === 30 ? PROOF(first, leavesTo(second.treeSize)) : undefined
    })
    await heads.adopt(headOf(10), 0)
    heads.confirm()
    expect(await heads.adopt(headOf(20), 5)).toBe(false)
    expect([heads.newest?.treeSize, heads.largest?.treeSize]).toEqual([10, 20])
    expect(heads.pending.map(({ treeSize }) => treeSize)).toEqual([20])
    // Back to the last verified head, or a restart: it is not forgotten.
    heads.rewind()
    expect(heads.pending).toHaveLength(1)
    expect(await heads.adopt(headOf(30), 10)).toBe(true)
    await heads.checkUnserved()
    expect(heads.pending.map(({ treeSize }) => treeSize)).toEqual([20, 30])
    heads.confirm()
    await heads.checkUnserved()
    expect(heads.pending).toEqual([])
    expect(asked).toEqual([
      [10, 20],
      [20, 30],
    ])
    isServed = true
    expect(await heads.adopt(headOf(20), 30)).toBe(false)
    expect(asked).toHaveLength(2)
  })

  it('finds out, when it can be compared, that a head set aside was of another tree', async () => {
    const forked = headOf(20, 20, leavesTo(21).slice(1))
    const heads = new Heads(LOG, async (first, second) =>
      second === forked ? undefined : PROOF(first, leavesTo(second.treeSize)),
    )
    await heads.adopt(headOf(10), 0)
    heads.confirm()
    await heads.adopt(forked, 5)
    await heads.adopt(headOf(30), 10)
    heads.confirm()
    await expect(heads.checkUnserved()).rejects.toMatchObject({ code: 'CT_CONSISTENCY' })
    expect(heads.disputed).toMatchObject({ head: forked, against: { treeSize: 30 } })
    heads.accuse()
    await heads.checkUnserved()
    expect(heads.pending).toEqual([])
  })

  it.each([true, false])(
    'goes by a head that was set aside again only when its end is served: %s',
    async (isServed) => {
      const heads = new Heads(
        LOG,
        async () => undefined,
        undefined,
        async () => isServed,
      )
      await heads.adopt(headOf(10), 0)
      heads.confirm()
      expect(await heads.adopt(headOf(20), 10)).toBe(true)
      heads.setAside()
      expect(heads.newest?.treeSize).toBe(10)
      expect(await heads.adopt(headOf(20, 21), 10)).toBe(isServed)
      expect(heads.newest?.treeSize).toBe(isServed ? 20 : 10)
      expect(heads.pending.map(({ treeSize }) => treeSize)).toEqual([20])
    },
  )

  it('remembers sixteen heads set aside, the oldest ones', async () => {
    const heads = new Heads(LOG, async () => undefined)
    await heads.adopt(headOf(10), 0)
    heads.confirm()
    for (let size = 20; size < 60; size++) await heads.adopt(headOf(size), 5)
    expect(heads.pending.map(({ treeSize }) => treeSize)).toEqual(Array.from({ length: 16 }, (_, i) => 20 + i))
  })

  it.each([
    ['larger', 30],
    ['smaller', 7],
  ])('finds a %s head of another history', async (_, size) => {
    const { heads } = honestHeads()
    await heads.adopt(headOf(20), 0)
    const forked = headOf(size, size, leavesTo(size + 1).slice(1))
    await expect(heads.adopt(forked, 0)).rejects.toMatchObject({ code: 'CT_CONSISTENCY' })
    expect(heads.disputed.proof).toBeDefined()
  })

  it('knows the root of the empty tree', async () => {
    const { heads } = honestHeads()
    await heads.adopt(headOf(20), 0)
    const wrong = { ...headOf(0), rootHash: new Uint8Array(32) }
    await expect(heads.adopt(wrong, 20)).rejects.toMatchObject({ code: 'CT_ROOT_MISMATCH' })
    await expect(honestHeads().heads.adopt(wrong, 0)).rejects.toMatchObject({ code: 'CT_ROOT_MISMATCH' })
    expect(await honestHeads().heads.adopt(headOf(0), 0)).toBe(true)
  })

  it('goes back to the verified head, and knows again what was laid at the door of the log', async () => {
    const { heads } = honestHeads()
    await heads.adopt(headOf(10), 0)
    heads.confirm()
    const wrong = headOf(20, 20, leavesTo(21).slice(1))
    await heads.adopt(wrong, 10)
    heads.accuse()
    heads.rewind()
    expect(heads.newest?.treeSize).toBe(10)
    expect(heads.wasAccused(wrong)).toBe(true)
    expect(heads.wasAccused(headOf(20))).toBe(false)
  })

  it('proves nothing in the weaker modes', async () => {
    const { heads, asked } = honestHeads()
    await heads.adopt(headOf(20), undefined)
    await heads.adopt(headOf(40), undefined)
    await heads.adopt(headOf(30), undefined)
    expect(asked).toEqual([])
    expect(heads.pending).toEqual([])
  })
})
