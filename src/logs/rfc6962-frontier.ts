import { CtStreamError } from '../errors.js'
import { CompactRange } from '../merkle/compact-range.js'
import { consistencyStartFor, frontierFromConsistency, frontierFromInclusion } from '../merkle/frontier.js'
import { EMPTY_ROOT, leafHash } from '../merkle/hash.js'
import { malformed } from '../pages/refused-answer.js'
import type { EntryBatch } from '../types/entries.js'
import type { SignedHead } from '../types/log.js'
import { equalBytes } from '../util/bytes.js'
import { isUnsupported } from './log-http.js'

/** What get-proof-by-hash answers. */
export interface ProofByHash {
  readonly leafIndex: number
  readonly auditPath: readonly Uint8Array[]
}

/** What get-entry-and-proof answers. */
export interface EntryAndProof {
  readonly leafInput: Uint8Array
  readonly auditPath: readonly Uint8Array[]
}

/** What can be asked of an RFC 6962 log to find a frontier. */
export interface FrontierSource {
  consistency(first: number, second: number): Promise<readonly Uint8Array[]>
  entryAndProof(index: number, treeSize: number): Promise<EntryAndProof>
  proofByHash(leafHash: Uint8Array, treeSize: number): Promise<ProofByHash>
  entries(start: number, end: number): Promise<EntryBatch>
}

/** A tree of up to this many entries is hashed from the first one, when no endpoint is left. */
const MAX_REHASHED = 1024

/**
 * The compact range of `[0, index)`, proven to be a prefix of `head`, without reading what came before.
 *
 * No endpoint is offered by every log: one way after the other is tried until a log answers. An answer that proves
 * something else ends the search: it is to be asked again, and looked at, not worked around.
 */
export async function rfc6962Frontier(source: FrontierSource, index: number, head: SignedHead): Promise<CompactRange> {
  if (index === 0) return emptyRange(head)
  const { fromConsistency, fromEntryAndProof, fromProofByHash, fromEntries } = WAYS
  const ways =
    index === head.treeSize
      ? [fromEntryAndProof, fromProofByHash, fromConsistency, fromEntries]
      : [fromConsistency, fromEntryAndProof, fromProofByHash, fromEntries]
  let failure: unknown
  for (const way of ways) {
    try {
      const range = await way(source, index, head)
      if (range !== undefined) return range
    } catch (error) {
      if (!isUnsupported(error)) throw error
      // What the preferred way said is what the log's operator can act on.
      failure ??= error
    }
  }
  throw failure
}

type Way = (source: FrontierSource, index: number, head: SignedHead) => Promise<CompactRange | undefined>

const WAYS = {
  /** A consistency proof folds to the root, and contains the range. */
  async fromConsistency(source, index, { treeSize, rootHash }) {
    const first = consistencyStartFor(index, treeSize)
    if (first === undefined) return undefined
    return frontierFromConsistency(index, first, treeSize, await source.consistency(first, treeSize), rootHash)
  },

  /** The last entry of the range with its inclusion proof: what lies to its left is the range without it. */
  async fromEntryAndProof(source, index, { treeSize, rootHash }) {
    const { leafInput, auditPath } = await source.entryAndProof(index - 1, treeSize)
    return frontierFromInclusion(leafHash(leafInput), index - 1, treeSize, auditPath, rootHash)
  },

  /** The same, asked one after the other. */
  async fromProofByHash(source, index, { treeSize, rootHash }) {
    const leaf = (await source.entries(index - 1, index)).leafHashes().slice(0, 32)
    if (treeSize === 1) return frontierFromInclusion(leaf, 0, 1, [], rootHash)
    const { leafIndex, auditPath } = await source.proofByHash(leaf, treeSize)
    if (leafIndex !== index - 1) throw malformed(`the proof is that of entry ${leafIndex}, not of ${index - 1}`)
    return frontierFromInclusion(leaf, index - 1, treeSize, auditPath, rootHash)
  },

  /** All entries of a small tree. */
  async fromEntries(source, index, { treeSize, rootHash }) {
    if (treeSize > MAX_REHASHED) return undefined
    let tree = CompactRange.empty
    let prefix = tree
    while (tree.size < treeSize) {
      const end = tree.size < index ? index : treeSize
      const batch = await source.entries(tree.size, end)
      tree = tree.append(batch.leafHashes(), batch.length)
      if (tree.size === index) prefix = tree
    }
    if (equalBytes(tree.root(), rootHash)) return prefix
    throw new CtStreamError('CT_ROOT_MISMATCH', `the ${treeSize} entries of the log do not hash to its signed root`, {
      retryable: true,
    })
  },
} satisfies Record<string, Way>

function emptyRange({ treeSize, rootHash }: SignedHead): CompactRange {
  if (treeSize === 0 && !equalBytes(rootHash, EMPTY_ROOT))
    throw new CtStreamError('CT_CONSISTENCY', 'the signed root of an empty tree is not the hash of nothing')
  return CompactRange.empty
}
