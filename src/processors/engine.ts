import type { CtCertificate } from '../types/certificate.js'
import type { LogInfo } from '../types/log.js'
import type { ParkReason, QueueGap, Watermark } from '../types/queue.js'

/** One entry as an engine has it. */
export type QueuedEntry =
  | { readonly kind: 'certificate'; readonly epoch: number; readonly certificate: CtCertificate }
  /** It is in its log alone, being too large for the engine. */
  | { readonly kind: 'omitted'; readonly epoch: number; readonly index: number }
  | RefusedEntry

/** A message that cannot be read; `index`: where that could be. */
export interface RefusedEntry {
  readonly kind: 'refused'
  readonly index: number | undefined
  /** Harmless, on one line. */
  readonly reason: string
  readonly body: Uint8Array
}

/** The right to work on one log, until it is lost or given back. The same object all the while. */
export interface QueueClaim {
  readonly log: LogInfo
  /** Where its group was when the claim began. */
  readonly mark: Watermark
}

/** What was read of one log at once. */
export interface QueuedPage {
  readonly kind: 'page'
  readonly claim: QueueClaim
  /** In order of their index; repetitions are dropped by the source. */
  readonly entries: readonly QueuedEntry[]
  /** Everything below this index is in this page, in one before it, in a gap, or was left out by whoever filled the engine. */
  readonly end: number
  /** What retention took, in order, all of it before the entries. */
  readonly missing: readonly QueueGap[]
  /** Exclusive end of what the engine had of the log when this was read. */
  readonly head: number
}

/** One parked entry that somebody wants to be tried again. */
export interface ReplayedEntry {
  readonly kind: 'replay'
  readonly key: string
  readonly entry: QueuedEntry
}

/** Statements in the transaction of a watermark. */
export type EffectQuery = <Row extends object = Record<string, unknown>>(
  text: string,
  values?: readonly unknown[],
) => Promise<readonly Row[]>

/** What is done in it: may run again, when nothing of it was kept. */
export type Effects = (query: EffectQuery) => Promise<void>

/** What is to be set aside. */
export interface Parking extends ParkReason {
  readonly logId: string | undefined
  readonly index: number | undefined
  /** The entry, or the message as it was found; `undefined`: it is in its log alone. */
  readonly content: CtCertificate | Uint8Array | undefined
  /** Of a replay that failed again. */
  readonly key?: string
}

/**
 * One engine behind a queue source, for one processor of one group. `next()` may run while others do; of the others one runs at a time.
 *
 * What passes (a server that goes away) it mends by itself, and waits; it throws what does not.
 */
export interface QueueEngine {
  /** Those that are ours, as far as is known. */
  readonly claims: readonly QueueClaim[]
  /** Connects and joins the group. */
  open(): Promise<void>
  /** What comes next of any log that is ours; waits for it. `undefined`: nothing is left (`end: 'head'`), or `signal` has aborted. */
  next(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined>
  /**
   * Makes watermarks durable. Those of claims that are another's by now move nothing.
   *
   * @returns The claims that are lost.
   */
  store(marks: ReadonlyMap<QueueClaim, Watermark>): Promise<readonly QueueClaim[]>
  /** Sets aside, durably; what is set aside already stays once. */
  park(items: readonly Parking[]): Promise<void>
  /**
   * Where effects can be in the same transaction as what says that they took place. Done once: where the connection breaks at the end, it is
   * looked at whether it took effect.
   *
   * @throws `CT_LEASE_LOST`, and what `effects` throws: nothing was done.
   */
  finishWith?(
    what: { readonly claim: QueueClaim; readonly mark: Watermark } | { readonly key: string },
    effects: Effects,
  ): Promise<void>
  /** A replayed entry is finished with. */
  settle(key: string): Promise<void>
  addGap(gap: QueueGap): Promise<void>
  /** Gives the logs to the others and disconnects. Idempotent. */
  close(): Promise<void>
}
