import type { Readable } from 'node:stream'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { BatchOptions, CertificateIterator, CtStream, FollowedLog, ReadableOptions } from '../types/stream.js'
import type { CtStreamEvents } from '../types/stream-events.js'
import type { AcknowledgeOption, CtStreamOptions } from '../types/stream-options.js'
import type { StreamStatus } from '../types/stream-status.js'
import { Emitter } from '../util/emitter.js'
import { integerOption, objectOption } from '../util/options.js'
import { beforeEnd } from './before-end.js'
import type { Engine } from './engine.js'
import { FollowedKeys } from './followed-keys.js'
import { batchBounds, GatheredBatches } from './gathered-batches.js'
import { notDelivered } from './reader/not-delivered.js'
import type { PageReader } from './reader/page-reader.js'
import { CertificateReadable } from './reader/readable.js'
import { serialIterator } from './serial-iterator.js'
import { type Settings, settingsOf } from './settings.js'
import { type SinkPlaces, sinkPlaces } from './sink-places.js'
import { streamStatus } from './status.js'

export type { CtStream } from '../types/stream.js'

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
  return new CertificateStream(settingsOf(options))
}

/** One way of reading the stream. */
interface Reading<T> {
  /** The next value without waiting, if there is one. */
  readonly atHand: () => T | undefined
  /** The next value; `undefined` at the end. */
  readonly read: () => Promise<T | undefined>
  /** `false` when asking for more acknowledges nothing, whatever the options say. */
  readonly acknowledges?: boolean
  /** Asked for more. */
  readonly onAskedForMore?: () => void
  /** Called before acknowledgements are applied. */
  readonly onSettle?: (() => void) | undefined
}

/** What {@link ctStream} makes; its members are documented at the interface. */
class CertificateStream extends Emitter<CtStreamEvents> implements CtStream {
  private readonly settings: Settings
  private engine: Engine | undefined
  private opening: Promise<Engine> | undefined
  private closed: Promise<void> | undefined
  private isRead = false
  private readonly keys: FollowedKeys
  private page: PageReader | undefined
  private isAtEnd = false
  /** Whether it closed itself at its end. */
  private hasFinished = false
  /** Whether asking for more acknowledges what came before. */
  private acknowledgesByReading: boolean
  private onSettle: (() => void) | undefined;
  /** Set by a pump. */
  [beforeEnd]: (() => Promise<void>) | undefined = undefined;
  /** Set by a pump. */
  [sinkPlaces]: SinkPlaces | undefined = undefined

  constructor(settings: Settings) {
    super()
    this.settings = settings
    this.acknowledgesByReading = settings.acknowledge === 'automatic'
    this.keys = new FollowedKeys(settings.logs)
  }

  get acknowledgement(): AcknowledgeOption {
    return this.settings.acknowledge
  }

  [Symbol.asyncIterator](): CertificateIterator<CtCertificate> {
    return this.singly()
  }

  batches(options: BatchOptions = {}): CertificateIterator<readonly CtCertificate[]> {
    const { maxEntries, maxWaitMs } = batchBounds(options)
    if (maxWaitMs > 0) return this.gathered(maxEntries, maxWaitMs)
    const isPageWise = maxEntries === Number.POSITIVE_INFINITY
    return this.reader({
      atHand: () => (isPageWise ? undefined : this.page?.upTo(maxEntries)),
      read: async () => {
        await this.nextPage()
        return isPageWise ? this.page?.rest() : this.page?.upTo(maxEntries)
      },
    })
  }

  readable(options: ReadableOptions = {}): Readable & AsyncIterable<CtCertificate> {
    const { highWaterMark } = objectOption<ReadableOptions>('readable', options, ['highWaterMark'])
    const size = integerOption('readable.highWaterMark', highWaterMark, 1, 65_536, 16)
    const isManual = this.settings.acknowledge === 'manual'
    const certificates = this.singly({ onSettle: isManual ? undefined : () => readable.settle() })
    const readable: CertificateReadable = new CertificateReadable(
      {
        next: async () => (await certificates.next()).value,
        acknowledge: isManual ? undefined : (certificate) => this.engine?.acknowledge(certificate),
        finish: async () => this.engine?.finish(this.closing),
        close: () => this.close(),
      },
      size,
    )
    return readable
  }

  acknowledge(...certificate: [] | [certificate: CtCertificate]): void {
    // An accidental `undefined` must not acknowledge everything.
    if (certificate.length === 0) this.engine?.acknowledgeGiven()
    else if (this.engine === undefined) throw notDelivered(certificate[0])
    else this.engine.acknowledge(certificate[0])
  }

  async commit(): Promise<void> {
    // It closed itself because nothing was left to commit.
    if (this.hasFinished && this.settings.commit === undefined) return this.close()
    if (this.closed !== undefined) throw new CtStreamError('CT_CLOSED', 'commit() after close()')
    await this.engine?.commit()
  }

  status(): StreamStatus {
    return this.engine?.status() ?? streamStatus([], 0, 0)
  }

  logs(): readonly FollowedLog[] {
    return this.keys.of(this.status().logs.map(({ log }) => log))
  }

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

  /** @param byHand - For readers that acknowledge explicitly: asking for more then acknowledges nothing. */
  private singly(byHand?: Pick<Reading<CtCertificate>, 'onSettle'>): CertificateIterator<CtCertificate> {
    return this.reader({
      atHand: () => this.page?.next(),
      read: async () => {
        await this.nextPage()
        return this.page?.next()
      },
      ...(byHand !== undefined && { ...byHand, acknowledges: false }),
    })
  }

  /** Batches that span pages and logs; all pages but the current one are acknowledged by their certificates. */
  private gathered(maxEntries: number, maxWaitMs: number): CertificateIterator<readonly CtCertificate[]> {
    const batches = new GatheredBatches(
      {
        next: () => this.page?.next(),
        more: async () => {
          await this.nextPage()
          return this.page !== undefined
        },
        acknowledge: (certificate) => this.engine?.acknowledge(certificate),
      },
      { maxEntries, maxWaitMs, clock: this.settings.clock },
    )
    const isManual = this.settings.acknowledge === 'manual'
    return this.reader({
      atHand: () => undefined,
      read: () => batches.next(),
      acknowledges: false,
      ...(!isManual && { onAskedForMore: () => batches.acknowledge() }),
    })
  }

  private reader<T>(reading: Reading<T>): CertificateIterator<T> {
    const { atHand, read, acknowledges = this.settings.acknowledge === 'automatic', onAskedForMore } = reading
    const askedForMore = () => {
      if (acknowledges) this.page?.acknowledge()
      onAskedForMore?.()
    }
    this.refuseWhileRead()
    return serialIterator({
      begin: () => {
        this.refuseWhileRead()
        this.isRead = true
        this.acknowledgesByReading = acknowledges
        this.onSettle = reading.onSettle
      },
      atHand: () => {
        askedForMore()
        return atHand()
      },
      next: () =>
        this.next(async () => {
          askedForMore()
          return this.isOver ? undefined : (atHand() ?? (await read()))
        }),
      isClosed: () => this.closed !== undefined,
      close: () => this.close(),
      fail: (error) => this.fail(error),
    })
  }

  /** The next value, or the end, of a stream that is opened if need be. */
  private async next<T>(read: () => Promise<T | undefined>): Promise<IteratorResult<T>> {
    try {
      const engine = await this.open()
      const value = await read()
      if (value !== undefined) return { done: false, value }
      if (!this.isOver) {
        this.isAtEnd = true
        await engine.finish(this.closing)
      }
      if (this.closed === undefined) return { done: true, value: undefined }
    } catch (error) {
      // Closed while it was being opened: the stream ends normally.
      if (this.closed === undefined || !CtStreamError.is(error) || error.code !== 'CT_CLOSED') return this.fail(error)
    }
    await this.close()
    this.settings.signal?.throwIfAborted()
    return { done: true, value: undefined }
  }

  private async fail(error: unknown): Promise<never> {
    await this.close().catch(() => {})
    throw error
  }

  /** Whether there is nothing more to read. */
  private get isOver(): boolean {
    return this.isAtEnd || this.closed !== undefined
  }

  private refuseWhileRead(): void {
    if (this.closed !== undefined) throw new CtStreamError('CT_CLOSED', 'this stream is closed')
    if (this.isAtEnd) throw new CtStreamError('CT_CLOSED', 'this stream has reached its end')
    if (this.isRead)
      throw new CtStreamError('CT_READER_BUSY', 'this stream is being read already: one reader at a time')
  }

  private readonly closing = (): Promise<void> => {
    this.hasFinished ||= this.closed === undefined
    return this.close()
  }

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
    // Loaded with the first read, so that importing the package costs next to nothing.
    const { Engine } = await import('./engine.js')
    signal?.throwIfAborted()
    if (this.closed !== undefined) throw new CtStreamError('CT_CLOSED', 'the stream was closed before it was open')
    const engine = new Engine(this.settings, {
      emit: (event, payload) => {
        if (event === 'list') this.keys.take(payload as CtStreamEvents['list'])
        this.emit(event, payload)
      },
      acknowledgesByReading: this.acknowledgesByReading,
      onSettle: this.onSettle,
      onAllRead: async () => this[beforeEnd]?.(),
      sinkPlaces: this[sinkPlaces],
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

  private async nextPage(): Promise<void> {
    const engine = await this.open()
    this.page = await engine.nextPage()
  }
}
