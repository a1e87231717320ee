import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import { consistencyStartFor, frontierFromConsistency, frontierFromInclusion } from '../../../src/merkle/frontier.js'
import { leafHash } from '../../../src/merkle/hash.js'
import { isPowerOfTwo } from '../../../src/merkle/proof-shape.js'
import { toHex } from '../../../src/util/bytes.js'
import { describeReal, realJson } from '../../real-data.js'
import { code, hugeSizes, leafHashesOf, leaves, MTH, PATH, PROOF, UniformTree } from './reference.js'

const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const LARGEST = 130
/** Every size to 40, and those around the powers of two above: the literal proofs of all 130 take most of a minute on a busy machine. */
const SIZES = [...Array.from({ length: 40 }, (_, i) => i + 1), 63, 64, 65, 66, 127, 128, 129, LARGEST]
const all = leaves(LARGEST)
const roots = Array.from({ length: LARGEST + 1 }, (_, n) => MTH(all.slice(0, n)))
const allHashes = leafHashesOf(all)
const ranges = Array.from({ length: LARGEST + 1 }, (_, n) => CompactRange.empty.append(allHashes, n).hashes.map(toHex))
const hashesOf = (range: CompactRange) => range.hashes.map(toHex)

describe('frontierFromInclusion', () => {
  it('is the compact range up to every entry of every tree, from the proof of that entry', () => {
    for (let n = 1; n <= LARGEST; n++) {
      const root = roots[n] as Uint8Array
      const other = roots[n - 1] as Uint8Array
      for (let index = n % 7; index < n; index += 7) {
        const proof = PATH(index, all.slice(0, n))
        const leaf = leafHash(all[index] as Uint8Array)
        const range = frontierFromInclusion(leaf, index, n, proof, root)
        expect(range.size).toBe(index + 1)
        expect(hashesOf(range)).toEqual(ranges[index + 1])
        expect(code(() => frontierFromInclusion(leaf, index, n, proof, other))).toBe('CT_INCLUSION')
        expect(code(() => frontierFromInclusion(leafHash(leaf), index, n, proof, root))).toBe('CT_INCLUSION')
        expect(code(() => frontierFromInclusion(leaf, index, n, [...proof, leaf], root))).toBe('CT_INCLUSION')
      }
    }
    expect(code(() => frontierFromInclusion(new Uint8Array(32), -1, 0, [], roots[0] as Uint8Array))).toBe(
      'CT_INCLUSION',
    )
  })

  it('works above 2^32', () => {
    const tree = new UniformTree()
    for (const n of hugeSizes())
      for (const index of [n - 1, Math.floor(n / 3)]) {
        const range = frontierFromInclusion(tree.root(1), index, n, tree.path(index, n), tree.root(n))
        expect(hashesOf(range)).toEqual(tree.range(index + 1).map(toHex))
      }
  })
})

describe('frontierFromConsistency', () => {
  it('is the compact range of every index of trees to 130, from the proof consistencyStartFor names', () => {
    for (const n of SIZES) {
      const root = roots[n] as Uint8Array
      const proofs = new Map<number, Uint8Array[]>()
      for (let index = 0; index <= n; index++) {
        const first = consistencyStartFor(index, n)
        if (first === undefined) {
          expect(index < 2 || n <= 3).toBe(true)
          continue
        }
        expect(first).toBeGreaterThan(0)
        expect(first).toBeLessThan(n)
        const proof = proofs.get(first) ?? PROOF(first, all.slice(0, n))
        proofs.set(first, proof)
        expect(hashesOf(frontierFromConsistency(index, first, n, proof, root))).toEqual(ranges[index])
      }
    }
  })

  it('gives the right range or refuses, for any index and any first', () => {
    for (const n of [5, 6, 7, 8, 13, 16, 33]) {
      for (let first = 1; first < n; first++) {
        const proof = PROOF(first, all.slice(0, n))
        let given = 0
        for (let index = 0; index <= n; index++) {
          const run = () => frontierFromConsistency(index, first, n, proof, roots[n] as Uint8Array)
          if (code(run) === 'no error') {
            expect(hashesOf(run())).toEqual(ranges[index])
            given++
          } else {
            expect(code(run)).toBe('CT_CONSISTENCY')
          }
        }
        expect(given > 0).toBe(!isPowerOfTwo(first))
      }
    }
  })

  it('refuses a proof of which any bit is changed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: LARGEST }), fc.nat(), fc.nat(), fc.nat(), (n, pick, which, bit) => {
        const index = 3 + (pick % (n - 2))
        const first = consistencyStartFor(index, n) as number
        const proof = PROOF(first, all.slice(0, n)).map((hash) => hash.slice())
        const target = proof[which % proof.length] as Uint8Array
        target[Math.floor(bit / 8) % 32] = (target[Math.floor(bit / 8) % 32] as number) ^ (1 << (bit % 8))
        expect(code(() => frontierFromConsistency(index, first, n, proof, roots[n] as Uint8Array))).toBe(
          'CT_CONSISTENCY',
        )
      }),
    )
  })

  it('refuses proofs of the wrong length, sizes out of bound, and a first tree the proof leaves out', () => {
    const root = roots[7] as Uint8Array
    const proof = PROOF(6, all.slice(0, 7))
    const refused = [
      () => frontierFromConsistency(6, 6, 7, proof.slice(1), root),
      () => frontierFromConsistency(6, 6, 7, [...proof, root], root),
      () => frontierFromConsistency(8, 6, 7, proof, root),
      () => frontierFromConsistency(-1, 6, 7, proof, root),
      () => frontierFromConsistency(5, 6, 7, proof, root),
      () => frontierFromConsistency(7, 7, 7, [], root),
      () => frontierFromConsistency(0, 0, 7, [], root),
      () => frontierFromConsistency(4, 4, 7, PROOF(4, all.slice(0, 7)), root),
    ]
    expect(refused.map(code)).toEqual(Array(refused.length).fill('CT_CONSISTENCY'))
  })

  it('works above 2^32, at boundaries and at random', () => {
    const tree = new UniformTree()
    const check = (index: number, n: number) => {
      const first = consistencyStartFor(index, n) as number
      const range = frontierFromConsistency(index, first, n, tree.proof(first, n), tree.root(n))
      expect(hashesOf(range)).toEqual(tree.range(index).map(toHex))
    }
    for (const n of hugeSizes())
      for (const index of [2, 3, 4, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, n - 1, n])
        if (index <= n) check(index, n)
    fc.assert(
      fc.property(
        fc.integer({ min: 2 ** 32, max: Number.MAX_SAFE_INTEGER }),
        fc.nat(1_000_000).map((part) => part / 1_000_000),
        (n, at) => check(Math.max(2, Math.floor(n * at)), n),
      ),
      { numRuns: 100 },
    )
  })
})

describeReal('frontierFromConsistency over a real log', () => {
  it('finds the range of Argon2025h1 at an older head, and the root it signed then', () => {
    const sth = (size: number) =>
      realJson<{ sth: { tree_size: number; sha256_root_hash: string } }>(
        'Sawchord+luct',
        'extracted',
        `sth-argon2025h1-${size}.json`, // prettier-ignore
      ).sth
    const [first, second] = [sth(1425614114), sth(1425633154)]
    const proof = realJson<{ consistency: string[] }>('Sawchord+luct', 'testdata', 'sth-consistency-proof.json')
    const range = frontierFromConsistency(
      first.tree_size,
      first.tree_size,
      second.tree_size,
      proof.consistency.map(base64),
      base64(second.sha256_root_hash),
    )
    expect(Buffer.from(range.root()).toString('base64')).toBe(first.sha256_root_hash)
  })
})
