import type { Clock } from '../types/clock.js'

/** The machine's clock. Sleeping does not keep the process alive by itself once its signal aborts. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
}

/**
 * How much time has passed on a clock since any fixed moment, milliseconds: what all durations are measured by.
 *
 * Without an `elapsed` of the clock's own it is what `now` went forward. A step back counts as no time; a step forward cannot
 * be told from time that passed.
 */
export function elapsedOf(clock: Clock): () => number {
  if (clock.elapsed !== undefined) return () => (clock as Required<Clock>).elapsed()
  let passed = 0
  let last = clock.now()
  return () => {
    const now = clock.now()
    passed += Math.max(0, now - last)
    last = now
    return passed
  }
}
