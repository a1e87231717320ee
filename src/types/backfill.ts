import type { LogInfo, SignedHead } from './log.js'

/** A stretch of one log that is read by as many processes as there are. */
export interface BackfillJob {
  /** By which it is asked for. */
  readonly id: string
  /** Whose entries it reads. */
  readonly log: LogInfo
  /** Index of the first entry, inclusive. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** Ranges begin at multiples of it. */
  readonly step: number
  /** Of which all of it is proven to be a part. */
  readonly head: SignedHead
  /** `done`: every entry is in the engine, and all ranges were proven to be one tree. */
  readonly state: 'running' | 'done' | 'failed'
  /** Why it failed. */
  readonly reason: string | undefined
  /** By the engine's clock; in Kafka, which has none to ask, by that of the machine which began it. */
  readonly createdAt: Date
  /** As `createdAt`; `undefined`: it is running. */
  readonly endedAt: Date | undefined
  /** Ranges in all. */
  readonly ranges: number
  /** Those that are read to their end. */
  readonly rangesDone: number
  /** Entries that are in the engine. */
  readonly entries: number
}
