import { Worker } from 'node:worker_threads'
import { messageOf } from '../util/message-of.js'
import { VERSION } from '../version.js'

/** The thread ended before it answered. */
export class ThreadEnded extends Error {}

/** The first message of every worker thread. `version`: that of its program, which may come from another installation. */
export interface Ready {
  readonly kind: 'ready'
  readonly version: string
}

/** Somebody who waits for an answer of the thread. */
export interface Waiting {
  reject(reason: unknown): void
}

export interface WorkerThreadOptions<Told> {
  /** The program. */
  readonly file: string
  /** Its name in a debugger. */
  readonly name: string
  /** What the program finds as `workerData`. */
  readonly data?: unknown
  /** Called with each message after `ready`. */
  readonly onMessage: (message: Told) => void
  /** Called once, with the reason, when the thread has ended by itself. */
  readonly onEnd: (why: string) => void
}

/** A worker thread of this package, and those who wait for its answers. It keeps the process alive while somebody waits. */
export class WorkerThread<Sent, Told extends { readonly kind: string }, W extends Waiting> {
  /** Whether the thread has started, with a program of our version. */
  isReady = false
  hasEnded = false
  private readonly thread: Worker
  private readonly onMessage: (message: Told) => void
  private readonly waiting = new Map<number, W>()
  private lastNumber = 0
  private failure = 'without a reason'

  /** @throws what `new Worker` throws where threads are not allowed. */
  constructor({ file, name, data, onMessage, onEnd }: WorkerThreadOptions<Told>) {
    this.onMessage = onMessage
    this.thread = new Worker(file, { name: `ct-stream ${name}`, workerData: data })
    this.thread.unref()
    this.thread.on('message', (message: Told | Ready) => this.take(message))
    this.thread.on('error', (error) => {
      this.failure = messageOf(error)
    })
    this.thread.on('exit', (code) => {
      if (this.hasEnded) return
      this.end()
      onEnd(code === 0 ? this.failure : `${this.failure}, status ${code}`)
    })
  }

  /** Number of those who wait. */
  get load(): number {
    return this.waiting.size
  }

  /** Registers somebody who waits; returns the number for messages about it. */
  wait(waiting: W): number {
    if (this.waiting.size === 0) this.thread.ref()
    this.waiting.set(++this.lastNumber, waiting)
    return this.lastNumber
  }

  /** Who waits under this number, if it still does. */
  waitingFor(number: number): W | undefined {
    return this.waiting.get(number)
  }

  /** The same, and it waits no longer. */
  settle(number: number): W | undefined {
    const waiting = this.waiting.get(number)
    if (this.waiting.delete(number) && this.waiting.size === 0) this.thread.unref()
    return waiting
  }

  post(message: Sent): void {
    if (!this.hasEnded) this.thread.postMessage(message)
  }

  /** Ends the thread as if it had ended by itself, with this reason. */
  kill(why: string): void {
    this.failure = why
    void this.thread.terminate()
  }

  /** Terminates the thread; those who wait are rejected with {@link ThreadEnded}. */
  async close(): Promise<void> {
    this.end()
    await this.thread.terminate()
  }

  private take(message: Told | Ready): void {
    if (!isReady(message)) {
      this.onMessage(message)
      return
    }
    this.isReady = message.version === VERSION
    if (!this.isReady) this.kill(`its program is of version ${message.version}`)
  }

  private end(): void {
    this.hasEnded = true
    for (const waiting of this.waiting.values()) waiting.reject(new ThreadEnded())
    this.waiting.clear()
  }
}

function isReady(message: { readonly kind: string }): message is Ready {
  return message.kind === 'ready'
}
