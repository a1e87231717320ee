import type { Clock } from '../types/clock.js'

/** How a call came out that may take long. */
export type CallOutcome =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'stopped' }

/**
 * Waits for a promise, for `ms` at most and not after `stop` aborts. Never rejects. The promise is left to itself when it is not waited for
 * any more.
 */
export function outcomeOf(
  promise: PromiseLike<unknown>,
  clock: Clock,
  ms: number,
  stop: AbortSignal,
): Promise<CallOutcome> {
  return new Promise((resolve) => {
    const timer = new AbortController()
    const end = (outcome: CallOutcome) => {
      stop.removeEventListener('abort', onStop)
      timer.abort()
      resolve(outcome)
    }
    const onStop = () => end({ kind: 'stopped' })
    promise.then(
      (value) => end({ kind: 'done', value }),
      (error) => end({ kind: 'failed', error }),
    )
    if (stop.aborted) return onStop()
    stop.addEventListener('abort', onStop, { once: true })
    clock.sleep(ms, timer.signal).then(
      () => end({ kind: 'timeout' }),
      () => {}, // the call was over before
    )
  })
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
