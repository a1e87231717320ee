import type { LogInfo, SignedHead } from './log.js'

/** A stretch of one log that is read by as many processes as there are. */
export interface BackfillJob {
  readonly id: string
  readonly log: LogInfo
  /** Index of the first entry, inclusive. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** Ranges begin at multiples of it. */
  readonly step: number
  /** Of which all of it is proven to be a part. */
  readonly head: SignedHead
  readonly state: 'running' | 'done' | 'failed'
  /** Why it failed. */
  readonly reason: string | undefined
  readonly createdAt: Date
  readonly endedAt: Date | undefined
  /** Ranges in all, and those that are read to their end. */
  readonly ranges: number
  readonly rangesDone: number
  /** Entries that are in the engine. */
  readonly entries: number
}
