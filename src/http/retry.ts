import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { type BackoffPolicy, backoffDelay } from '../util/backoff.js'
import { systemClock } from '../util/clock.js'

export interface RetryOptions {
  /** Most attempts; `Infinity` for no bound. Default 5. */
  readonly attempts?: number
  /** Default 500 ms doubling to 60 s. */
  readonly backoff?: BackoffPolicy
  readonly clock?: Clock
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
  /** Ends a wait at once. Does not end an attempt: the operation has a signal of its own for that. */
  readonly signal?: AbortSignal
  /** Called before each wait. */
  readonly onRetry?: (retry: Retry) => void
}

/** A failed attempt that another one follows. */
export interface Retry {
  readonly error: CtStreamError
  /** The attempt that failed: 1, 2, … */
  readonly attempt: number
  readonly waitMs: number
}

export const DEFAULT_RETRY = Object.freeze({ attempts: 5, backoff: Object.freeze({ baseMs: 500, maxMs: 60_000 }) })

/**
 * Runs `operation` until it resolves, fails with an error that is not retryable, or has used up its attempts.
 *
 * Waits with full jitter between attempts, and never less than a server's `Retry-After` (which counts as an hour at most).
 *
 * @param operation - Given the number of the attempt: 1, 2, …
 * @throws The last error. The message of a retryable `CtStreamError` ends with the number of the attempt; anything else is passed on
 * unchanged. `signal.reason` when a wait is aborted.
 */
export async function withRetry<T>(
  operation: (attempt: number) => Promise<T>,
  { signal, onRetry, ...options }: RetryOptions = {},
): Promise<T> {
  const { attempts = DEFAULT_RETRY.attempts, backoff = DEFAULT_RETRY.backoff } = options
  const { clock = systemClock, random = Math.random } = options
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      return await operation(attempt)
    } catch (error) {
      if (signal?.aborted || !CtStreamError.is(error) || !error.retryable) throw error
      if (attempt >= attempts) throw attempts > 1 ? withAttempt(error, attempt, attempts) : error
      const waitMs = waitAfter(error, backoffDelay(backoff, attempt - 1, random))
      onRetry?.({ error, attempt, waitMs })
      await clock.sleep(waitMs, signal)
    }
  }
}

/** The server's `Retry-After`, with jitter on top: clients refused together should not come back together. */
function waitAfter(error: CtStreamError, jitterMs: number): number {
  return error.retryAfterMs === undefined ? jitterMs : error.retryAfterMs + Math.min(jitterMs, 1000)
}

function withAttempt(error: CtStreamError, attempt: number, attempts: number): CtStreamError {
  const { logId, url, status, retryAfterMs, index, expected, actual, retryable, cause } = error
  const context = { logId, url, status, retryAfterMs, index, expected, actual, retryable, cause }
  return new CtStreamError(error.code, `${error.message} (attempt ${attempt} of ${attempts})`, context)
}
