import { CtStreamError } from '../errors.js'
import { withRetry } from '../http/retry.js'
import type { LogClient } from '../logs/client.js'
import type { CompactRange } from '../merkle/compact-range.js'
import { frontierFromInclusion } from '../merkle/frontier.js'
import { verifyInclusion } from '../merkle/inclusion.js'
import type { Clock } from '../types/clock.js'
import type { RawEntry } from '../types/entries.js'
import type { SignedHead } from '../types/log.js'

/** An entry, and what proves it: the head it is under, and the path from its leaf to that head's root. */
export interface ProvenEntry {
  readonly entry: RawEntry
  readonly head: SignedHead
  /** SHA-256(0x00 || leaf), 32 bytes. */
  readonly leafHash: Uint8Array
  /** The inclusion proof (RFC 6962 section 2.1.1), verified. */
  readonly auditPath: readonly Uint8Array[]
}

const ATTEMPTS = 3

/**
 * Fetches one entry and proves it: the signature of the newest head, then the inclusion of the entry under its root. What
 * fails is tried again on new connections and past caches; a gateway may have served something old.
 *
 * @throws {@link CtStreamError} `CT_INCLUSION` when it is not proven, or there is no such entry; `CT_HEAD_SIGNATURE`; what
 * the requests fail with.
 */
export function provenEntry(
  client: LogClient,
  index: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ProvenEntry> {
  const attempt = async (number: number): Promise<ProvenEntry> => {
    const options = { signal, fresh: number > 1 }
    const head = await client.head(options)
    if (index >= head.treeSize) throw missing(client, index, head.treeSize)
    const batch = await client.entries(index, index + 1, options)
    const leafHash = batch.leafHashes().subarray(0, 32)
    const auditPath = await client.inclusion(index, leafHash, head, options)
    verifyInclusion(leafHash, index, head.treeSize, auditPath, head.rootHash)
    return { entry: batch.entry(0), head, leafHash, auditPath }
  }
  return withRetry(attempt, { attempts: ATTEMPTS, clock, signal })
}

/** The compact range of everything up to a proven entry and with it, for a cursor after it. */
export function rangeAfter({ entry, head, leafHash, auditPath }: ProvenEntry): CompactRange {
  return frontierFromInclusion(leafHash, entry.index, head.treeSize, auditPath, head.rootHash)
}

function missing({ log }: LogClient, index: number, treeSize: number): CtStreamError {
  return new CtStreamError(
    'CT_INCLUSION',
    `${log.description} has no entry ${index}: its newest head covers ${treeSize}`,
    {
      logId: log.id,
      index,
      actual: treeSize,
    },
  )
}
