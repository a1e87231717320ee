import type { Clock } from '../types/clock.js'

/** The longest time of a timer: Node takes a longer one for 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's clock. Aborting the signal of a sleep clears its timer, which then no longer keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const until = performance.now() + ms
      let timer: NodeJS.Timeout | undefined
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const wait = (restMs: number) => {
        timer = setTimeout(
          () => {
            if (restMs > LONGEST_TIMER_MS) return wait(until - performance.now())
            signal?.removeEventListener('abort', onAbort)
            resolve()
          },
          Math.min(restMs, LONGEST_TIMER_MS),
        )
      }
      wait(ms)
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
