import type { AwaitedEnd, LogInfo, LogState, SignedHead } from './log.js'

/** A value, or a promise of it: stores may be synchronous. */
type Awaitable<T> = T | Promise<T>

/**
 * What is remembered of one log: where its reader is, what is proven, what was learned.
 *
 * To keep it in a store of your own, write `JSON.stringify(checkpointToJSON(row))` and read it with `checkpointFromJSON`; or
 * keep each field in a column: numbers in 64-bit integers, hashes and signatures as bytes (`Uint8Array`s do not survive
 * `JSON.stringify`), `range` and `verifiedHead` with a difference between empty and absent, `learned` as JSON, `checksum` as
 * it is. What `load()` returns is checked against the checksum and field by field; a row that is not as it was committed
 * ends the stream with `CT_CHECKPOINT_UNUSABLE` before it could be held against the log.
 */
export interface LogCheckpoint {
  /** The log; its `id` is the key of the row. */
  readonly log: LogInfo
  /** Index of the first entry the reader has not acknowledged; safe integer. */
  readonly position: number
  /**
   * Only of a row that a stream commits, never of a stored one: index of the first entry the reader has not acknowledged in this run, where that is
   * above `position`. With `end: { time }` the position stays at the first entry at or after the end, and earlier ones may follow it in the
   * log: a store that writes entries with their positions may write those below this index. The next run delivers them again. Default:
   * `position`.
   */
  readonly acknowledged?: number | undefined
  /**
   * Roots of the perfect subtrees of `[0, position)`, largest first (a compact range), from which a resumed stream goes on
   * verifying. `undefined` when entries were read without verification.
   */
  readonly range: readonly Uint8Array[] | undefined
  /** The largest head known to be consistent with `range`. */
  readonly verifiedHead: SignedHead | undefined
  /** Signed heads seen but not yet verified, oldest first: none is forgotten before it was checked. */
  readonly pendingHeads: readonly SignedHead[]
  /**
   * What was learned of the log's limits (page size, rate), from which index it was read without a break (`readFrom`), and what the
   * lists said of it (`listed`), by which it is read to its end when they drop it, and how that goes (`left`, `finished`); JSON, owned by the
   * stream.
   */
  readonly learned: Readonly<Record<string, unknown>>
  /**
   * Over the log's id, `position`, `range` and the heads, 32 hexadecimal digits: the library computes it for every row it
   * commits and compares it with every row it loads; a store keeps it with the row. Rows without one, as earlier versions
   * wrote them, are accepted. Made of the first 16 bytes of SHA-256 over the lines of UTF-8 text `ct-stream checkpoint 1`,
   * the id as a JSON string, the position, the hashes of the range in hexadecimal with commas between them (`-` for no
   * range), the verified head (`-` for none) and each pending head as `treeSize timestamp rootHash signature`, bytes in
   * hexadecimal; each line ends with a line feed.
   */
  readonly checksum?: string | undefined
}

/** A {@link LogCheckpoint} as JSON, as `checkpointToJSON` writes it: bytes in base64, `null` for what is absent. */
export interface CheckpointJson {
  /** {@link LogCheckpoint.log}. */
  readonly log: LogInfo
  /** {@link LogCheckpoint.position}. */
  readonly position: number
  /** {@link LogCheckpoint.range}: base64 hashes; `null` where there is none. */
  readonly range: readonly string[] | null
  /** {@link LogCheckpoint.verifiedHead}; `null` where there is none. */
  readonly verifiedHead: HeadJson | null
  /** {@link LogCheckpoint.pendingHeads}. */
  readonly pendingHeads: readonly HeadJson[]
  /** {@link LogCheckpoint.learned}. */
  readonly learned: Readonly<Record<string, unknown>>
  /** Lower-case hex SHA-256 over the row; `null` for a row of a version that had none. */
  readonly checksum: string | null
}

/** A {@link SignedHead} as JSON: `rootHash` and `signature` in base64. */
export interface HeadJson {
  /** Entries, 0 to 2^53 - 1. */
  readonly treeSize: number
  /** Epoch milliseconds. */
  readonly timestamp: number
  /** Base64, 32 bytes. */
  readonly rootHash: string
  /** Base64 of the signature as the log sent it. */
  readonly signature: string
}

/** Entries that could not be delivered, and why. */
export interface Gap {
  /** The log whose entries are missing. */
  readonly log: LogInfo
  /** First missing index, inclusive. */
  readonly start: number
  /** Exclusive; `undefined` when unknown (the log vanished). */
  readonly end: number | undefined
  /** Why they cannot be delivered; one sentence for people. */
  readonly reason: string
  /** Epoch milliseconds when it was recorded. */
  readonly recordedAt: number
  /** Index up to which it was delivered after all, by `ct-stream gaps --retry`; exclusive. Absent: nothing of it was. */
  readonly delivered?: number
}

/** Proof of a log's misbehaviour, kept so that it can be shown to others. */
export interface Evidence {
  /** The log that did it. */
  readonly log: LogInfo
  /** An error code, such as `CT_CONSISTENCY` or `CT_ROOT_MISMATCH`. */
  readonly code: string
  /** One sentence for people. The wording may change. */
  readonly message: string
  /** Signed heads, proofs and responses: JSON, with bytes as base64. */
  readonly detail: Readonly<Record<string, unknown>>
  /** Epoch milliseconds when it was recorded. */
  readonly recordedAt: number
}

/**
 * How a log fares, or fared when its stream ended: for who looks at a store from outside, as `ct-stream status` does. No stream goes
 * on by it.
 */
export interface LogCondition {
  /** The log. */
  readonly log: LogInfo
  /** What it was doing when this was recorded. */
  readonly state: LogState
  /** Epoch milliseconds since when it gives no answer, or wrong ones; `undefined` when all is well. */
  readonly failingSince: number | undefined
  /** Epoch milliseconds when it is asked again, at the earliest; `undefined` when that is now, or never. */
  readonly nextRetryAt: number | undefined
  /** What keeps it from its end, where all it has is read; `undefined` otherwise. */
  readonly waitsFor: AwaitedEnd | undefined
  /** The last trouble, long over or not: an error code and its message, in which nothing of the log's stands raw. */
  readonly lastError: { readonly code: string; readonly message: string } | undefined
  /** Epoch milliseconds. */
  readonly recordedAt: number
}

/** A log list as it was last fetched and believed. */
export interface StoredList {
  /** Where it was fetched: the key of the copy. */
  readonly url: string
  /** The list as it was fetched, without its signature. */
  readonly body: Uint8Array
  /** Header `ETag` of that answer, for the next request; `undefined` when there was none. */
  readonly etag: string | undefined
  /** Header `Last-Modified` of that answer, for the next request; `undefined` when there was none. */
  readonly lastModified: string | undefined
  /** Epoch milliseconds. */
  readonly fetchedAt: number
}

/**
 * Where positions and what goes with them are kept. Implement it to keep them in a database of your own.
 *
 * One stream uses a store at a time; `open` must refuse a second one. All methods may be synchronous or return promises;
 * the stream never calls two at once (but `close`, when another call has not been answered for five seconds).
 *
 * Writes that throw an error with `retryable: true` are tried again for five minutes, other errors end the stream; what
 * `issuer`, `putIssuer`, `list`, `putList` and `putConditions` throw does neither. Evidence that cannot be stored does not end the stream
 * either: the event `misbehaviour` says so.
 */
export interface CheckpointStore {
  /**
   * Called once before anything else.
   * @throws `CT_CHECKPOINT_CONFLICT` when another stream uses it, `CT_CHECKPOINT_VERSION` when a newer version made it,
   * `CT_CHECKPOINT_UNUSABLE` when it is damaged or is something else.
   */
  open(): Awaitable<void>
  /** What was found while opening that its user should know; the stream logs it. */
  readonly warning?: string | undefined
  /**
   * Whether the entries that are written with the positions have to come in the order of each log and without a hole, as in a queue whose readers are
   * past an index for good. A stream with `end: { time }` then delivers every entry it reads, up to `mergeDelayMs` beyond that time, instead of
   * leaving out those at or after it: none of them could be written later, behind the ones before the end. Default `false`.
   */
  readonly ordered?: boolean | undefined
  /** Every log ever committed. */
  load(): Awaitable<readonly LogCheckpoint[]>
  /**
   * Replaces the rows of these logs, all or none; durable against the death of the process when it returns. Keeps no
   * reference to what it is given. The last of two rows of one log counts. Repeating a commit, also one that took effect
   * although it failed, changes nothing.
   * @throws `CT_OPTION_INVALID` for what no store may keep: a position that is not a safe integer, a hash that is not
   * 32 bytes (`checkpointToJSON` checks it); `CT_CHECKPOINT_UNUSABLE` when it cannot be written now.
   */
  commit(checkpoints: readonly LogCheckpoint[]): Awaitable<void>
  /** Keeps a gap; one with the same log, start and end as before changes nothing (the first record stays). */
  addGap(gap: Gap): Awaitable<void>
  /** In the order they were recorded; so is `evidence()`. */
  gaps(): Awaitable<readonly Gap[]>
  /** Durable against power loss when it returns. Called a few dozen times for a log and error code, however often the log contradicts itself. */
  addEvidence(evidence: Evidence): Awaitable<void>
  /** All evidence that was recorded, in that order; `[]` when there is none. */
  evidence(): Awaitable<readonly Evidence[]>
  /**
   * An issuer certificate (DER) by the lower-case hex SHA-256 of it. A store may forget any of them, and should bound them: hostile logs
   * name as many as they like, and one that is not there is fetched again.
   */
  issuer(fingerprint: string): Awaitable<Uint8Array | undefined>
  /** Keeps an issuer certificate (DER) under its lower-case hex SHA-256. Idempotent. */
  putIssuer(fingerprint: string, der: Uint8Array): Awaitable<void>
  /** The copy of the list at `url`, as it was put last; `undefined` when none was. */
  list(url: string): Awaitable<StoredList | undefined>
  /** Keeps the copy of a list in the place of the one before at its URL. */
  putList(list: StoredList): Awaitable<void>
  /**
   * Keeps how every log of the stream fares, in place of what was kept before: also of logs that were never reached, which have no row.
   * Called every five seconds at most, while something changes. A store without it loses nothing but what an operator could see.
   */
  putConditions?(conditions: readonly LogCondition[]): Awaitable<void>
  /** Releases it. Idempotent. Every other method fails with `CT_CLOSED` from then on, until it is opened again. */
  close(): Awaitable<void>
}
