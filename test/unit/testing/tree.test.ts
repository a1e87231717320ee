import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifyConsistency } from '../../../src/merkle/consistency.js'
import { verifyInclusion } from '../../../src/merkle/inclusion.js'
import { hashLeaf, TestTree } from '../../../src/testing/tree.js'
import { describeReal, realBytes, realJson } from '../../real-data.js'
import { customaryLeaves, customaryRoots } from '../merkle/reference.js'

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')

const eight = (): TestTree => {
  const tree = new TestTree()
  for (const leaf of customaryLeaves) tree.append(hashLeaf(Buffer.from(leaf, 'hex')))
  return tree
}

const numbered = (size: number): TestTree => {
  const tree = new TestTree()
  for (let i = 0; i < size; i++) tree.append(hashLeaf(Buffer.from(String(i))))
  return tree
}

describe('TestTree', () => {
  it('has the customary roots at every size', () => {
    const tree = eight()
    expect(customaryRoots.map((_, size) => hex(tree.root(size)))).toEqual(customaryRoots)
  })

  it('has the customary inclusion and consistency proofs', () => {
    const tree = eight()
    expect(tree.inclusion(5, 8).map(hex)).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ])
    expect(tree.consistency(6, 8).map(hex)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ])
    expect(tree.consistency(3, 7).map(hex)).toEqual([
      '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
      '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      '837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e',
    ])
    expect(tree.consistency(0, 8)).toEqual([])
    expect(tree.consistency(8, 8)).toEqual([])
  })

  it('proves every entry and every pair of sizes up to 70 to the verifier, which shares no code with it', () => {
    const tree = numbered(70)
    for (let size = 1; size <= 70; size++) {
      const root = tree.root(size)
      for (let index = 0; index < size; index++)
        verifyInclusion(tree.leafHash(index), index, size, tree.inclusion(index, size), root)
      for (let first = 1; first <= size; first++)
        verifyConsistency(first, size, tree.consistency(first, size), tree.root(first), root)
    }
  })

  it('proves random entries and sizes of a tree of 70,000', () => {
    const tree = numbered(70_000)
    const sizes = fc.tuple(fc.integer({ min: 1, max: 70_000 }), fc.integer({ min: 1, max: 70_000 }))
    fc.assert(
      fc.property(sizes, ([a, b]) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)]
        verifyConsistency(first, second, tree.consistency(first, second), tree.root(first), tree.root(second))
        const proof = tree.inclusion(first - 1, second)
        verifyInclusion(tree.leafHash(first - 1), first - 1, second, proof, tree.root(second))
      }),
    )
    // Tiles of C2SP static-ct-api's own example: 273 full and one of 112; 1 full and one of 17; one of 1.
    expect(tree.tile(0, 272)?.length).toBe(8192)
    expect(tree.tile(0, 273, 112)?.length).toBe(112 * 32)
    expect(tree.tile(0, 273, 113)).toBeUndefined()
    expect(hex(tree.tile(1, 0, 1))).toBe(hex(tree.root(256)))
    expect(tree.tile(1, 1, 17)?.length).toBe(17 * 32)
    expect(hex(tree.tile(2, 0, 1))).toBe(hex(tree.root(65_536)))
    expect(tree.tile(2, 0, 2)).toBeUndefined()
    expect(tree.tile(5, 0, 1)).toBeUndefined()
  })

  it('copies a prefix that grows on its own', () => {
    const tree = numbered(100)
    const copy = tree.copy(60)
    copy.append(hashLeaf(Buffer.from('other')))
    expect(copy.size).toBe(61)
    expect(hex(copy.root(60))).toBe(hex(tree.root(60)))
    expect(hex(copy.root())).not.toBe(hex(tree.root(61)))
    expect(hex(tree.root(100))).toBe(hex(numbered(100).root()))
  })

  it('refuses sizes and indexes it does not have', () => {
    const tree = numbered(3)
    for (const call of [
      () => tree.root(4),
      () => tree.root(-1),
      () => tree.root(Number.NaN),
      () => tree.inclusion(3, 3),
      () => tree.inclusion(0, 0),
      () => tree.consistency(3, 2),
      () => tree.leafHash(3),
      () => tree.copy(4),
    ])
      expect(call).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
  })
})

describeReal('TestTree over a real log', () => {
  it('has the roots and level-0 tiles of Navigli2025h2', () => {
    const sunlight = 'FiloSottile+sunlight'
    const tiles = ['000', '001', '002'].map((n) => realBytes(sunlight, 'testdata/navigli2025h2/tile/0', n))
    const tree = new TestTree()
    for (const tile of tiles) for (let at = 0; at < tile.length; at += 32) tree.append(tile.subarray(at, at + 32))
    const { roots } = realJson<{ roots: Record<string, string> }>(sunlight, 'derived/navigli2025h2/merkle-roots.json')
    for (const [size, root] of Object.entries(roots))
      expect(Buffer.from(tree.root(Number(size))).toString('base64')).toBe(root)
    expect(Object.keys(roots).length).toBeGreaterThan(5)
    tiles.forEach((tile, n) => {
      expect(hex(tree.tile(0, n))).toBe(hex(tile))
    })
  })
})
