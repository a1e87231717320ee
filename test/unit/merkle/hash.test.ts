import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY_ROOT, hashPairs, leafHash, nodeHash, perfectRoot } from '../../../src/merkle/hash.js'
import { toHex } from '../../../src/util/bytes.js'
import { leafHashesOf, leaves, MTH } from './reference.js'

describe('tree hashes', () => {
  it('hashes nothing, leaves and nodes as RFC 6962 section 2.1 says', () => {
    expect(toHex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(toHex(leafHash(new Uint8Array(0)))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
    const [left, right] = [leafHash(Uint8Array.of()), leafHash(Uint8Array.of(0))]
    expect(toHex(nodeHash(left, right))).toBe('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125')
  })

  it('hashes leaves of any length like the incremental hash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (leaf) => {
        const expected = createHash('sha256').update(Uint8Array.of(0)).update(leaf).digest('hex')
        expect(toHex(leafHash(leaf))).toBe(expected)
      }),
    )
  })

  it('replaces pairs by their parents in place', () => {
    const hashes = leafHashesOf(leaves(6))
    const parents = [0, 2, 4].map((i) => MTH(leaves(6).slice(i, i + 2)))
    hashPairs(hashes, 3)
    expect([0, 1, 2].map((i) => toHex(hashes.subarray(32 * i, 32 * i + 32)))).toEqual(parents.map(toHex))
  })

  it('hashes a perfect subtree without touching its input', () => {
    for (const n of [1, 2, 4, 256]) {
      const hashes = leafHashesOf(leaves(n))
      const before = toHex(hashes)
      expect(toHex(perfectRoot(hashes))).toBe(toHex(MTH(leaves(n))))
      expect(toHex(hashes)).toBe(before)
    }
  })
})
