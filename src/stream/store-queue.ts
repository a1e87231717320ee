import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { abortable, quietController } from '../util/abort.js'
import { type BackoffPolicy, backoffDelay } from '../util/backoff.js'
import { systemClock } from '../util/clock.js'

/** How long a write to the store that can be tried again is, in the background and for who asked for it, milliseconds. */
export const STORE_PATIENCE = Object.freeze({ backgroundMs: 300_000, commitMs: 5_000 })
/**
 * What is left from the beginning of closing: five seconds in all. The last of them is the machine's, so that a clock that
 * runs faster, in tests, leaves a store that works the time for it.
 */
const CLOSING = { clockMs: 4_000, machineMs: 1_000 }
const BACKOFF: BackoffPolicy = { baseMs: 100, maxMs: 10_000 }
const BACKOFF_CLOSING: BackoffPolicy = { baseMs: 100, maxMs: 500 }

export interface StoreQueueOptions {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** A write failed and is tried again; not called again until the recovery. */
  readonly onTrouble: (error: unknown) => void
  /** Writes succeed again. */
  readonly onRecovery: () => void
}

/**
 * Calls to a checkpoint store, never two at once. Writes that fail in a passing way (a full disk, another program that has
 * the file, a database that is restarted) are tried again; between two tries others have their turn.
 */
export class StoreQueue {
  private readonly options: StoreQueueOptions
  private tail: Promise<unknown> = Promise.resolve()
  private inTrouble = false
  /** Aborts when closing begins: waits are cut short. */
  private readonly closing = quietController()
  /** Aborts when closing must be over: nothing is waited for any more. */
  private readonly over = quietController()
  private readonly closed = quietController()

  constructor(options: StoreQueueOptions) {
    this.options = options
  }

  /** Whether the store was given up, as closing took too long. */
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
   * @param patienceMs - How long it is tried again after failures that say they pass (`retryable`), as waited for between
   * them; when the stream is closed meanwhile, what is left of five seconds.
   * @throws What the write threw last.
   */
  async persist(write: () => void | Promise<void>, patienceMs: number): Promise<void> {
    let waited = 0
    for (let failures = 0; ; failures++) {
      try {
        await this.exclusively(write)
        this.recovered()
        return
      } catch (error) {
        if (!isRetryable(error) || this.isOver) throw error
        if (waited >= patienceMs) throw withPatience(error, patienceMs)
        this.troubled(error)
        const delay = backoffDelay(this.isClosing ? BACKOFF_CLOSING : BACKOFF, failures, this.options.random)
        const ms = Math.min(delay, patienceMs - waited)
        waited += ms
        if (!(await this.sleep(ms))) throw error
      }
    }
  }

  /** What `promise` comes to, unless closing takes too long before. */
  whileOpen<T>(promise: Promise<T>): Promise<T> {
    return abortable(promise, this.over.signal)
  }

  /** The stream is closed: every write under way has five seconds left. */
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

  /** Nothing is to come any more. */
  release(): void {
    this.closed.abort()
  }

  private get isClosing(): boolean {
    return this.closing.signal.aborted
  }

  /** Whether it is worth another try. */
  private async sleep(ms: number): Promise<boolean> {
    const wasClosing = this.isClosing
    try {
      await this.options.clock.sleep(ms, wasClosing ? this.over.signal : this.closing.signal)
      return true
    } catch {
      // When closing begins there is a try at once. A clock that fails ends it.
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

/** Stores of others may throw errors of their own. */
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
