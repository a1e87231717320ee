import type { CtCertificate } from './certificate.js'
import type { Clock, Logger } from './clock.js'
import type { LogInfo } from './log.js'

/** How far somebody has come in the messages of one log. */
export interface Watermark {
  /** The highest epoch of a writer that was seen; messages of a lower one come from an owner that was replaced. From 0. */
  readonly epoch: number
  /** Index of the first entry that is not finished with; safe integer. */
  readonly next: number
}

/** Entries that an engine no longer has, and that a group has not seen. */
export interface QueueGap {
  /** Which has them, if they can still be read there. */
  readonly log: LogInfo
  /** First missing index, inclusive. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** On one line. */
  readonly reason: string
}

/** Why an entry is set aside. */
export interface ParkReason {
  /** Which module failed on it; `'queue'` for a message that could not be read. */
  readonly by: string
  /** On one line, without anything dangerous to a terminal; cut at 500 characters. */
  readonly message: string
}

/** An entry, or a message, that was set aside so that the rest could go on. */
export interface ParkedEntry extends ParkReason {
  /** By which it is replayed or dropped: unique within its group. */
  readonly key: string
  /** For which it was set aside. */
  readonly group: string
  /** Base64; `undefined` where the message does not say. */
  readonly logId: string | undefined
  /** In its log; `undefined` where the message does not say. */
  readonly index: number | undefined
  /** How often it was set aside: 1, and one more for each replay that failed. */
  readonly failures: number
  /** When it was set aside last, by the engine's clock. */
  readonly parkedAt: Date
  /** Bytes of its body, 0 where there is none. */
  readonly bytes: number
  /** Whether it is to be given to a processor again. */
  readonly isReplayed: boolean
}

/** How a queue source fares; counts are those of this process. */
export interface QueueStatus {
  /** Entries given to the reader. */
  readonly delivered: number
  /** Messages left out because they had been delivered, or came from an owner that was replaced. */
  readonly repeated: number
  /** Set aside. */
  readonly parked: number
  /** Entries in gaps that were not filled. */
  readonly missing: number
  /** The logs that this process works on. */
  readonly logs: readonly QueueLogStatus[]
}

/** How far this process is with one log. */
export interface QueueLogStatus {
  /** As the engine describes it. */
  readonly log: LogInfo
  /** Index of the first entry that is not acknowledged. */
  readonly next: number
  /**
   * Entries that the engine had beyond that when it was asked last, which is every few seconds. Counted in indexes: at most so many, where a
   * collector leaves entries out.
   */
  readonly lag: number
}

/** How far a group of processors is, as the engine has it. */
export interface QueueGroupState {
  /** As its processors were started with. */
  readonly name: string
  /** In the order of their ids. A log is there again for each backfilled range that the group is not finished with. */
  readonly logs: readonly QueueGroupLog[]
}

/** How far a group is with one log. */
export interface QueueGroupLog {
  /** Base64 of SHA-256 over its key, 44 characters. */
  readonly id: string
  /** As its list has it. */
  readonly description: string
  /** Who runs it. */
  readonly operator: string
  /** Where it is asked. */
  readonly url: string
  /** Index of the first entry that is not acknowledged. */
  readonly next: number
  /** Exclusive end of what the engine has. */
  readonly end: number
  /** Entries in between, at most so many: where a collector leaves entries out, there are fewer. */
  readonly lag: number
}

/**
 * Entries out of an engine that a sink has filled, for one of several processors: a source of `runModules`.
 *
 * The processors of one group share the logs among them: each log belongs to one of them, and what it acknowledges is not delivered to
 * the group again. Each entry is delivered once, in the order of its log, but for what a processor that died, or lost a log to another,
 * had not acknowledged: that comes again. An acknowledgement of a processor that has lost the log moves nothing.
 */
export interface QueueSource extends AsyncIterable<CtCertificate>, AsyncDisposable {
  /** Positions move when they are told to, as those of a stream with `acknowledge: 'manual'`. */
  readonly acknowledgement: 'manual'
  /**
   * Certificates as they were read, in pages of one log each. Waits for more, unless there is an `end`. For one reader at a time.
   *
   * @throws `CT_SINK_FAILED` for what does not pass; `CT_READER_BUSY` for a second reader.
   */
  batches(): AsyncGenerator<readonly CtCertificate[], void, undefined>
  /** Everything of its log up to and including this certificate is finished with; of a replayed one: it alone. Stored soon after. */
  acknowledge(certificate: CtCertificate): void
  /** Stores what is acknowledged, now. */
  commit(): Promise<void>
  /** Sets an entry aside: durable when it resolves. It counts as finished when it is acknowledged besides. */
  park(certificate: CtCertificate, reason: ParkReason): Promise<void>
  /** Calls of a handler for the same work before it is set aside; `undefined`: it is never. */
  readonly parkAfter: number | undefined
  /** How it fares. */
  status(): QueueStatus
  /**
   * Stores what is acknowledged, gives the logs to the others and disconnects. Idempotent.
   *
   * @throws `CT_SINK_FAILED` when the engine gives no answer for `leaseMs`, and 20 s: it is disconnected, and what was acknowledged last comes again.
   */
  close(): Promise<void>
}

/** Who reads, from where, and how far it goes before it stores that. */
export interface QueueSourceOptions {
  /** Processors of one group share the work; each group gets everything. 1 to 255 characters. */
  readonly group: string
  /** Where a group that is new begins: with what the engine still has, or with what comes from now on. Default `'beginning'`. */
  readonly start?: 'beginning' | 'now'
  /** `'head'`: ends when nothing is left of what this processor can get. Default `'never'`. */
  readonly end?: 'never' | 'head'
  /** Entries of a page, at most. 1 to 10,000. Default 1,000. */
  readonly pageEntries?: number
  /** How long a processor that is silent keeps its logs. Milliseconds, 300 to 600,000; the same in all of a group. Default 15,000. */
  readonly leaseMs?: number
  /** How long an acknowledgement waits to be stored, at most. Milliseconds, 0 to 60,000. Default 1,000. */
  readonly commitIntervalMs?: number
  /**
   * After how many calls of a module for the same work what it fails on is set aside, 1 to 1,000; `'never'`: the policy of the module alone
   * decides, and what it skips is gone. Default 5.
   */
  readonly parkAfter?: number | 'never'
  /**
   * Entries that retention took before this group had read them, that were too large for the engine, or that were written with another
   * body: read from the log, such as by `({ start, end }) => ctStream({ logs: [spec], start: { index: start }, end: { index: end } })`. In
   * order, and all of them. Without it they are recorded as a gap, or set aside.
   */
  readonly refill?: (gap: QueueGap) => AsyncIterable<CtCertificate>
  /** Default: silent. */
  readonly logger?: Pick<Logger, 'info' | 'warn'>
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}
