import { CtStreamError } from '../errors.js'
import type { Clock, Logger } from '../types/clock.js'
import { backoffDelay } from '../util/backoff.js'
import { messageOf } from '../util/message-of.js'

const backoff = { baseMs: 200, maxMs: 10_000 }

/** Whether another attempt may succeed. */
export const isPassing = (error: unknown): boolean =>
  CtStreamError.is(error) && error.code === 'CT_SINK_FAILED' && error.retryable

export interface Patience {
  readonly clock: Clock
  readonly logger: Pick<Logger, 'warn'> | undefined
}

/** Retries with growing waits while {@link isPassing} holds for the error. Where `signal` aborts, it throws the last error. */
export async function patiently<T>(
  { clock, logger }: Patience,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isPassing(error) || signal.aborted) throw error
      if (attempt > 0) logger?.warn(`the queue cannot be reached, retrying: ${messageOf(error)}`)
      await clock.sleep(backoffDelay(backoff, attempt, Math.random), signal).catch(() => {})
      if (signal.aborted) throw error
    }
  }
}

/** Resolves when the promise settles, or when `signal` aborts. */
export function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    promise.then(end, end)
  })
}
