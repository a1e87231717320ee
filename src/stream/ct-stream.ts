import type { Readable } from 'node:stream'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CtStreamEvents, CtStreamOptions, ReadableOptions, StreamStatus } from '../types/stream.js'
import { Emitter } from '../util/emitter.js'
import { integerOption, objectOption } from '../util/options.js'
import type { Engine } from './engine.js'
import { notDelivered } from './reader/not-delivered.js'
import { CertificateReadable } from './reader/readable.js'
import type { Run } from './reader/run.js'
import { type Settings, settingsOf } from './settings.js'
import { streamStatus } from './status.js'

/**
 * Certificates as the logs publish them, every one proven to be in a tree whose head its log signed.
 *
 * ```ts
 * for await (const cert of ctStream()) console.log(cert.dnsNames)
 * ```
 *
 * Nothing is opened before the first read. Entries come at least once, in order within a log, without gaps; an entry is
 * acknowledged when the next one is asked for (see the option `acknowledge`), and what is acknowledged is committed to the
 * checkpoint store.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` at once for options that are wrong.
 */
export function ctStream(options?: CtStreamOptions): CtStream {
  return new CtStream(settingsOf(options))
}

/** See {@link ctStream}. One reader at a time. */
export class CtStream extends Emitter<CtStreamEvents> implements AsyncIterable<CtCertificate>, AsyncDisposable {
  private readonly settings: Settings
  private engine: Engine | undefined
  private opening: Promise<Engine> | undefined
  private closed: Promise<void> | undefined
  private reading = false
  private run: Run | undefined
  private isAtEnd = false
  /** Whether asking for more acknowledges what came before. */
  private acknowledgesByReading: boolean
  private onSettle: (() => void) | undefined

  /** @internal Use {@link ctStream}. */
  constructor(settings: Settings) {
    super()
    this.settings = settings
    this.acknowledgesByReading = settings.acknowledge === 'automatic'
  }

  /**
   * Certificates one by one. Leaving the loop closes the stream; the entry it was left at is not acknowledged (unless
   * {@link acknowledge} was called) and comes again after a restart.
   *
   * @throws {@link CtStreamError} `CT_READER_BUSY` while another reader is reading, `CT_CLOSED` after the stream was closed.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<CtCertificate> {
    return this.singly()
  }

  /**
   * Certificates page by page, as the logs serve them (usually up to 256 of one log): the same guarantees, acknowledged
   * per page, and the fastest way to read.
   *
   * @throws {@link CtStreamError} `CT_READER_BUSY`, `CT_CLOSED`.
   */
  batches(): AsyncIterableIterator<readonly CtCertificate[]> {
    return this.reader(
      () => undefined,
      async () => {
        await this.nextRun()
        return this.run?.rest()
      },
    )
  }

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
  readable(options: ReadableOptions = {}): Readable & AsyncIterable<CtCertificate> {
    const { highWaterMark } = objectOption<ReadableOptions>('readable', options, ['highWaterMark'])
    const size = integerOption('readable.highWaterMark', highWaterMark, 1, 65_536, 16)
    const isManual = this.settings.acknowledge === 'manual'
    const certificates = this.singly(false)
    const readable = new CertificateReadable(
      {
        next: async () => (await certificates.next()).value,
        acknowledge: isManual ? undefined : (certificate) => this.engine?.acknowledge(certificate),
        close: () => this.close(),
      },
      size,
    )
    if (!isManual) this.onSettle = () => readable.settle()
    return readable
  }

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
  acknowledge(...certificate: [] | [certificate: CtCertificate]): void {
    // An `undefined` that slipped in must not stand for everything.
    if (certificate.length === 0) this.engine?.acknowledgeGiven()
    else if (this.engine === undefined) throw notDelivered(certificate[0])
    else this.engine.acknowledge(certificate[0])
  }

  /**
   * Makes what is acknowledged durable now.
   *
   * @throws {@link CtStreamError} `CT_CLOSED`; what the store throws, when it is `retryable` after it was tried again for five
   * seconds: what was acknowledged then becomes durable with a later commit.
   */
  async commit(): Promise<void> {
    if (this.closed !== undefined) throw new CtStreamError('CT_CLOSED', 'commit() after close()')
    await this.engine?.commit()
  }

  /** What each log is doing, and totals. */
  status(): StreamStatus {
    return this.engine?.status() ?? streamStatus([], 0, 0)
  }

  /**
   * Stops reading, commits what is acknowledged, releases everything. Idempotent.
   *
   * @throws {@link CtStreamError} what the last commit throws, after five seconds at most: what it would have made durable
   * comes again. Everything is released all the same.
   */
  close(): Promise<void> {
    this.closed ??= (async () => {
      this.settings.signal?.removeEventListener('abort', this.onAbort)
      const engine = this.engine ?? (await this.opening?.catch(() => undefined))
      await engine?.close()
    })()
    return this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private singly(acknowledges?: false): AsyncIterableIterator<CtCertificate> {
    return this.reader(
      () => this.run?.next(),
      async () => {
        await this.nextRun()
        return this.run?.next()
      },
      acknowledges,
    )
  }

  /**
   * @param atHand - The next value without waiting, if there is one: the path of nearly every entry, one resolved promise.
   * @param read - The next value; `undefined` at the end.
   * @param acknowledges - `false`: asking for more acknowledges nothing, whatever the options say.
   */
  private reader<T>(
    atHand: () => T | undefined,
    read: () => Promise<T | undefined>,
    acknowledges = this.acknowledgesByReading,
  ): AsyncIterableIterator<T> {
    if (this.closed !== undefined) throw new CtStreamError('CT_CLOSED', 'this stream is closed')
    if (this.isAtEnd) throw new CtStreamError('CT_CLOSED', 'this stream has reached its end')
    if (this.reading)
      throw new CtStreamError('CT_READER_BUSY', 'this stream is being read already: one reader at a time')
    this.reading = true
    this.acknowledgesByReading = acknowledges
    let turn: Promise<unknown> | undefined
    const fail = async (error: unknown): Promise<never> => {
      await this.close().catch(() => {})
      throw error
    }
    const next = async (): Promise<IteratorResult<T>> => {
      try {
        const engine = await this.open()
        this.askedForMore()
        const isOver = () => this.isAtEnd || this.closed !== undefined
        const value = isOver() ? undefined : (atHand() ?? (await read()))
        if (value !== undefined) return { done: false, value }
        if (!isOver()) {
          this.isAtEnd = true
          await engine.finish(this.closing)
        }
        if (this.closed === undefined) return { done: true, value: undefined }
      } catch (error) {
        // Closed while it was opened: that is the end, not a failure.
        if (this.closed === undefined || !CtStreamError.is(error) || error.code !== 'CT_CLOSED') return fail(error)
      }
      await this.close()
      this.settings.signal?.throwIfAborted()
      return { done: true, value: undefined }
    }
    return {
      [Symbol.asyncIterator]() {
        return this
      },
      next: () => {
        if (turn === undefined && this.closed === undefined) {
          this.askedForMore()
          try {
            const value = atHand()
            if (value !== undefined) return Promise.resolve({ done: false, value })
          } catch (error) {
            // A filter of the caller's may throw: that ends the stream, as any error does.
            return fail(error)
          }
        }
        // Calls that do not wait for each other are served one after the other.
        const result = turn === undefined ? next() : turn.then(next)
        const settled = result.then(
          () => {},
          () => {},
        )
        turn = settled
        settled.then(() => {
          if (turn === settled) turn = undefined
        })
        return result
      },
      return: async () => {
        await this.close()
        return { done: true, value: undefined }
      },
      throw: async (error) => {
        await this.close()
        throw error
      },
    }
  }

  /** The reader is finished with what it has, unless it says so itself. */
  private askedForMore(): void {
    if (this.acknowledgesByReading) this.run?.acknowledge()
  }

  private readonly closing = (): Promise<void> => this.close()

  private readonly onAbort = (): void => {
    this.close().catch(() => {})
  }

  private open(): Promise<Engine> {
    this.opening ??= this.openEngine()
    return this.opening
  }

  private async openEngine(): Promise<Engine> {
    const { signal } = this.settings
    signal?.throwIfAborted()
    // Loaded with the first read: importing the package is to cost next to nothing.
    const { Engine } = await import('./engine.js')
    signal?.throwIfAborted()
    if (this.closed !== undefined) throw new CtStreamError('CT_CLOSED', 'the stream was closed before it was open')
    const engine = new Engine(this.settings, {
      emit: (event, payload) => this.emit(event, payload),
      acknowledgesByReading: this.acknowledgesByReading,
      onSettle: this.onSettle,
    })
    this.engine = engine
    signal?.addEventListener('abort', this.onAbort, { once: true })
    try {
      await engine.open()
    } catch (error) {
      signal?.removeEventListener('abort', this.onAbort)
      await engine.close().catch(() => {})
      throw error
    }
    return engine
  }

  private async nextRun(): Promise<void> {
    const engine = await this.open()
    this.run = await engine.nextRun()
  }
}
