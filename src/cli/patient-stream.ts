import type { CtStream } from '../stream/ct-stream.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock, Logger } from '../types/clock.js'
import type { CtStreamEvents } from '../types/stream-events.js'
import type { StreamStatus } from '../types/stream-status.js'
import { quietController } from '../util/abort.js'
import type { StreamEvents } from './report-events.js'
import { SaidBefore } from './terminal/said-before.js'
import { isNoNetwork, type Retry, untilThere } from './until-there.js'

/** The parts of a stream that are used. */
export type BegunStream = StreamEvents &
  Pick<CtStream, 'batches' | 'acknowledge' | 'acknowledgement' | 'status' | 'logs' | 'close'>

export interface PatientStreamOptions {
  /** Makes a stream; called for each try, because a stream that failed cannot be read again. May need the network itself. */
  readonly open: (logger: Logger) => BegunStream | Promise<BegunStream>
  readonly acknowledgement: CtStream['acknowledgement']
  readonly logger: Logger
  readonly clock: Clock
}

/** The status before there is a stream. */
const nothingYet: StreamStatus = Object.freeze({
  ...{ logs: [], entries: 0, filtered: 0, duplicates: 0, entriesPerSecond: 0 },
  ...{ bytes: 0, bufferedBytes: 0, gaps: 0 },
})

/**
 * A stream that begins as soon as there is a network: while its log lists, or the descriptions of its logs, cannot be fetched it is opened
 * again and again, and its reader, such as a server, just waits. After the first page it behaves like the stream itself.
 */
export class PatientStream implements AsyncIterable<CtCertificate> {
  private readonly options: PatientStreamOptions
  private readonly saidBefore: SaidBefore
  private readonly over = quietController()
  private readonly listeners: ((stream: BegunStream) => void)[] = []
  private current: BegunStream | undefined
  private retry: Retry | undefined

  constructor(options: PatientStreamOptions) {
    this.options = options
    this.saidBefore = new SaidBefore(options.logger)
  }

  /** Why nothing can be read yet; `undefined` once there are logs. Strangers may see it, so it has only the code of the error. */
  unready(): string | undefined {
    if (this.retry === undefined || this.status().logs.length > 0) return undefined
    const { error, attempt, at } = this.retry
    const next = new Date(at).toISOString().replace(/\.\d+/, '')
    return `neither log lists nor logs can be reached yet: ${error.code} at attempt ${attempt}, the next at ${next}`
  }

  get acknowledgement() {
    return this.options.acknowledgement
  }

  async *batches(): AsyncGenerator<readonly CtCertificate[], void, undefined> {
    let pages: AsyncIterableIterator<readonly CtCertificate[], void> | undefined
    let first: IteratorResult<readonly CtCertificate[], void> | undefined
    const attempt = async () => {
      pages = (await this.open())?.batches()
      first = await pages?.next()
    }
    const { logger, clock } = this.options
    await untilThere(attempt, {
      ...{ waitsFor: isNoNetwork, logger, clock, stop: this.over.signal },
      onRetry: (retry) => {
        this.retry = retry
      },
    })
    if (pages === undefined || first === undefined || first.done) return
    yield first.value
    yield* pages
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CtCertificate, void, undefined> {
    for await (const page of this.batches()) yield* page
  }

  on<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): this {
    this.listeners.push((stream) => stream.on(event, listener))
    this.current?.on(event, listener)
    return this
  }

  acknowledge(...certificate: Parameters<CtStream['acknowledge']>): void {
    this.current?.acknowledge(...certificate)
  }

  status(): StreamStatus {
    return this.current?.status() ?? nothingYet
  }

  logs(): ReturnType<CtStream['logs']> {
    return this.current?.logs() ?? []
  }

  async close(): Promise<void> {
    this.over.abort()
    await this.current?.close()
  }

  /** @returns `undefined` when it was closed meanwhile. */
  private async open(): Promise<BegunStream | undefined> {
    const stream = await this.options.open(this.saidBefore.nextTry())
    if (this.over.signal.aborted) {
      await stream.close()
      return undefined
    }
    this.current = stream
    for (const listen of this.listeners) listen(stream)
    return stream
  }
}
