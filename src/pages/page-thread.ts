import type { GetOptions, PageForm } from '../http/transport.js'
import { errorOf } from '../threads/error-record.js'
import { type Waiting, WorkerThread } from '../threads/worker-thread.js'
import type { EntryBatch } from '../types/entries.js'
import { LeafBatch } from '../wire/leaf-batch.js'
import { extraOf } from './fetch-page.js'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js'

interface Pending extends Waiting {
  readonly form: PageForm
  readonly onBytes: GetOptions['onBytes']
  readonly onReceived: GetOptions['onReceived']
  resolve(batch: EntryBatch): void
}

/** A worker thread that reads pages, and its pending requests. */
export class PageThread {
  private readonly thread: WorkerThread<ToWorker, FromWorker, Pending>

  /**
   * @param onEnd - Called once, with the reason, when the thread has ended by itself.
   * @throws what `new Worker` throws where threads are not allowed.
   */
  constructor(file: string, setup: WorkerSetup, onEnd: (thread: PageThread, why: string) => void) {
    this.thread = new WorkerThread({
      file,
      name: 'pages',
      data: setup,
      onMessage: (message: FromWorker) => this.take(message),
      onEnd: (why) => onEnd(this, why),
    })
  }

  /** Whether the thread has started, with a program of our version. */
  get isReady(): boolean {
    return this.thread.isReady
  }

  /** Number of pending pages. */
  get load(): number {
    return this.thread.load
  }

  /** @throws what the worker's `get` throws, `signal.reason`, {@link ThreadEnded} when the thread ends first. */
  ask(url: string, form: PageForm, asked: GetOptions): Promise<EntryBatch> {
    const { signal, onBytes, onReceived, fresh, maxBytes, publicOnly } = asked
    const { thread } = this
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        thread.settle(number)
        thread.post({ kind: 'abort', number })
        reject(signal?.reason)
      }
      const done = () => signal?.removeEventListener('abort', onAbort)
      signal?.addEventListener('abort', onAbort, { once: true })
      const number = thread.wait({
        form,
        onBytes,
        onReceived,
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
      thread.post({ kind: 'page', number, url, form, options })
    })
  }

  /** Terminates the thread; pending pages reject with {@link ThreadEnded}. */
  close(): Promise<void> {
    return this.thread.close()
  }

  private take(message: FromWorker): void {
    const { thread } = this
    const { number } = message
    if (message.kind === 'bytes' || message.kind === 'received') {
      const waiting = thread.waitingFor(number)
      if (message.kind === 'bytes') waiting?.onBytes?.(message.held)
      else waiting?.onReceived?.()
      return
    }
    const pending = thread.settle(number)
    if (message.kind === 'error') {
      pending?.reject(errorOf(message.error))
      return
    }
    const release = () => thread.post({ kind: 'release', number })
    if (pending === undefined) {
      release()
      return
    }
    const { bytes, places, hashes, root } = message
    const { form, resolve } = pending
    resolve(new LeafBatch(form.start, { bytes, places, extra: extraOf(form) }, { hashes, root, release }))
  }
}
