import type { CtStreamError } from '../errors.js'
import type { AwaitedEnd, LogInfo, LogState } from './log.js'

/** What one log is doing: a copy, made when it was asked for. */
export interface LogStatus {
  /** The log it is about. */
  readonly log: LogInfo
  /** What it is doing now. */
  readonly state: LogState
  /** Index of the first entry not yet acknowledged; `undefined` while opening. */
  readonly position: number | undefined
  /** Size of the newest signed head. */
  readonly headSize: number | undefined
  /** Milliseconds since that head was signed; 0 for one signed ahead of this machine's clock. */
  readonly headAgeMs: number | undefined
  /**
   * The log's maximum merge delay in milliseconds: the age its newest head should never pass (RFC 6962 section 3.5).
   * `undefined` for a log that takes no more entries and need not sign new heads.
   */
  readonly mmdMs: number | undefined
  /**
   * What is wrong with the time of the newest head, since the event `error` told of it and until a head comes that is in
   * order: `CT_HEAD_STALE` (too old, or smaller than one before for minutes) or `CT_HEAD_FUTURE`. Entries are read all the same.
   */
  readonly headProblem: CtStreamError | undefined
  /** Entries between `position` and the newest head. */
  readonly lagEntries: number | undefined
  /** Milliseconds between the timestamp of the last delivered entry and now; 0 when nothing is missing. */
  readonly lagMs: number | undefined
  /** Size of the largest head that is known to be consistent with everything delivered as `verified`. */
  readonly verifiedSize: number | undefined
  /** Entries this stream is finished with: acknowledged by the reader, or dropped. */
  readonly entries: number
  /** Entries dropped by the option `filter`, or for being outside of the times of `start` and `end`. */
  readonly filtered: number
  /** Entries dropped by the option `dedupe`: the same was delivered before, of this log or another. */
  readonly duplicates: number
  /**
   * Entries given to the reader that were not proven, `cert.verified: false`: all of them with any `verify` but `'full'`; of a log that was
   * accused those delivered by `onMisbehaviour: 'continue-unverified'`. Otherwise 0.
   */
  readonly unverified: number
  /** Entries per second over the last minute or so. */
  readonly entriesPerSecond: number
  /** Bytes of entries received. */
  readonly bytes: number
  /** Requests sent, those sent again included. */
  readonly requests: number
  /** Requests sent again after one failed. */
  readonly retries: number
  /** Entries the log is known to give in one answer. */
  readonly pageSize: number
  /**
   * Requests per second that the log's host is now asked at most, over all of its logs: learned from its refusals (429,
   * `Retry-After`, errors) and kept in the checkpoint. While entries wait for it, heads have a quarter of it, whatever `pollIntervalMs`
   * says. `undefined` while it has refused nothing.
   */
  readonly requestsPerSecond: number | undefined
  /**
   * Milliseconds since the log gave its last answer, if requests have failed since, or since what it serves began to contradict what
   * it signed; `undefined` when all is well.
   */
  readonly troubleMs: number | undefined
  /** When that began, {@link LogStatus.troubleMs} ago: epoch milliseconds by this machine's clock; `undefined` when all is well. */
  readonly failingSince: number | undefined
  /**
   * When the log is asked again for what it did not give, at the earliest: epoch milliseconds by this machine's clock. `undefined` when
   * all is well, and while it is being asked. Failing logs are asked after half a second at first, then ever less often: every minute
   * at most where that may help, every 15 minutes where somebody most likely has to change something.
   */
  readonly nextRetryAt: number | undefined
  /** What keeps the log from its `end` although everything it has now is read; `undefined` otherwise. */
  readonly waitsFor: AwaitedEnd | undefined
  /** The last trouble the event `error` told of, long over or not; `undefined` when there was none. */
  readonly lastError: CtStreamError | undefined
}

/** What a stream is doing, all logs together: a copy, made when it was asked for. */
export interface StreamStatus {
  /** Every log that is or was followed; empty before the first read. */
  readonly logs: readonly LogStatus[]
  /** Sum of {@link LogStatus.entries}. */
  readonly entries: number
  /** Sum of {@link LogStatus.filtered}. */
  readonly filtered: number
  /** Sum of {@link LogStatus.duplicates}. */
  readonly duplicates: number
  /** Sum of {@link LogStatus.entriesPerSecond}. */
  readonly entriesPerSecond: number
  /** Sum of {@link LogStatus.bytes}. */
  readonly bytes: number
  /** Bytes fetched and not yet acknowledged, never far above `maxBufferedBytes`. */
  readonly bufferedBytes: number
  /** Gaps this stream recorded, without those it filled since because a log came back. */
  readonly gaps: number
}
