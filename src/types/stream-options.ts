import type { CheckpointStore } from './checkpoint.js'
import type { Clock, Logger } from './clock.js'
import type { DedupeOption, Filter } from './filter.js'
import type { LogSpec } from './log.js'
import type { LogList, LogSelection } from './log-list.js'

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
 * and cursors go on from the first of them, and what was merged late behind it is delivered again. Where the checkpoint is the store of a sink that
 * needs the order of the log (`ordered`: Kafka, NATS, Redis, Postgres with `queue`), all that is read is delivered, later entries too, and
 * the next run goes on behind it.
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
   * Where to begin in logs without a checkpoint. Default `'now'`: at the head that a log has when the stream begins to follow it; one that is
   * out of reach then is read later from that time on, and some minutes before, unless the process was started again meanwhile or another stream of
   * it began more than ten minutes after this one had ended. Where it is given and a checkpoint or cursor says something else,
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
   * checkpoint, or else begin by `start`; those it names that cannot be reached, or are not read, stay in the cursors of this run.
   * One that names no log of the stream rejects the first read with `CT_CURSOR_INVALID`; one that is ahead of what its log shows is
   * reported by an `error` event of that code, and waited for.
   *
   * A cursor holds 16 bytes of the root of each log: a log that has other entries below it now is reported as `misbehaviour`
   * (`CT_HEAD_CONFLICT`), also without a checkpoint.
   */
  readonly resume?: string
  /** SQLite file, a store of your own, or `false` for memory only. Default `'ct-stream.db'` in the working directory. */
  readonly checkpoint?: string | CheckpointStore | false
  /**
   * When acknowledged positions become durable; `'manual'`: only by `stream.commit()`, but for where a log without a checkpoint was
   * begun, which is stored at once; a stream with an `end` then stays open until all is committed, or `close()` is called. Default
   * `{ everyMs: 1000, everyEntries: 10_000 }`. A commit that fails in a passing way is tried
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
  /**
   * How often a caught-up log's head is read, jittered by a quarter. Less often where its host limits requests: while entries wait for that
   * rate, heads have a quarter of it, over all logs of the host. Milliseconds, 10 to 86,400,000. Default 10,000.
   */
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
