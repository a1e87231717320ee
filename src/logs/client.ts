import type { CompactRange } from '../merkle/compact-range.js'
import type { EntryBatch } from '../types/entries.js'
import type { Cosignature, LogInfo, SignedHead } from '../types/log.js'

/** What one request to a log may be given; every method of a {@link LogClient} takes it last. */
export interface RequestOptions {
  readonly signal?: AbortSignal
  /**
   * Live logs are served before any backlog: higher goes first in the operator's queue. Default 0. Clients themselves do
   * not queue; `schedule` does.
   */
  readonly priority?: number
  /** Ask past caches and on a new connection: after an answer that did not verify. Default `false`. */
  readonly fresh?: boolean
  /**
   * Called with the bytes that an answer with entries holds while it comes, and with 0 when it is dropped before it is whole. Default:
   * nobody counts them.
   */
  readonly onBytes?: (held: number) => void
  /** Called when an answer with entries is complete, before it is unpacked and read. */
  readonly onReceived?: () => void
  /**
   * Size of the signed tree that the entries asked for are to be proven by: how wide a static-ct client takes its last tile to
   * be. Default: that of the largest head seen.
   */
  readonly treeSize?: number
  /** Runs each HTTP request of the call when its turn comes; a call may need several. Default: at once. */
  readonly schedule?: <T>(request: () => Promise<T>) => Promise<T>
}

/** A signed head as a log publishes it. */
export interface PublishedHead extends SignedHead {
  /** The other signature lines of a static-ct checkpoint, unverified, at most 64; absent where there are none. */
  readonly cosignatures?: readonly Cosignature[]
}

/**
 * One log, either protocol.
 *
 * Every method asks once (for a frontier or a proof that may take several requests; of those for hash tiles up to 4 are
 * under way together) and either resolves with an answer of the promised shape or rejects with a `CtStreamError`
 * whose `retryable` says whether asking again can help; retrying is the caller's. Nothing here keeps state between calls
 * but connections and caches.
 */
export interface LogClient {
  readonly log: LogInfo
  /** The log's key, SubjectPublicKeyInfo (DER), for evidence. */
  readonly key?: { readonly spki: Uint8Array }
  /** Origin line of the log's checkpoints; `undefined` where it has none. */
  readonly origin?: string

  /**
   * The newest signed head, its signature verified with the log's key.
   * @throws `CT_HEAD_SIGNATURE` when it does not verify.
   */
  head(options?: RequestOptions): Promise<PublishedHead>

  /**
   * Entries from `start`: at least one, at most `end - start`, always consecutive from `start`. A log may answer with
   * fewer than asked; the caller advances by `batch.length`.
   *
   * @param start - First index, inclusive.
   * @param end - Exclusive; `start < end`, and at most `treeSize` of a verified head. Behind a static-ct client, the last
   * tile of the tree is asked for as wide as it is in the tree of `options.treeSize`, so `end` should be that or lie below it.
   * @throws `CT_RESPONSE_MALFORMED` when the answer is not 1 to `end - start` entries, or those of another tile.
   */
  entries(start: number, end: number, options?: RequestOptions): Promise<EntryBatch>

  /**
   * The consistency proof between the trees of `first` and `second` entries (RFC 6962 section 2.1.2), unverified. For 0
   * and for `second` itself it is empty, and nothing is asked.
   * @param first - `0 <= first <= second.treeSize`.
   * @throws `CT_CONSISTENCY` when hash tiles do not belong to the tree of `second`.
   */
  consistency(first: number, second: SignedHead, options?: RequestOptions): Promise<readonly Uint8Array[]>

  /**
   * The compact range of `[0, index)`, proven to be a prefix of `head`.
   * @param index - `0 <= index <= head.treeSize`.
   * @throws `CT_CONSISTENCY` or `CT_INCLUSION` when the log's answer does not prove it.
   */
  frontier(index: number, head: SignedHead, options?: RequestOptions): Promise<CompactRange>

  /**
   * The inclusion proof of entry `index` in the tree of `head` (RFC 6962 section 2.1.1), unverified.
   * @param leafHash - 32 bytes, SHA-256(0x00 || leaf).
   */
  inclusion(
    index: number,
    leafHash: Uint8Array,
    head: SignedHead,
    options?: RequestOptions,
  ): Promise<readonly Uint8Array[]>

  /**
   * An issuer certificate by the SHA-256 of its DER, checked against it. Only static-ct logs name issuers this way;
   * an RFC 6962 log without tiles rejects with `CT_OPTION_INVALID`.
   * @throws `CT_RESPONSE_MALFORMED` when the answer has another hash.
   */
  issuer(fingerprint: Uint8Array, options?: RequestOptions): Promise<Uint8Array>

  /** Releases connections. Idempotent. */
  close(): Promise<void>
}
