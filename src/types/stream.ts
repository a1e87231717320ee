import type { Readable } from 'node:stream'
import type { CtCertificate } from './certificate.js'
import type { LogInfo } from './log.js'
import type { CtStreamEvents } from './stream-events.js'
import type { AcknowledgeOption } from './stream-options.js'
import type { StreamStatus } from './stream-status.js'

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
   * left to acknowledge (with `commit: 'manual'`: nor to commit).
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
   * Makes what is acknowledged durable now. With `commit: 'manual'` it may be called once more behind the end, which closes the stream when
   * everything is acknowledged and committed; then it has nothing to do.
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
   * any emitter; its types take nothing but Node's own class: `events.on(stream as unknown as EventEmitter, 'head')` in TypeScript.
   */
  on<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): this
  /** {@link on}, for one event. */
  once<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): this
  /** Removes a listener; without effect where it was not added. */
  off<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): this
  /** {@link off}, by the name that Node's `events.on()` calls it by. */
  removeListener<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): this
}
