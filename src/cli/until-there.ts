import { CtStreamError } from '../errors.js'
import type { Clock, Logger } from '../types/clock.js'
import { backoffDelay } from '../util/backoff.js'

/** Waits between attempts to begin, because a service may be started before the network is up. */
const backoff = { baseMs: 2000, maxMs: 60_000 }

/** A failed attempt, and when the next one follows. */
export interface Retry {
  readonly error: CtStreamError
  /** How many attempts have failed, from 1. */
  readonly attempt: number
  /** Time of the next attempt, epoch milliseconds. */
  readonly at: number
}

export interface UntilThereOptions {
  /** Whether an error only means that something is not there yet. Any other error is thrown. */
  readonly waitsFor: (error: unknown) => boolean
  readonly logger: Pick<Logger, 'warn' | 'debug'>
  /** Called before each wait. */
  readonly onRetry?: (retry: Retry) => void
  readonly clock: Clock
  /** Ends the waiting. */
  readonly stop: AbortSignal
}

/** Repeats `work` while what it needs is not there yet. Resolves when it has succeeded, or `stop` aborts. */
export async function untilThere(
  work: () => Promise<void>,
  { waitsFor, logger, clock, stop, onRetry }: UntilThereOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (stop.aborted || !waitsFor(error)) throw error
      const retryInMs = backoffDelay(backoff, attempt - 1, Math.random)
      // Repeated at growing intervals: a night without network takes a dozen lines.
      const isWord = (attempt & (attempt - 1)) === 0
      const { code, url, message } = error as CtStreamError
      const context = { code, url, attempt, retryInMs: Math.round(retryInMs) }
      logger[isWord ? 'warn' : 'debug'](`trying again: ${message}`, context)
      onRetry?.({ error: error as CtStreamError, attempt, at: clock.now() + retryInMs })
      await clock.sleep(retryInMs, stop).catch(() => {})
      if (stop.aborted) return
    }
  }
}

/** Thrown where a command was stopped while it waited for something that it needs to begin: it ends well, as if it had begun. */
export const stoppedBefore = new Error('stopped before it began')

/** Whether the network failed, or the engine cannot be reached yet. */
export function isAway(error: unknown): error is CtStreamError {
  return isNoNetwork(error) || (CtStreamError.is(error) && error.code === 'CT_SINK_FAILED' && error.retryable)
}

/** Whether the network failed. For several unavailable lists, one such failure is enough. */
export function isNoNetwork(error: unknown): error is CtStreamError {
  if (!CtStreamError.is(error) || !error.retryable) return false
  const { code, cause } = error
  if (code.startsWith('CT_HTTP_')) return true
  return code === 'CT_LIST_INVALID' && (cause instanceof AggregateError ? cause.errors : [cause]).some(isNoNetwork)
}
