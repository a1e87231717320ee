import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import { verifyConsistency } from '../../../src/merkle/consistency.js'
import { EMPTY_ROOT, perfectRoot } from '../../../src/merkle/hash.js'
import {
  compactRangeFromNodes,
  consistencyProofFromNodes,
  frontierFromNodes,
  type HashTile,
  inclusionProofFromNodes,
  nodesFromTiles,
  tileKey,
  tilesForConsistency,
  tilesForFrontier,
  tilesForInclusion,
} from '../../../src/merkle/tile-hashes.js'
import { toHex } from '../../../src/util/bytes.js'
import { describeReal, realBytes, realJson, realText } from '../../real-data.js'
import { code, hugeSizes, leafHashesOf, leaves, MTH, PATH, PROOF, UniformTree } from './reference.js'

const LARGEST = 1100
const all = leaves(LARGEST)
const level0 = leafHashesOf(all)
const hexes = (hashes: readonly Uint8Array[]) => hashes.map(toHex)

/** Tile (L, N) of a tree over `leafHashes`, computed from its definition. */
function tileBytes({ level, index, width }: HashTile, leafHashes: Uint8Array): Uint8Array {
  const span = 256 ** level * 32
  const hashes = Array.from({ length: width }, (_, i) => {
    const start = (index * 256 + i) * span
    return perfectRoot(leafHashes.subarray(start, start + span))
  })
  return new Uint8Array(Buffer.concat(hashes))
}

const fetchTiles = (tiles: readonly HashTile[], leafHashes = level0) =>
  nodesFromTiles(new Map(tiles.map((tile) => [tileKey(tile), tileBytes(tile, leafHashes)])))

describe('proofs from hash tiles', () => {
  it('names the tiles of C2SP static-ct-api with the widths a tree of 70000 has', () => {
    const tiles = tilesForInclusion(69999, 70000)
    expect(tiles).toEqual([
      { level: 2, index: 0, width: 1 },
      { level: 1, index: 1, width: 17 },
      { level: 0, index: 273, width: 112 },
    ])
    expect(tilesForFrontier(256, 256)).toEqual([{ level: 1, index: 0, width: 1 }])
    expect(tilesForFrontier(0, 256)).toEqual([])
    expect(tilesForFrontier(0, 0)).toEqual([])
  })

  it('computes the proofs of RFC 6962, reading only the tiles it named', () => {
    const sizes = [1, 2, 3, 5, 8, 255, 256, 257, 300, 511, 512, 513, 700, 1024, 1100]
    for (const n of sizes) {
      const D = all.slice(0, n)
      const indexes = [0, 1, 2, 7, 255, 256, 257, 511, 512, n - 2, n - 1].filter((i) => i >= 0 && i < n)
      for (const i of indexes) {
        expect(hexes(inclusionProofFromNodes(i, n, fetchTiles(tilesForInclusion(i, n))))).toEqual(hexes(PATH(i, D)))
        const first = i + 1
        const node = fetchTiles(tilesForConsistency(first, n))
        expect(hexes(consistencyProofFromNodes(first, n, node))).toEqual(hexes(PROOF(first, D)))
      }
      for (const i of [...indexes, n]) {
        const range = frontierFromNodes(i, n, fetchTiles(tilesForFrontier(i, n)), MTH(D))
        expect(range.size).toBe(i)
        expect(hexes(range.hashes)).toEqual(hexes(CompactRange.empty.append(level0, i).hashes))
      }
    }
  })

  it('refuses a frontier that does not lead to the root', () => {
    for (const [index, size] of [
      [1, 1],
      [5, 300],
      [256, 300],
      [300, 300],
      [257, 1100],
    ] as const) {
      // prettier-ignore
      const other = MTH(all.slice(0, size - 1))
      const node = fetchTiles(tilesForFrontier(index, size))
      expect(code(() => frontierFromNodes(index, size, node, other))).toBe('CT_CONSISTENCY')
    }
    const nothing = () => new Uint8Array(32)
    expect(frontierFromNodes(0, 0, nothing, EMPTY_ROOT)).toEqual(CompactRange.empty)
    expect(code(() => frontierFromNodes(0, 0, nothing, new Uint8Array(32)))).toBe('CT_CONSISTENCY')
  })

  it('reads a full tile in the place of a partial one, and refuses a missing or short one', () => {
    const [tile] = tilesForFrontier(100, 100) as [HashTile]
    expect(tile).toEqual({ level: 0, index: 0, width: 100 })
    const full = new Map([[tileKey(tile), tileBytes({ ...tile, width: 256 }, level0)]])
    expect(toHex(compactRangeFromNodes(100, nodesFromTiles(full)).root())).toBe(toHex(MTH(all.slice(0, 100))))
    const short = new Map([[tileKey(tile), tileBytes({ ...tile, width: 99 }, level0)]])
    expect(code(() => compactRangeFromNodes(100, nodesFromTiles(short)))).toBe('CT_CONSISTENCY')
    expect(code(() => compactRangeFromNodes(100, nodesFromTiles(new Map())))).toBe('CT_CONSISTENCY')
  })

  it('works above 2^32 with at most two tiles of a level', () => {
    const tree = new UniformTree()
    const uniform = (tiles: readonly HashTile[]) =>
      nodesFromTiles(
        new Map(
          tiles.map((tile) => [
            tileKey(tile),
            new Uint8Array(Buffer.concat(Array(tile.width).fill(tree.root(256 ** tile.level)))),
          ]),
        ),
      )
    const check = (index: number, n: number) => {
      const tiles = tilesForFrontier(index, n)
      for (const { level, width } of tiles) {
        expect(width >= 1 && width <= 256).toBe(true)
        expect(tiles.filter((tile) => tile.level === level).length).toBeLessThanOrEqual(2)
      }
      const range = frontierFromNodes(index, n, uniform(tiles), tree.root(n))
      expect(hexes(range.hashes)).toEqual(hexes(tree.range(index)))
      const i = index - 1
      const inclusion = inclusionProofFromNodes(i, n, uniform(tilesForInclusion(i, n)))
      expect(hexes(inclusion)).toEqual(hexes(tree.path(i, n)))
    }
    for (const n of hugeSizes())
      for (const index of [1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, n - 1, n]) if (index <= n) check(index, n)
    fc.assert(
      fc.property(
        fc.integer({ min: 2 ** 32, max: Number.MAX_SAFE_INTEGER }),
        fc.nat(1_000_000).map((part) => part / 1_000_000),
        (n, at) => check(Math.max(1, Math.floor(n * at)), n),
      ),
      { numRuns: 50 },
    )
  })
})

describeReal('proofs from real hash tiles', () => {
  it('proves the navigli2025h2 prefixes from its level-0 tiles', () => {
    const { roots } = realJson<{ roots: Record<string, string> }>(
      'FiloSottile+sunlight',
      'derived',
      'navigli2025h2',
      'merkle-roots.json', // prettier-ignore
    )
    const tile = (name: string) => realBytes('FiloSottile+sunlight', 'testdata', 'navigli2025h2', 'tile', '0', name)
    const tiles = new Map<string, Uint8Array>(['000', '001', '002'].map((name, i) => [`0/${i}`, tile(name)]))
    // The level-1 tile of this log was not kept: its hashes are the roots of the full tiles below it.
    tiles.set('1/0', new Uint8Array(Buffer.concat([...tiles.values()].map(perfectRoot))))
    const node = nodesFromTiles(tiles)
    const root = (size: number) => new Uint8Array(Buffer.from(roots[size] ?? '', 'base64'))
    for (const first of [1, 2, 3, 10, 255, 256, 257, 300, 512, 700])
      verifyConsistency(first, 768, consistencyProofFromNodes(first, 768, node), root(first), root(768))
    expect(toHex(frontierFromNodes(700, 768, node, root(768)).root())).toBe(toHex(root(700)))
  })

  it('proves every size of the Tessera test log to the roots of its checkpoints', () => {
    const log = ['transparency-dev+tessera', 'testdata', 'log']
    // Line 3 of a checkpoint is the root.
    const rootOf = (size: number) =>
      new Uint8Array(Buffer.from(realText(...log, `checkpoint.${size}`).split('\n')[2] ?? '', 'base64'))
    expect(toHex(rootOf(0))).toBe(toHex(EMPTY_ROOT))
    for (let size = 1; size <= 12; size++) {
      const tile = new Uint8Array(realBytes(...log, 'tile', '0', '000.p', String(size)))
      const node = nodesFromTiles(new Map([['0/0', tile]]))
      for (let index = 0; index <= size; index++) {
        const range = frontierFromNodes(index, size, node, rootOf(size))
        expect(toHex(range.root())).toBe(toHex(rootOf(index)))
      }
    }
  })
})
