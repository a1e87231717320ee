import type { CompactRange } from '../merkle/compact-range.js'
import type { SignedHead } from '../types/log.js'
import { equalBytes } from '../util/bytes.js'
import type { ProvenBatch } from './held-entries.js'

/** The compact range of `[0, index)`, proven to be a prefix of `head`, see `LogClient.frontier`. */
export type AskFrontier = (index: number, head: SignedHead) => Promise<CompactRange>

/**
 * Whether two signed heads cannot both be true. Nobody but the log can make it so: whoever served the hashes, they lead to the
 * root that the log signed for the larger tree, and what they say of its beginning is what the log committed to.
 *
 * @throws what `frontier` throws; then nothing is known.
 */
export async function isFork(a: SignedHead, b: SignedHead, frontier: AskFrontier): Promise<boolean> {
  const [smaller, larger] = a.treeSize <= b.treeSize ? [a, b] : [b, a]
  if (smaller.treeSize === larger.treeSize) return !equalBytes(smaller.rootHash, larger.rootHash)
  if (smaller.treeSize === 0) return false
  return !(await isPrefix(smaller.treeSize, smaller.rootHash, larger, frontier))
}

/**
 * The first page whose entries are not those of the tree of `head`; `undefined` when all are.
 *
 * One page out of order puts all after it out of order, so that six questions find it among fifty.
 *
 * @param pages - One after the other, the first one right behind what is proven.
 * @throws what `frontier` throws.
 */
export async function firstFaulty<T>(
  pages: readonly ProvenBatch<T>[],
  head: SignedHead,
  frontier: AskFrontier,
): Promise<ProvenBatch<T> | undefined> {
  let good = 0
  let bad = pages.length
  while (good < bad) {
    const middle = Math.floor((good + bad) / 2)
    const { rangeAfter } = pages[middle] as ProvenBatch<T>
    if (await isPrefix(rangeAfter.size, rangeAfter.root(), head, frontier)) good = middle + 1
    else bad = middle
  }
  return pages[good]
}

/** Whether `root` is the root of the first `size` entries of the tree of `head`. */
export async function isPrefix(
  size: number,
  root: Uint8Array,
  head: SignedHead,
  frontier: AskFrontier,
): Promise<boolean> {
  return equalBytes((await frontier(size, head)).root(), root)
}
