import type { Clock } from '../types/clock.js'

/** The machine's clock. Aborting the signal of a sleep clears its timer, which then no longer keeps the process alive. */
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
 * Milliseconds that have passed on a clock since an arbitrary fixed moment: all durations are measured with it.
 *
 * For a clock without `elapsed` it adds up how far `now` went forward. A step back counts as no time; a step forward cannot
 * be distinguished from time that passed.
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

/**
 * Begins to measure how long ago this moment is, where something may be believed for a limited time: milliseconds, never too few of them.
 *
 * That is the elapsed time, or what the time of day says where it is more: elapsed time of some systems stands still while the machine is
 * suspended, and the time of day may be set back.
 */
export function ageFrom(clock: Clock): () => number {
  const elapsed = elapsedOf(clock)
  const [began, at] = [elapsed(), clock.now()]
  return () => Math.max(elapsed() - began, clock.now() - at)
}
