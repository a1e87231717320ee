import { CtStreamError } from '../errors.js'
import { SeenEntries } from '../filter/dedupe.js'
import type { CtCertificate } from '../types/certificate.js'
import { Emitter } from '../util/emitter.js'
import type { CertStreamEvents } from './events.js'
import { type CertStreamOptions, type ClientSettings, clientSettings } from './options.js'
import { ServerFeed } from './server-feed.js'
import { CertificateMaker, type RawMessage } from './server-message.js'
import { toldKeys } from './told-keys.js'

/** How many certificates {@link CertStream.batches} hands out at once, at most. */
const MAX_BATCH = 256

/** How a {@link CertStream} fares. */
export interface CertStreamStatus {
  /** Messages of certificates read so far, those that the filter or `dedupe` dropped among them. */
  readonly received: number
  /** Certificates that the filter or `dedupe` dropped. */
  readonly dropped: number
  /** Messages that were none, and were left out. */
  readonly malformed: number
  /** Connections made so far. */
  readonly connections: number
  /** Bytes received and not yet read. */
  readonly bufferedBytes: number
}

/**
 * Certificates from a CertStream server, made by {@link certStream}. Nobody has proven them: `verified` is `false`.
 *
 * One reader at a time: a loop, `messages()` or `batches()`. Connects with the first read, and again, after one second at first and
 * one minute at most, whenever the connection is lost, for ever; only a server that refuses the very first connection (a 4xx) ends
 * the stream with its error, as does `signal` with its reason. While nobody reads, nothing more is received than `maxBufferedBytes`.
 */
export class CertStream extends Emitter<CertStreamEvents> implements AsyncIterable<CtCertificate> {
  private readonly settings: ClientSettings
  private readonly feed: ServerFeed
  private readonly maker = new CertificateMaker()
  private readonly seen: SeenEntries | undefined
  private isRead = false
  private closed: Promise<void> | undefined
  private received = 0
  private dropped = 0

  constructor(options: string | URL | CertStreamOptions) {
    super()
    const settings = clientSettings(options)
    const { dedupe, elapsed, random, signal, logger } = settings
    this.settings = settings
    this.seen = dedupe && new SeenEntries(dedupe, elapsed, random)
    this.feed = new ServerFeed(settings, (event, payload) => {
      if (event === 'error') logger?.warn((payload as CtStreamError).message, { code: (payload as CtStreamError).code })
      this.emit(event, payload)
    })
    signal?.addEventListener('abort', this.onAbort, { once: true })
  }

  /** Certificates one by one, as they come. The first read connects; leaving the loop closes the stream. */
  [Symbol.asyncIterator](): AsyncGenerator<CtCertificate, void, undefined> {
    return this.read(() => this.nextCertificate())
  }

  /** Certificates, as many at once as are there, 1 to 256. */
  batches(): AsyncGenerator<readonly CtCertificate[], void, undefined> {
    return this.read(async () => {
      const first = await this.nextCertificate()
      if (first === undefined) return undefined
      const batch = [first]
      for (let next: CtCertificate | undefined; batch.length < MAX_BATCH && (next = this.atHand()) !== undefined; )
        batch.push(next)
      return batch
    })
  }

  /** What the server sends, as JSON: heartbeats too, and all that `filter` and `dedupe` would drop. */
  messages(): AsyncGenerator<RawMessage, void, undefined> {
    return this.read(async () => (await this.feed.next())?.raw)
  }

  /** What came so far, and how the connection fares; a new object each time. */
  status(): CertStreamStatus {
    const { received, dropped, feed } = this
    const { malformed, connections, bufferedBytes } = feed
    return { received, dropped, malformed, connections, bufferedBytes }
  }

  /** Ends the stream: says goodbye to the server, which takes a second at most, and ends the loop. Idempotent. */
  close(): Promise<void> {
    this.settings.signal?.removeEventListener('abort', this.onAbort)
    this.closed ??= this.feed.close()
    return this.closed
  }

  /** The same as {@link CertStream.close}: for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private readonly onAbort = (): void => {
    this.close().catch(() => {})
  }

  private async *read<T>(next: () => Promise<T | undefined>): AsyncGenerator<T, void, undefined> {
    if (this.isRead)
      throw new CtStreamError('CT_READER_BUSY', 'this stream is being read already: one reader at a time')
    if (this.closed !== undefined && !this.settings.signal?.aborted)
      throw new CtStreamError('CT_CLOSED', 'this stream was closed')
    this.isRead = true
    try {
      for (;;) {
        this.settings.signal?.throwIfAborted()
        const value = await next()
        this.settings.signal?.throwIfAborted()
        if (value === undefined) return
        yield value
      }
    } finally {
      await this.close()
    }
  }

  private async nextCertificate(): Promise<CtCertificate | undefined> {
    for (;;) {
      const message = await this.feed.next()
      if (message === undefined) return undefined
      const certificate = message.kind === 'certificate' ? this.wanted(message) : undefined
      if (certificate !== undefined) return certificate
    }
  }

  private atHand(): CtCertificate | undefined {
    for (let message = this.feed.atHand(); message !== undefined; message = this.feed.atHand()) {
      const certificate = message.kind === 'certificate' ? this.wanted(message) : undefined
      if (certificate !== undefined) return certificate
    }
    return undefined
  }

  private wanted(message: {
    readonly raw: RawMessage
    readonly cursor: string | undefined
  }): CtCertificate | undefined {
    const certificate = this.maker.certificate(message)
    this.received++
    if (this.settings.filter?.matches(certificate) !== false && !this.isRepeated(certificate)) return certificate
    this.dropped++
    return undefined
  }

  private isRepeated(certificate: CtCertificate): boolean {
    const { seen } = this
    if (seen === undefined) return false
    const keys = toldKeys(certificate, seen)
    if (seen.has(keys)) return true
    seen.add(keys)
    return false
  }
}

/**
 * Certificates from a CertStream server: `ct-stream serve`, certstream-server-go, -rust, and those before them.
 *
 * @example
 * ```ts
 * for await (const cert of certStream('wss://certstream.example.org/full-stream')) console.log(cert.dnsNames)
 * ```
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` at once, naming the option.
 */
export function certStream(options: string | URL | CertStreamOptions): CertStream {
  return new CertStream(options)
}
