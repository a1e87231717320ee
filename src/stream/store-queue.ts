import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { abortable, quietController } from '../util/abort.js'
import { type BackoffPolicy, backoffDelay } from '../util/backoff.js'
import { elapsedOf, systemClock } from '../util/clock.js'

/** How long a write to the store is retried, in the background and for a caller that waits, milliseconds. */
export const STORE_PATIENCE = Object.freeze({ backgroundMs: 300_000, commitMs: 5_000 })
/**
 * Closing takes five seconds at most. The last one is measured in real time, so that a working store has enough time under the fast clock
 * of a test.
 */
const CLOSING = { clockMs: 4_000, machineMs: 1_000 }
const BACKOFF: BackoffPolicy = { baseMs: 100, maxMs: 10_000 }
const BACKOFF_CLOSING: BackoffPolicy = { baseMs: 100, maxMs: 500 }

export interface StoreQueueOptions {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Called when a write failed and is retried; not again before `onRecovery`. */
  readonly onTrouble: (error: unknown) => void
  /** Called when writes succeed again. */
  readonly onRecovery: () => void
}

/**
 * Serializes calls to a checkpoint store. Retries writes that fail with a retryable error (a full disk, another program that uses the
 * file, a database that restarts); other calls run between two tries.
 */
export class StoreQueue {
  private readonly options: StoreQueueOptions
  private tail: Promise<unknown> = Promise.resolve()
  private inTrouble = false
  /** Aborts when closing begins, which ends waits. */
  private readonly closing = quietController()
  /** Aborts when closing must be over. */
  private readonly over = quietController()
  private readonly closed = quietController()

  constructor(options: StoreQueueOptions) {
    this.options = options
  }

  /** Whether the store was given up because closing took too long. */
  get isOver(): boolean {
    return this.over.signal.aborted
  }

  /** Runs a call when no other is under way. */
  exclusively<T>(call: () => T | Promise<T>): Promise<T> {
    const done = this.tail.then(() => {
      this.over.signal.throwIfAborted()
      return call()
    })
    this.tail = done.catch(() => {})
    return this.whileOpen(done)
  }

  /**
   * Runs a write until it succeeds.
   *
   * @param patienceMs - How long to retry after retryable failures: the sum of waits, and that of tries; once the stream is closed, what is
   * left of five seconds.
   * @throws The last error of the write.
   */
  async persist(write: () => void | Promise<void>, patienceMs: number): Promise<void> {
    // One try may take long to fail; in real time, so that a fast clock of a test leaves time for several.
    const elapsed = elapsedOf(systemClock)
    let waited = 0
    let tried = 0
    for (let failures = 0; ; failures++) {
      const began = elapsed()
      try {
        await this.exclusively(write)
        this.recovered()
        return
      } catch (error) {
        if (!isRetryable(error) || this.isOver) throw error
        tried += elapsed() - began
        if (waited >= patienceMs || tried >= patienceMs) throw withPatience(error, patienceMs)
        this.troubled(error)
        const delay = backoffDelay(this.isClosing ? BACKOFF_CLOSING : BACKOFF, failures, this.options.random)
        const ms = Math.min(delay, patienceMs - waited)
        waited += ms
        if (!(await this.sleep(ms))) throw error
      }
    }
  }

  /** Settles as `promise` does, unless closing takes too long. */
  whileOpen<T>(promise: Promise<T>): Promise<T> {
    return abortable(promise, this.over.signal)
  }

  /** Called when the stream is closed: writes under way have five seconds left. */
  close(): void {
    if (this.isClosing) return
    this.closing.abort()
    const { signal } = this.closed
    const passed = this.options.clock
      .sleep(CLOSING.clockMs, signal)
      .then(() => systemClock.sleep(CLOSING.machineMs, signal))
    passed.then(
      () => this.over.abort(hung()),
      () => {}, // everything was done before
    )
  }

  /** Called when no more calls will follow. */
  release(): void {
    this.closed.abort()
  }

  private get isClosing(): boolean {
    return this.closing.signal.aborted
  }

  /** Whether to try again. */
  private async sleep(ms: number): Promise<boolean> {
    const wasClosing = this.isClosing
    try {
      await this.options.clock.sleep(ms, wasClosing ? this.over.signal : this.closing.signal)
      return true
    } catch {
      // Tries at once when closing begins. A failing clock ends the wait.
      return this.isClosing && !wasClosing
    }
  }

  private troubled(error: unknown): void {
    if (this.inTrouble) return
    this.inTrouble = true
    this.options.onTrouble(error)
  }

  private recovered(): void {
    if (!this.inTrouble) return
    this.inTrouble = false
    this.options.onRecovery()
  }
}

/** Foreign stores may throw errors of their own. */
function isRetryable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === true
}

function withPatience(error: unknown, patienceMs: number): unknown {
  if (!CtStreamError.is(error)) return error
  const { code, message, retryable, cause } = error
  return new CtStreamError(code, `${message} (tried again for ${patienceMs / 1000} s)`, { retryable, cause })
}

function hung(): CtStreamError {
  const message = 'the checkpoint store did not answer within 5 s while the stream was closed'
  return new CtStreamError('CT_CHECKPOINT_UNUSABLE', message, { retryable: true })
}
