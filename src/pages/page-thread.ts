import { Worker } from 'node:worker_threads'
import type { GetOptions, PageForm } from '../http/transport.js'
import type { EntryBatch } from '../types/entries.js'
import { messageOf } from '../util/message-of.js'
import { VERSION } from '../version.js'
import { LeafBatch } from '../wire/leaf-batch.js'
import { extraOf } from './fetch-page.js'
import { errorOf, type FromWorker, type ToWorker, type WorkerSetup } from './messages.js'

/** The thread ended before it answered. */
export class ThreadEnded extends Error {}

interface Pending {
  readonly form: PageForm
  readonly onBytes: ((held: number) => void) | undefined
  resolve(batch: EntryBatch): void
  reject(reason: unknown): void
}

/** A worker thread and its pending requests. */
export class PageThread {
  /** Whether the thread has started, with a program of our version. */
  isReady = false
  hasEnded = false
  private readonly thread: Worker
  private readonly pending = new Map<number, Pending>()
  private lastNumber = 0
  private failure = 'without a reason'

  /**
   * @param onEnd - Called once, with the reason, when the thread has ended by itself.
   * @throws what `new Worker` throws where threads are not allowed.
   */
  constructor(file: string, setup: WorkerSetup, onEnd: (thread: PageThread, why: string) => void) {
    this.thread = new Worker(file, { name: 'ct-stream pages', workerData: setup })
    this.thread.unref()
    this.thread.on('message', (message: FromWorker) => this.take(message))
    this.thread.on('error', (error) => {
      this.failure = messageOf(error)
    })
    this.thread.on('exit', (code) => {
      if (this.hasEnded) return
      this.end()
      onEnd(this, code === 0 ? this.failure : `${this.failure}, status ${code}`)
    })
  }

  /** Number of pending pages. */
  get load(): number {
    return this.pending.size
  }

  /** @throws what the worker's `get` throws, `signal.reason`, {@link ThreadEnded} when the thread ends first. */
  ask(url: string, form: PageForm, { signal, onBytes, fresh, maxBytes, publicOnly }: GetOptions): Promise<EntryBatch> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const number = ++this.lastNumber
      const onAbort = () => {
        this.settle(number)
        this.post({ kind: 'abort', number })
        reject(signal?.reason)
      }
      const done = () => signal?.removeEventListener('abort', onAbort)
      signal?.addEventListener('abort', onAbort, { once: true })
      // Keeps the process alive while a page is pending.
      if (this.pending.size === 0) this.thread.ref()
      this.pending.set(number, {
        form,
        onBytes,
        resolve: (batch) => {
          done()
          resolve(batch)
        },
        reject: (reason) => {
          done()
          reject(reason)
        },
      })
      const options = {
        ...(fresh !== undefined && { fresh }),
        ...(maxBytes !== undefined && { maxBytes }),
        ...(publicOnly !== undefined && { publicOnly }),
      }
      this.post({ kind: 'page', number, url, form, options })
    })
  }

  /** Terminates the thread; pending pages reject with {@link ThreadEnded}. */
  async close(): Promise<void> {
    this.end()
    await this.thread.terminate()
  }

  private take(message: FromWorker): void {
    if (message.kind === 'ready') {
      this.failure = `its program is of version ${message.version}`
      this.isReady = message.version === VERSION
      if (!this.isReady) void this.thread.terminate()
      else this.failure = 'without a reason'
      return
    }
    const { number } = message
    if (message.kind === 'bytes') {
      this.pending.get(number)?.onBytes?.(message.held)
      return
    }
    const pending = this.settle(number)
    if (message.kind === 'error') {
      pending?.reject(errorOf(message.error))
      return
    }
    const release = () => this.post({ kind: 'release', number })
    if (pending === undefined) {
      release()
      return
    }
    const { bytes, places } = message
    const { form, resolve } = pending
    resolve(LeafBatch.hashed(form.start, { bytes, places, extra: extraOf(form) }, message, release))
  }

  private settle(number: number): Pending | undefined {
    const pending = this.pending.get(number)
    if (this.pending.delete(number) && this.pending.size === 0) this.thread.unref()
    return pending
  }

  private post(message: ToWorker): void {
    if (!this.hasEnded) this.thread.postMessage(message)
  }

  private end(): void {
    this.hasEnded = true
    for (const { reject } of this.pending.values()) reject(new ThreadEnded())
    this.pending.clear()
  }
}
