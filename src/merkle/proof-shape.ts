/**
 * Positions of a proof's hashes in the tree: the recursions of RFC 6962 section 2.1 without hashing.
 *
 * Sizes and indexes exceed 2^32, so all arithmetic is on doubles (exact below 2^53), without shifts and masks.
 */

/** The subtree over leaves `start` to `end` (exclusive), as the tree of the standard splits them. */
export interface Subtree {
  readonly start: number
  readonly end: number
}

/** A perfect subtree: the `2^level` leaves from `index * 2^level`. */
export interface TreeNode {
  readonly level: number
  readonly index: number
}

/** "the largest power of two smaller than n" (RFC 6962 section 2.1), for n > 1. */
export function splitPoint(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

export function isPowerOfTwo(n: number): boolean {
  let rest = n
  while (rest > 1 && rest % 2 === 0) rest /= 2
  return rest === 1
}

/** Number of 1 bits: into how many perfect subtrees `size` leaves divide. */
export function countOnes(size: number): number {
  let ones = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2
  return ones
}

/**
 * PATH(m, D[n]): the subtrees of an inclusion proof, leaf level first (RFC 6962 section 2.1.1).
 * @param index - `0 <= index < treeSize`.
 */
export function inclusionShape(index: number, treeSize: number): Subtree[] {
  const siblings: Subtree[] = []
  let start = 0
  let end = treeSize
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    if (index < middle) {
      siblings.push({ start: middle, end })
      end = middle
    } else {
      siblings.push({ start, end: middle })
      start = middle
    }
  }
  return siblings.reverse()
}

/**
 * PROOF(m, D[n]): the subtrees of a consistency proof, in its order (RFC 6962 section 2.1.2).
 * @param first - `0 < first <= second`.
 */
export function consistencyShape(first: number, second: number): Subtree[] {
  const siblings: Subtree[] = []
  let start = 0
  let end = second
  // Descend to the subtree that ends where the first tree ended.
  while (first !== end) {
    const middle = start + splitPoint(end - start)
    if (first <= middle) {
      siblings.push({ start: middle, end })
      end = middle
    } else {
      siblings.push({ start, end: middle })
      start = middle
    }
  }
  // "SUBPROOF(m, D[m], true) = {}": the verifier knows the root of the whole first tree.
  if (start > 0) siblings.push({ start, end })
  return siblings.reverse()
}

/**
 * The perfect subtrees into which a subtree divides, largest (leftmost) first.
 * @param subtree - `start` is a multiple of a power of two that is at least its width, as in every subtree of a tree.
 */
export function perfectNodes({ start, end }: Subtree): TreeNode[] {
  const nodes: TreeNode[] = []
  let at = start
  while (at < end) {
    let level = 0
    let width = 1
    while (at + 2 * width <= end) {
      width *= 2
      level++
    }
    nodes.push({ level, index: at / width })
    at += width
  }
  return nodes
}
