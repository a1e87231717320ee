import { copyBytes, equalBytes } from '../util/bytes.js'
import { CompactRange } from './compact-range.js'
import { checkConsistencyProof, refuseConsistency } from './consistency.js'
import { nodeHash } from './hash.js'
import { verifyInclusion } from './inclusion.js'
import {
  consistencyShape,
  inclusionShape,
  isPowerOfTwo,
  perfectNodes,
  type Subtree,
  splitPoint,
  type TreeNode,
} from './proof-shape.js'

/*
 * Joining a log at any index without downloading the entries before it. A proof is a list of subtree roots, at positions that follow
 * from the sizes alone. Once they hash to a signed root, each of them is proven to be the subtree at its position, and a compact
 * range can be composed of them.
 */

/**
 * The compact range of `[0, index]` from the inclusion proof of entry `index`: its hashes to the left of the leaf are the range of the
 * entries before the leaf.
 *
 * @param leafHash - Hash of entry `index`.
 * @param proof - Leaf level first.
 * @param root - Signed root of `treeSize` entries.
 * @returns The range of size `index + 1`.
 * @throws {@link CtStreamError} `CT_INCLUSION` when the proof does not lead to `root`.
 */
export function frontierFromInclusion(
  leafHash: Uint8Array,
  index: number,
  treeSize: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): CompactRange {
  verifyInclusion(leafHash, index, treeSize, proof, root)
  const shape = inclusionShape(index, treeSize)
  const left = proof.filter((_, i) => (shape[i] as Subtree).end <= index)
  return new CompactRange(index, left.map(copyBytes).reverse()).append(leafHash)
}

/**
 * The compact range of `[0, index)` from the consistency proof between two tree sizes.
 *
 * {@link consistencyStartFor} says which proof to request.
 *
 * @param index - `0 <= index <= treeSize`.
 * @param first - `0 < first < treeSize`, not a power of two: the proof from a power of two leaves out the first root, and
 * proves nothing without it.
 * @param proof - From `first` to `treeSize`.
 * @param root - Signed root of `treeSize` entries.
 * @throws {@link CtStreamError} `CT_CONSISTENCY` when the proof does not lead to `root`, or does not contain the range.
 */
export function frontierFromConsistency(
  index: number,
  first: number,
  treeSize: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): CompactRange {
  checkConsistencyProof(first, treeSize, proof)
  if (first === treeSize || isPowerOfTwo(first))
    throw refuseConsistency(first, treeSize, 'it does not contain the first tree, so no range follows from it')
  if (!Number.isSafeInteger(index) || index < 0 || index > treeSize)
    throw refuseConsistency(first, treeSize, `it has no range of ${index} entries`)

  const known = new Map<string, Uint8Array>()
  const shape = consistencyShape(first, treeSize)
  shape.forEach((subtree, i) => {
    known.set(subtreeKey(subtree), proof[i] as Uint8Array)
  })
  const folded = compose({ start: 0, end: treeSize }, known)
  if (folded === undefined || !equalBytes(folded, root))
    throw refuseConsistency(first, treeSize, 'it leads to another root')

  const hashes = perfectNodes({ start: 0, end: index }).map((node) => {
    const hash = compose(subtreeOf(node), known)
    if (hash === undefined)
      throw refuseConsistency(first, treeSize, `it does not contain the range of ${index} entries`)
    return copyBytes(hash)
  })
  return new CompactRange(index, hashes)
}

/**
 * The `first` for which {@link frontierFromConsistency} finds the range of `index` in the proof from `first` to `treeSize`.
 *
 * `undefined` where no proof contains it: only for an index below 2 and in a tree of at most 3 entries. There the caller hashes the
 * entries itself.
 */
export function consistencyStartFor(index: number, treeSize: number): number | undefined {
  // The whole tree: the proof from one entry less contains the last leaf and everything to its left.
  if (index === treeSize) return provable(treeSize - 1) ?? provable(treeSize - 2)
  // A power of two: the proof from one entry less contains the last leaf of the subtree and everything to its left.
  return provable(index) ?? provable(index - 1) ?? (index + 1 < treeSize ? provable(index + 1) : undefined)
}

function provable(first: number): number | undefined {
  return first > 2 && !isPowerOfTwo(first) ? first : undefined
}

/** The hash of a subtree that is known, or that follows from two known halves. */
function compose(subtree: Subtree, known: ReadonlyMap<string, Uint8Array>): Uint8Array | undefined {
  // The first unknown half ends the search, so it visits each known subtree once, plus one path.
  const hash = known.get(subtreeKey(subtree))
  if (hash !== undefined || subtree.end - subtree.start === 1) return hash
  const middle = subtree.start + splitPoint(subtree.end - subtree.start)
  const right = compose({ start: middle, end: subtree.end }, known)
  if (right === undefined) return undefined
  const left = compose({ start: subtree.start, end: middle }, known)
  return left === undefined ? undefined : nodeHash(left, right)
}

const subtreeKey = ({ start, end }: Subtree): string => `${start}-${end}`

function subtreeOf({ level, index }: TreeNode): Subtree {
  const width = 2 ** level
  return { start: index * width, end: (index + 1) * width }
}
