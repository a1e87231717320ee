import type { Clock } from '../types/clock.js'
import { ENDED } from '../util/abort.js'

/** Outcome of a call with a time limit. */
export type CallOutcome =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'stopped' }

/**
 * Waits for a promise for up to `ms` milliseconds, or until `stop` aborts. Never rejects; a later rejection of the promise is ignored.
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
      timer.abort(ENDED)
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
