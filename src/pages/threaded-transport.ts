import { closedError, networkError } from '../http/http-errors.js'
import type { GetOptions, HttpAnswer, PageForm, Transport } from '../http/transport.js'
import { ThreadEnded } from '../threads/worker-thread.js'
import type { Logger } from '../types/clock.js'
import type { EntryBatch } from '../types/entries.js'
import type { BufferPool } from '../util/buffer-pool.js'
import { messageOf } from '../util/message-of.js'
import { fetchPage } from './fetch-page.js'
import type { WorkerSetup } from './messages.js'
import { PageThread } from './page-thread.js'

export interface ThreadedTransportOptions {
  /** Transport of this thread: for other requests than pages, and for pages when no thread can be made. Closed together with this one. */
  readonly here: Transport
  /** The program of a thread. */
  readonly file: string
  /** Most threads. */
  readonly count: number
  /** How many pages to read in this thread first: starting threads for a few pages does not pay. */
  readonly after: number
  readonly setup: WorkerSetup
  readonly logger: Logger
}

/** How many threads may end while they read one page before its request fails. */
const MAX_ENDS = 3

/**
 * A transport whose worker threads request, unpack, parse and hash pages of entries, and return them in shared memory. Everything else,
 * such as order, rate and proofs, stays in the calling thread.
 *
 * A thread that ends is replaced, and its pending pages are requested again. Where no thread can be made, it logs that once and reads
 * pages in the calling thread.
 */
export class ThreadedTransport implements Transport {
  private readonly options: ThreadedTransportOptions
  private readonly threads: PageThread[] = []
  private pagesHere = 0
  /** Whether no thread can be made. */
  private isAlone = false
  private isClosed = false

  constructor(options: ThreadedTransportOptions) {
    this.options = options
  }

  get pool(): BufferPool | undefined {
    return this.options.here.pool
  }

  get(url: string, options?: GetOptions): Promise<HttpAnswer> {
    return this.options.here.get(url, options)
  }

  readonly page = async (url: string, form: PageForm, options: GetOptions): Promise<EntryBatch> => {
    let isReceived = false
    const onReceived = () => {
      isReceived = true
      options.onReceived?.()
    }
    // Once the answer was complete its turn is over: to request it again takes another one, as after any failure.
    for (let ends = 0; ends < MAX_ENDS && !isReceived; ends++) {
      if (this.isClosed) throw closedError(url)
      const thread = this.pick()
      if (thread === undefined) return await fetchPage(this.options.here, url, form, options)
      try {
        return await thread.ask(url, form, { ...options, onReceived })
      } catch (error) {
        if (!(error instanceof ThreadEnded)) throw error
      }
    }
    const times = isReceived ? '' : `, ${MAX_ENDS} times`
    throw networkError(url, new Error(`the worker thread that read the answer ended${times}`))
  }

  async close(): Promise<void> {
    this.isClosed = true
    await Promise.all(this.threads.splice(0).map((thread) => thread.close()))
    await this.options.here.close()
  }

  /** The thread with the fewest pending pages; an idle one rather than a new one, so that few connections are opened. */
  private pick(): PageThread | undefined {
    const { threads, options } = this
    if (this.isAlone || this.pagesHere++ < options.after) return undefined
    let least: PageThread | undefined
    for (const thread of threads) if (least === undefined || thread.load < least.load) least = thread
    if (least !== undefined && (least.load === 0 || threads.length === options.count)) return least
    try {
      const thread = new PageThread(options.file, options.setup, this.onEnd)
      threads.push(thread)
      return thread
    } catch (error) {
      if (least === undefined) this.goAlone(messageOf(error))
      return least
    }
  }

  private readonly onEnd = (thread: PageThread, why: string): void => {
    const at = this.threads.indexOf(thread)
    if (at !== -1) this.threads.splice(at, 1)
    if (!thread.isReady) this.goAlone(why)
    else this.options.logger.warn(`a worker thread ended (${why}); its pages are requested again`)
  }

  private goAlone(why: string): void {
    if (!this.isAlone) this.options.logger.warn(`no worker thread can be made (${why}): entries are read in one thread`)
    this.isAlone = true
  }
}
