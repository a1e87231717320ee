import type { CompactRange } from '../merkle/compact-range.js'
import type { SignedHead } from '../types/log.js'
import { equalBytes } from '../util/bytes.js'
import type { ProvenBatch } from './held-entries.js'

/** Returns the compact range of `[0, index)`, proven to be a prefix of `head`; see `LogClient.frontier`. */
export type AskFrontier = (index: number, head: SignedHead) => Promise<CompactRange>

/**
 * Whether two signed heads contradict each other. Only the log can cause this: the hashes lead to the root that it signed for the
 * larger tree, so the log committed to what they show of that tree's beginning, whoever served them.
 *
 * @throws what `frontier` throws; the question is then open.
 */
export async function isFork(a: SignedHead, b: SignedHead, frontier: AskFrontier): Promise<boolean> {
  const [smaller, larger] = a.treeSize <= b.treeSize ? [a, b] : [b, a]
  if (smaller.treeSize === larger.treeSize) return !equalBytes(smaller.rootHash, larger.rootHash)
  if (smaller.treeSize === 0) return false
  return !(await isPrefix(smaller.treeSize, smaller.rootHash, larger, frontier))
}

/**
 * The first page whose entries are not in the tree of `head` at their place; `undefined` when all are.
 *
 * After a wrong page all ranges are wrong, so a binary search finds it: six proofs for fifty pages.
 *
 * @param pages - Consecutive; the first one follows the proven entries.
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
