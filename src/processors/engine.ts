import type { CtCertificate } from '../types/certificate.js'
import type { LogInfo } from '../types/log.js'
import type { ParkReason, QueueGap, Watermark } from '../types/queue.js'

/** One entry as read from an engine. */
export type QueuedEntry =
  | { readonly kind: 'certificate'; readonly epoch: number; readonly certificate: CtCertificate }
  /** Only its log has it: it was too large for the engine, or written with a body that is not the whole entry. */
  | {
      readonly kind: 'omitted'
      readonly epoch: number
      readonly index: number
      readonly log: LogInfo
      /** The body that it was written with. */
      readonly otherBody?: string
    }
  | RefusedEntry

/** A message that cannot be read; `index` where at least its place could be. */
export interface RefusedEntry {
  readonly kind: 'refused'
  readonly index: number | undefined
  /** Harmless, on one line. */
  readonly reason: string
  readonly body: Uint8Array
}

/** The right to work on one log, until it is lost or released. The same object all that time, so it can be compared by identity. */
export interface QueueClaim {
  readonly log: LogInfo
  /** The watermark of the group when the claim began. */
  readonly mark: Watermark
  /** The group has not moved on yet: it is not known whether there are whole entries. Default `false`. */
  readonly isNew?: boolean
  /** Of a backfilled range, whose entries are apart from those of collectors. */
  readonly range?: object | undefined
}

/** What one read returned of one log. */
export interface QueuedPage {
  readonly kind: 'page'
  readonly claim: QueueClaim
  /** In order of their index; the source drops repetitions. */
  readonly entries: readonly QueuedEntry[]
  /** Everything below this index is in this page, in one before it, in a gap, or was left out by whoever filled the engine. */
  readonly end: number
  /** Ranges that are not in the engine, as those that retention has deleted; in order, before, between or behind the entries. */
  readonly missing: readonly QueueGap[]
  /** Exclusive end of the log in the engine at the time of the read. */
  readonly head: number
}

/** One parked entry that somebody asked to replay. */
export interface ReplayedEntry {
  readonly kind: 'replay'
  readonly key: string
  readonly entry: QueuedEntry
}

/** Runs statements in the transaction that stores a watermark. */
export type EffectQuery = <Row extends object = Record<string, unknown>>(
  text: string,
  values?: readonly unknown[],
) => Promise<readonly Row[]>

/** Effects in that transaction. Called again after a rollback. */
export type Effects = (query: EffectQuery) => Promise<void>

/** What to set aside, and why. */
export interface Parking extends ParkReason {
  readonly logId: string | undefined
  readonly index: number | undefined
  /** The entry, or the message as found; `undefined` when only its log has it. */
  readonly content: CtCertificate | Uint8Array | undefined
  /** The key of a parked entry whose replay failed again. */
  readonly key?: string
}

/**
 * One engine behind a queue source, for one processor of one group. `next()` may run beside another method; of the others only one runs
 * at a time.
 *
 * It waits and retries when a failure may pass (a server that goes away), and throws every other.
 */
export interface QueueEngine {
  /** The claims of this processor, as far as it knows. */
  readonly claims: readonly QueueClaim[]
  /** Connects and joins the group. */
  open(): Promise<void>
  /** Waits for the next page of any claimed log. `undefined` at the end (`end: 'head'`), or when `signal` has aborted. */
  next(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined>
  /** Messages that the engine has set aside by itself: of no log that is known, or that cannot be read. */
  readonly setAside?: number
  /** Exclusive end of a log in the engine, as of the last look; engines without it say so in their pages. */
  headOf?(claim: QueueClaim): number
  /**
   * Makes watermarks durable, except those of lost claims.
   *
   * @returns The claims that are lost to another processor.
   */
  store(marks: ReadonlyMap<QueueClaim, Watermark>): Promise<readonly QueueClaim[]>
  /**
   * Sets aside, durably. Idempotent: an entry is parked once.
   *
   * @returns How many of them: one of a log that another processor has now is left to it, which meets the entry again.
   */
  park(items: readonly Parking[]): Promise<number>
  /**
   * Runs effects in the transaction that stores the watermark; only engines with transactions have it. The effects take place once: when
   * the connection breaks during the commit, the stored watermark shows whether it succeeded.
   *
   * @throws `CT_LEASE_LOST`, and what `effects` throws: nothing was done.
   */
  finishWith?(
    what: { readonly claim: QueueClaim; readonly mark: Watermark } | { readonly key: string },
    effects: Effects,
  ): Promise<void>
  /** Forgets a replayed entry that is acknowledged. */
  settle(key: string): Promise<void>
  addGap(gap: QueueGap): Promise<void>
  /** Releases the logs for other processors and disconnects. Idempotent. */
  close(): Promise<void>
}
