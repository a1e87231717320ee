import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompactRange, RangeBuilder } from '../../../src/merkle/compact-range.js'
import { leafHash } from '../../../src/merkle/hash.js'
import { toHex } from '../../../src/util/bytes.js'
import { describeReal, realBytes, realJson } from '../../real-data.js'
import {
  code,
  customaryLeaves,
  customaryRoots,
  hugeSizes,
  leafHashesOf,
  leaves,
  MTH,
  UniformTree,
} from './reference.js'

const customaryLeafHashes = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
  '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  '4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658',
  'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
  '46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1',
]

const hashesOf = (range: CompactRange): string[] => range.hashes.map(toHex)

describe('CompactRange', () => {
  it('has the roots of the customary eight leaves', () => {
    const hashes = customaryLeaves.map((leaf) => leafHash(Buffer.from(leaf, 'hex')))
    expect(hashes.map(toHex)).toEqual(customaryLeafHashes)
    let range = CompactRange.empty
    const roots = [toHex(range.root())]
    for (const hash of hashes) {
      range = range.append(hash)
      roots.push(toHex(range.root()))
    }
    expect(roots).toEqual(customaryRoots)
  })

  it('is the list of perfect subtrees, largest first', () => {
    const hashes = customaryLeaves.slice(0, 7).map((leaf) => leafHash(Buffer.from(leaf, 'hex')))
    const range = CompactRange.empty.append(new Uint8Array(Buffer.concat(hashes)))
    expect(hashesOf(range)).toEqual([
      customaryRoots[4],
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      customaryLeafHashes[6],
    ])
  })

  it('appends any leaves in any portions to the root of the recursive definition', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 12 }), (portions) => {
        const builder = new RangeBuilder()
        let size = 0
        const all = leaves(portions.reduce((sum, n) => sum + n, 0))
        for (const n of portions) {
          builder.append(leafHashesOf(all.slice(size, size + n)))
          size += n
          const range = builder.snapshot()
          expect(range.size).toBe(size)
          expect(toHex(range.root())).toBe(toHex(MTH(all.slice(0, size))))
        }
      }),
      { numRuns: 150 },
    )
  })

  it('appends perfect subtrees wherever the size is a multiple of their width', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 5 })), { maxLength: 12 }), (runs) => {
        const builder = new RangeBuilder()
        const all = leaves(12 * 5 * 32)
        let size = 0
        for (const [level, count] of runs) {
          const width = 2 ** level
          const roots = Array.from({ length: count }, (_, i) =>
            MTH(all.slice(size + i * width, size + (i + 1) * width)),
          )
          const append = () => builder.appendSubtrees(level, new Uint8Array(Buffer.concat(roots)))
          if (size % width === 0) {
            append()
            size += count * width
          } else {
            expect(code(append)).toBe('CT_OPTION_INVALID')
          }
          expect(toHex(builder.snapshot().root())).toBe(toHex(MTH(all.slice(0, size))))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('is not changed by appending to it', () => {
    const hashes = leafHashesOf(leaves(9))
    const five = CompactRange.empty.append(hashes, 5)
    const before = hashesOf(five)
    const input = hashes.slice(160)
    const nine = five.append(input)
    input.fill(0)
    five.appendSubtree(0, hashes.subarray(160, 192))
    expect(hashesOf(five)).toEqual(before)
    expect(toHex(nine.root())).toBe(toHex(MTH(leaves(9))))
  })

  it('appends above 2^32', () => {
    const tree = new UniformTree()
    for (const size of hugeSizes().filter((n) => n + 300 <= Number.MAX_SAFE_INTEGER)) {
      const start = new CompactRange(size, tree.range(size))
      expect(toHex(start.root())).toBe(toHex(tree.root(size)))
      const leaf = tree.root(1)
      const hashes = new Uint8Array(Buffer.concat(Array.from({ length: 300 }, () => leaf)))
      expect(hashesOf(start.append(hashes))).toEqual(tree.range(size + 300).map(toHex))
    }
  })

  it('refuses hashes that are no compact range', () => {
    const hash = new Uint8Array(32)
    expect(code(() => new CompactRange(-1, []))).toBe('CT_CONSISTENCY')
    expect(code(() => new CompactRange(2 ** 53, [hash]))).toBe('CT_CONSISTENCY')
    expect(code(() => new CompactRange(1.5, [hash]))).toBe('CT_CONSISTENCY')
    expect(code(() => new CompactRange(3, [hash]))).toBe('CT_CONSISTENCY')
    expect(code(() => new CompactRange(3, [hash, new Uint8Array(31)]))).toBe('CT_CONSISTENCY')
    const one = new CompactRange(1, [hash])
    expect(code(() => one.append(new Uint8Array(33)))).toBe('CT_OPTION_INVALID')
    expect(code(() => one.append(hash, 2))).toBe('CT_OPTION_INVALID')
    expect(code(() => one.append(hash, -1))).toBe('CT_OPTION_INVALID')
    expect(code(() => one.appendSubtree(1, hash))).toBe('CT_OPTION_INVALID')
    expect(code(() => one.appendSubtree(0.5, hash))).toBe('CT_OPTION_INVALID')
    expect(code(() => new CompactRange(0, []).appendSubtree(54, hash))).toBe('CT_OPTION_INVALID')
  })
})

describeReal('CompactRange over a real static-ct log', () => {
  it('has the roots of the navigli2025h2 prefixes', () => {
    const folder = ['FiloSottile+sunlight', 'testdata', 'navigli2025h2', 'tile', '0']
    const hashes = new Uint8Array(Buffer.concat(['000', '001', '002'].map((tile) => realBytes(...folder, tile))))
    const { roots } = realJson<{ roots: Record<string, string> }>(
      'FiloSottile+sunlight',
      'derived',
      'navigli2025h2',
      'merkle-roots.json', // prettier-ignore
    )
    expect(Object.keys(roots).length).toBeGreaterThan(10)
    for (const [size, root] of Object.entries(roots)) {
      const range = CompactRange.empty.append(hashes, Number(size))
      expect(Buffer.from(range.root()).toString('base64')).toBe(root)
    }
  })
})
