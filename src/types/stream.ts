import type { Readable } from 'node:stream'
import type { CtStreamError } from '../errors.js'
import type { CtCertificate } from './certificate.js'
import type { CheckpointStore, Gap } from './checkpoint.js'
import type { Clock, Logger } from './clock.js'
import type { DedupeOption, Filter } from './filter.js'
import type { AwaitedEnd, Cosignature, LogInfo, LogSpec, LogState, SignedHead } from './log.js'
import type { ListedLog, ListProblem, LogList, LogSelection } from './log-list.js'

/**
 * Where reading begins in a log that has no checkpoint: at its head, at its first entry, at an index, or at a time.
 *
 * `time`: every entry whose timestamp is not earlier is delivered, and none that is. Entries do not stand in the order of their
 * timestamps, because a log may merge one up to its maximum merge delay later: so reading begins up to twice that delay before
 * (two days of an RFC 6962 log, two minutes of most static-ct logs; {@link CtStreamOptions.mergeDelayMs} shortens it), and what is
 * too old is dropped and counts as `filtered`. A run that goes on from a checkpoint or cursor made in that stretch delivers
 * the rest of it whole.
 */
export type StartOption = 'now' | 'beginning' | { readonly index: number } | { readonly time: Date }

/**
 * Where reading ends: never, at the head seen when the log was opened, before an index, or at a time.
 *
 * `time`: every entry with an earlier timestamp is delivered, and no other. A log ends when no earlier entry can follow: when it
 * signed a head its maximum merge delay after the time (a day of most RFC 6962 logs, a minute of static-ct ones;
 * {@link CtStreamOptions.mergeDelayMs} shortens it). What is read of later entries until then is left for the next run: checkpoint
 * and cursors go on from the first of them, and what was merged late behind it is delivered again.
 */
export type EndOption = 'never' | 'head' | { readonly index: number } | { readonly time: Date }

/**
 * How much is proven before an entry is delivered; the weaker variants say so in their name.
 *
 * - `full`: every entry is proven to be in a tree whose head the log signed
 * - `signatures-only`: the signatures of heads are checked, entries are taken as they come
 * - `none-unverified`: nothing is checked
 */
export type VerifyOption = 'full' | 'signatures-only' | 'none-unverified'

/**
 * What becomes of a log that was accused (event `misbehaviour`), until it serves again what agrees with what it signed.
 *
 * - `stop-log`: nothing of it is delivered that is not proven
 * - `continue-unverified`: what it serves is delivered all the same, as `cert.verified: false` with the problem `entry-unverified`
 */
export type MisbehaviourOption = 'stop-log' | 'continue-unverified'

/**
 * What counts as finished with, so that it need not come again.
 *
 * - `automatic`: an entry or page, when the reader asks for the next one
 * - `manual`: what the caller acknowledges by `stream.acknowledge(cert)` or `stream.acknowledge()`, and nothing else
 */
export type AcknowledgeOption = 'automatic' | 'manual'

/** How `stream.readable()` reads. */
export interface ReadableOptions {
  /** Certificates buffered ahead of the consumer. 1 to 65,536. Default 16. */
  readonly highWaterMark?: number
}

/** How `stream.batches()` reads. */
export interface BatchOptions {
  /** Most certificates in a batch. 1 to 1,000,000. Default: a page; with `maxWaitMs` 1000. */
  readonly maxEntries?: number
  /**
   * Gathers pages, of one log or several, until there are `maxEntries`, or until this long after the first of them came. A batch is
   * acknowledged as a whole, and what it holds counts in `maxBufferedBytes`; of a batch of several logs store no cursor, for none covers
   * all of it. Milliseconds, 0 to 3,600,000. Default 0: a batch is of one page.
   */
  readonly maxWaitMs?: number
}

/**
 * What reading gives: for `for await`, once. Nothing is begun before the first `next()`: an iterator that is dropped before keeps nobody
 * else from reading. `return()`, `throw()` and `await using` close the stream once it was begun.
 */
export interface CertificateIterator<T> extends AsyncIterableIterator<T>, AsyncDisposable {
  /** The iterator itself. */
  [Symbol.asyncIterator](): CertificateIterator<T>
}

/** A log that a stream follows, with its key: `cert.verifyScts(stream.logs())`. */
export interface FollowedLog extends LogInfo {
  /** Base64 SubjectPublicKeyInfo (DER); {@link LogInfo.id} is its SHA-256. */
  readonly key: string
}

/** When acknowledged positions become durable: as soon as one of the bounds is reached. */
export interface CommitPolicy {
  /** Acknowledged positions become durable at least this often. Milliseconds, 10 to 3,600,000. Default 1000. */
  readonly everyMs?: number
  /** … and after this many acknowledged entries. 1 to 10,000,000. Default 10,000. */
  readonly everyEntries?: number
}

/** How many requests are in flight at a time, at most; within these the rate adapts to each log's host. */
export interface ConcurrencyOption {
  /** Requests in flight to one log, 1 to 64. Default 4. */
  readonly perLog?: number
  /** … to all logs of one operator, 1 to 256. Default 8. */
  readonly perOperator?: number
  /** … altogether, 1 to 1024. Default 32. */
  readonly total?: number
}

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
   * `Retry-After`, errors) and kept in the checkpoint. `undefined` while it has refused nothing.
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

/** Payload of each event of a stream. */
export interface CtStreamEvents {
  /** A log changed its state. */
  log: { readonly log: LogInfo; readonly state: LogState; readonly previous: LogState }
  /**
   * A new signed head was read and its signature verified. `cosignatures`: the other signature lines of a static-ct
   * checkpoint, unverified, at most 64, in the log's order; empty where there are none.
   */
  head: { readonly log: LogInfo; readonly head: SignedHead; readonly cosignatures: readonly Cosignature[] }
  /** Entries that will not be delivered. */
  gap: Gap
  /** What a log serves contradicts what it signed; the evidence has been stored. */
  misbehaviour: { readonly log: LogInfo; readonly error: CtStreamError }
  /**
   * A log's trouble; the stream goes on and the request is tried again. Heads that are older than the log promised, or
   * signed ahead of time, are reported once, until it is over (`CT_HEAD_STALE`, `CT_HEAD_FUTURE`).
   */
  error: { readonly log: LogInfo; readonly error: CtStreamError }
  /** The log lists were read: what they add, change or take away. */
  list: {
    /** Logs followed now. */
    readonly selected: number
    /** Logs followed from now on. */
    readonly added: readonly ListedLog[]
    /** Logs no list wants any more; they finish their backlog first. */
    readonly removed: readonly ListedLog[]
    /** As they are now. */
    readonly changed: readonly ListedLog[]
    /** Lists that could not be renewed; their last good copy stays in use. */
    readonly failures: readonly { readonly list: string; readonly error: CtStreamError }[]
    /** What was left out of the lists, or is odd. */
    readonly problems: readonly ListProblem[]
  }
  /** Positions became durable. */
  commit: { readonly entries: number; readonly logs: number }
}

/** An undici `Dispatcher` by its shape: an `Agent`, `ProxyAgent`, `MockAgent` …, from whatever copy of undici 7. */
export interface RequestDispatcher {
  /** As undici's `Dispatcher.dispatch`. */
  dispatch(options: never, handler: never): boolean
}

/** Options of `ctStream()`; all optional. Unknown keys and values out of bounds throw `CT_OPTION_INVALID` at once. */
export interface CtStreamOptions {
  /**
   * Where the logs are found: https URLs, file paths, or parsed JSON (Chrome's schema v3, Apple's v5), the most trusted
   * first; merged by log id. Default: Chrome's and Apple's lists. Chrome's signature is checked; the last good copy is kept
   * in the checkpoint store; renewed every 30 to 90 minutes, and changes apply to the running stream. Logs of a list that is
   * fetched from another machine are asked at public addresses and on port 443 alone, unless `allowHttp`.
   */
  readonly logList?: string | URL | LogList | readonly (string | URL | LogList)[]
  /**
   * Which of the listed logs to read, or logs named by hand, which need no list. Default: states qualified, usable and
   * readonly, both kinds, shards that can still grow.
   */
  readonly logs?: LogSelection | readonly LogSpec[]
  /**
   * Where to begin in logs without a checkpoint. Default `'now'`. Where it is given and a checkpoint or cursor says something else,
   * `logger.warn` says so once.
   */
  readonly start?: StartOption
  /** Where to end. Default `'never'`. */
  readonly end?: EndOption
  /**
   * How long after its timestamp an entry may have been merged into a log, at most: what `start: { time }` and `end: { time }` reckon
   * with. Milliseconds, 0 to 31,622,400,000. Default: each log's maximum merge delay and a minute for clocks that differ, which no log
   * that keeps its promise passes. Less is quicker, and leaves out what was merged later than that; most logs merge within minutes.
   */
  readonly mergeDelayMs?: number
  /**
   * A cursor of `certificate.cursor`: continue after that entry, whatever the checkpoint says. Logs it does not name go on by the
   * checkpoint, or else begin by `start`. One that names no log of the stream rejects the first read with `CT_CURSOR_INVALID`; one
   * that is ahead of what its log shows is reported by an `error` event of that code, and waited for.
   *
   * A cursor holds 16 bytes of the root of each log: a log that has other entries below it now is reported as `misbehaviour`
   * (`CT_HEAD_CONFLICT`), also without a checkpoint.
   */
  readonly resume?: string
  /** SQLite file, a store of your own, or `false` for memory only. Default `'ct-stream.db'` in the working directory. */
  readonly checkpoint?: string | CheckpointStore | false
  /**
   * When acknowledged positions become durable; `'manual'`: only by `stream.commit()`, but for where a log without a checkpoint was
   * begun, which is stored at once. Default `{ everyMs: 1000, everyEntries: 10_000 }`. A commit that fails in a passing way is tried
   * again for five minutes while reading goes on; only more is repeated after a crash.
   */
  readonly commit?: CommitPolicy | 'manual'
  /**
   * What counts as finished with. `'manual'` is for everything that asks for more before it is finished: pipelines, queues, work done
   * side by side. Default `'automatic'`: asking for the next entry or page acknowledges the one before.
   *
   * What is not acknowledged counts in `maxBufferedBytes`; when that is full, reading waits, and an `error` event says so
   * (`CT_UNACKNOWLEDGED`). A stream with an `end` stays open, once all is read, until all is acknowledged (with manual commits: and
   * committed), or `close()` is called; it keeps no process alive, but its checkpoint is in use until then.
   */
  readonly acknowledge?: AcknowledgeOption
  /** How much is proven before an entry is delivered. Default `'full'`. */
  readonly verify?: VerifyOption
  /**
   * What becomes of a log that was accused of misbehaviour. Default `'stop-log'`: it is asked on every minute, and nothing of it is
   * delivered before what it serves is proven.
   *
   * `'continue-unverified'` delivers what it serves: pages that are not of its tree, and up to any head that it signed, also one
   * that contradicts others of its own. Such entries have `verified: false` and the problem `entry-unverified`; those after them are proven
   * again, and `verified`, as soon as what the log serves agrees with a head that is consistent with those verified before. They count as
   * delivered: what the log serves in their place later does not come by itself (`getEntry()` asks for one). Nothing is
   * delivered of a log that shows no head signed with its key, nor of one that contradicts what is known of it when it is opened at a
   * `resume` cursor. `dedupe` drops no other entry for one of these. The accusation comes
   * first, which takes five minutes unless the log's own signatures contradict each other: longer than the default of `endPatienceMs`.
   */
  readonly onMisbehaviour?: MisbehaviourOption
  /** Which entries are delivered. What is dropped counts as read: the position moves past it. Default: all. */
  readonly filter?: Filter
  /**
   * Drops what this stream delivered before, from whichever log: the same certificate, or the same issuance (a precertificate and
   * its certificate). Default `false`.
   *
   * Nothing is dropped by mistake: keys are kept whole. They are kept in memory only, for `ttlMs` and up to `maxEntries` of them, so
   * that what was forgotten, and everything after a restart, may be delivered again: at least once, as always.
   */
  readonly dedupe?: DedupeOption
  /**
   * Bound on everything fetched and not yet acknowledged, over all logs; one log takes a quarter of it at most, or 16 MiB. Bytes, at
   * least 64 KiB. Default 64 MiB.
   */
  readonly maxBufferedBytes?: number
  /** Requests in flight, at most. Default `{ perLog: 4, perOperator: 8, total: 32 }`. */
  readonly concurrency?: ConcurrencyOption
  /** How often a caught-up log's head is read, jittered by a quarter. Milliseconds, 10 to 86,400,000. Default 10,000. */
  readonly pollIntervalMs?: number
  /**
   * How long a static-ct log's last tile may stay partial before it is read as it is, instead of waiting for it to fill.
   * Milliseconds, 0 to 86,400,000. Default 60,000.
   */
  readonly partialTileDelayMs?: number
  /**
   * How long a stream with an `end` waits for a log that gives no answer, or none that can be proven, before it gives that
   * log up, reads the others to their end, and ends with `CT_INCOMPLETE`. It counts from the first failure after the last
   * answer, ten times as long where the log asks to be left alone for a while (429, `Retry-After`). Without an `end` every
   * log is tried for ever. Milliseconds, 100 to 86,400,000. Default 60,000.
   */
  readonly endPatienceMs?: number
  /**
   * Threads beside the one that reads the stream: they ask for pages of entries, unpack, parse and hash them, up to 60 MB each. Order,
   * proof, rates and `maxBufferedBytes` are the same with and without. 0 to 16; `'auto'` is two less than there are cores, at most 4,
   * for a stream with an `end`, from its ninth page on, and none for one that follows. There are none with a `dispatcher`, `fetch`
   * or `clock` of yours, which live in your thread, and where the program of the threads is not found, as in a bundle without the
   * installed package: `logger` is told, and one thread does it all. Default `'auto'`.
   */
  readonly workers?: number | 'auto'
  /** E-mail address or https URL put in the User-Agent; some operators give anonymous clients a lower tier. */
  readonly contact?: string
  /**
   * An undici `Dispatcher` (of undici 7) to send requests through (a proxy, a test double). It resolves names: that logs of a fetched list have public
   * addresses is then its business. Excludes `fetch`.
   */
  readonly dispatcher?: RequestDispatcher
  /** A WHATWG `fetch` to send requests through; resolves names, as a `dispatcher` does. Excludes `dispatcher`. */
  readonly fetch?: typeof globalThis.fetch
  /**
   * Accept `http:` URLs of hosts other than loopback, and logs of fetched lists at private addresses and on any port
   * (`CT_ADDRESS_REFUSED` without it): for networks of your own. Default `false`.
   */
  readonly allowHttp?: boolean
  /** Closes the stream; the pending read rejects with `signal.reason`. */
  readonly signal?: AbortSignal
  /** Where the stream says what it does. Default: silent. */
  readonly logger?: Logger
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
  /** Uniform in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number
}

/**
 * A stream of certificates, made by `ctStream()`; by its shape, so that a test can put something else in its place.
 *
 * One reader at a time: a loop, `batches()` or `readable()`, which has the stream from its first read on.
 */
export interface CtStream extends AsyncIterable<CtCertificate>, AsyncDisposable {
  /** The option `acknowledge`: what reads ahead of its work can do so only with `'manual'`. */
  readonly acknowledgement: AcknowledgeOption
  /**
   * Certificates one by one. Leaving the loop closes the stream; the entry it was left at is not acknowledged (unless
   * {@link acknowledge} was called) and comes again after a restart.
   *
   * @throws {@link CtStreamError} `CT_READER_BUSY` while another reader is reading, `CT_CLOSED` after the stream was closed.
   */
  [Symbol.asyncIterator](): CertificateIterator<CtCertificate>
  /**
   * Certificates page by page, as the logs serve them (usually up to 256 of one log): the same guarantees, acknowledged
   * per page, and the fastest way to read. With `maxEntries` no batch is larger; with `maxWaitMs` several pages, of whatever logs, become
   * one batch. Never an empty one.
   *
   * @throws {@link CtStreamError} `CT_OPTION_INVALID`, `CT_READER_BUSY`, `CT_CLOSED`.
   */
  batches(options?: BatchOptions): CertificateIterator<readonly CtCertificate[]>
  /**
   * Certificates as a Node stream in object mode, for `pipeline()`. Destroying it closes this stream, as does its end where nothing is
   * left to acknowledge.
   *
   * With `acknowledge: 'manual'` nothing is acknowledged but by `acknowledge(cert)`: call it where a certificate is finished with, at
   * the end of the pipeline, and nothing is lost, whatever is buffered on the way.
   *
   * Otherwise a chunk counts as finished when the `Writable` that this stream is piped to has called back for it, without an error. A
   * consumer of another kind is finished with a chunk when it asks for the next one (for the last: for one more), as in
   * `for await`: so it must not ask ahead of its work, as an async function in a `pipeline()` does whose results are buffered
   * behind it; a `'data'` listener is finished when it returns. To pipe to a `Transform`, or to two targets, fails with
   * `CT_OPTION_INVALID`: what becomes of a chunk behind them cannot be seen from here.
   *
   * @throws {@link CtStreamError} `CT_READER_BUSY`, `CT_CLOSED`, `CT_OPTION_INVALID`.
   */
  readable(options?: ReadableOptions): Readable & AsyncIterable<CtCertificate>
  /**
   * Says what is finished with: `acknowledge(cert)` everything of its log up to and including this certificate, which came from this
   * stream, alone or in a batch, at any earlier time; `acknowledge()` everything read so far, of all logs.
   *
   * What is acknowledged does not come again once it is committed. Certificates of different logs may be acknowledged in any order;
   * to acknowledge one again, or an earlier one of its log, changes nothing, nor does it after `close()`. Needed with
   * `acknowledge: 'manual'`; otherwise useful before leaving a loop, or in the middle of a batch.
   *
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` for anything but a certificate that this stream has delivered.
   */
  acknowledge(...certificate: [] | [certificate: CtCertificate]): void
  /**
   * Makes what is acknowledged durable now.
   *
   * @throws {@link CtStreamError} `CT_CLOSED`; what the store throws, when it is `retryable` after it was tried again for five
   * seconds: what was acknowledged then becomes durable with a later commit.
   */
  commit(): Promise<void>
  /** What each log is doing, and totals. Empty before the first read. */
  status(): StreamStatus
  /**
   * The logs that are or were followed, with the keys that their signatures are checked with. Empty before the first read; without logs
   * that have left the lists and are only read to their end.
   */
  logs(): readonly FollowedLog[]
  /**
   * Stops reading, commits what is acknowledged, releases everything. Idempotent.
   *
   * @throws {@link CtStreamError} what the last commit throws, after five seconds at most: what it would have made durable
   * comes again. Everything is released all the same.
   */
  close(): Promise<void>
  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
  /**
   * Calls a listener for every event of this name, in the order in which they were added. What a listener throws is thrown on its own,
   * as an uncaught exception. `error` needs no listener. Node's `events.on(stream, 'head')` ends with the first `error` event, as with
   * any emitter.
   */
  on<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): this
  /** {@link on}, for one event. */
  once<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): this
  /** Removes a listener; without effect where it was not added. */
  off<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): this
  /** {@link off}, by the name that Node's `events.on()` calls it by. */
  removeListener<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): this
}
