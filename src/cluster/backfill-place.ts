import type { NewBackfill } from '../checkpoint/backfill-ranges.js'
import type { BackfillJob } from '../types/backfill.js'
import type { Lease, Sink } from '../types/cluster.js'
import type { ProvenPart } from '../verify/one-tree.js'

/** How far a range of a backfill is. */
export interface RangeState {
  /** Exclusive end. */
  readonly end: number
  /** Index of the first entry that the engine does not have. */
  readonly position: number
  /** How many members read ranges of its backfill, this one included. */
  readonly readers: number
}

/**
 * Where the processes that share a backfill keep it: the jobs, the ranges of each, and who reads which. All they know of each other comes from
 * here. Its methods throw `CT_SINK_FAILED` when the engine cannot be reached.
 */
export interface BackfillPlace {
  /** The oldest running backfill of the same entries; with any end where `end` is left out. */
  find(logId: string, start: number, end: number | undefined): Promise<BackfillJob | undefined>
  /** Adds a backfill and its ranges, unless one of the same entries is running; with any end where the job is open. */
  add(job: NewBackfill): Promise<void>
  job(id: string): Promise<BackfillJob | undefined>
  /** Takes an unfinished range of a backfill; `undefined` when others hold all of them, or there is none. */
  claim(id: string): Promise<Lease | undefined>
  /** Renews the lease of a range. @returns Whether it is still held. */
  renew(lease: Lease): Promise<boolean>
  /** Gives a range back to whoever is next; does nothing when another member holds it by now. */
  release(lease: Lease): Promise<void>
  range(unit: string): Promise<RangeState | undefined>
  /** The ranges of a backfill in order, with the compact range proven at both ends of each. */
  parts(id: string): Promise<readonly ProvenPart[]>
  /** Ends a backfill, once: a second call changes nothing. @param reason - Why it failed; `undefined` when it is done. */
  settle(id: string, reason: string | undefined): Promise<void>
  /** A new sink whose positions are those of a range, for its lease; not opened. */
  sink(lease: Lease): Sink
  /** Disconnects. Idempotent. */
  close(): Promise<void>
}
