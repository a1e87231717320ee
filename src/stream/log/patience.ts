import type { CtStreamError } from '../../errors.js'
import type { Clock } from '../../types/clock.js'
import { type LinkedController, linkedController } from '../../util/abort.js'

/** A log that answers by asking clients to wait gets this many times the patience. */
const TIMES_WHEN_BUSY = 10
/** Least number of failed tries: a request may wait long for its turn, which is not the log's fault. */
const LEAST_FAILURES = 3

export interface PatienceOptions {
  readonly clock: Pick<Clock, 'sleep'>
  /** Milliseconds by a clock that nobody sets. */
  readonly elapsed: () => number
  readonly signal: AbortSignal
  /** How long a log may stay without any answer, milliseconds; infinite for ever. */
  readonly limitMs: number
  /** Called once with the last error, when the patience is over. */
  readonly onOver: (error: CtStreamError) => void
}

/** How long a log that does not answer is waited for: from the first request that fails, until one succeeds. */
export class Patience {
  /** When the trouble began, elapsed time; `undefined` when there is none. */
  since: number | undefined
  /** Whether the log refused a request since then for another reason than how often it is asked. */
  isRefused = false
  private readonly options: PatienceOptions
  private failures = 0
  private last: CtStreamError | undefined
  private timer: LinkedController | undefined

  constructor(options: PatienceOptions) {
    this.options = options
  }

  /** A request failed. */
  failed(error: CtStreamError): void {
    const { elapsed } = this.options
    this.last = error
    if (error.status !== 429) this.isRefused = true
    // The log's address is refused: no retry can help.
    this.failures += error.code === 'CT_ADDRESS_REFUSED' ? LEAST_FAILURES : 1
    this.since ??= elapsed()
    if (this.timer === undefined) this.waitUntil(this.since + this.allowedMs)
    else this.look()
  }

  /** A request succeeded. */
  answered(): void {
    this.since = undefined
    this.isRefused = false
    this.failures = 0
    this.stop()
  }

  /** Stops waiting. */
  stop(): void {
    this.timer?.abort()
    this.timer = undefined
  }

  private get allowedMs(): number {
    const isBusy = this.last?.status === 429 || this.last?.retryAfterMs !== undefined
    return this.options.limitMs * (isBusy ? TIMES_WHEN_BUSY : 1)
  }

  private look(): void {
    const { elapsed, onOver, signal } = this.options
    if (this.since === undefined || this.last === undefined || signal.aborted) return
    if (this.failures < LEAST_FAILURES || elapsed() - this.since < this.allowedMs) return
    this.stop()
    onOver(this.last)
  }

  private waitUntil(time: number): void {
    const { clock, elapsed, signal } = this.options
    if (!Number.isFinite(time)) return
    const timer = linkedController(signal)
    this.timer = timer
    clock.sleep(Math.max(0, time - elapsed()), timer.signal).then(
      () => {
        timer.unlink()
        if (this.timer !== timer) return
        // The log was granted more time meanwhile: waits for the rest. After that the next failure decides.
        const until = (this.since ?? 0) + this.allowedMs
        if (until > elapsed()) this.waitUntil(until)
        else this.look()
      },
      () => {},
    )
  }
}
