import type { Clock } from '../types/clock.js'

/**
 * Waits for work that might never end.
 *
 * @param onLate - Called when time is up: ends the work, for example by closing the client, and returns the error to throw.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  clock: Clock,
  timeoutMs: number,
  onLate: () => Error,
): Promise<T> {
  const timer = new AbortController()
  const late = clock.sleep(timeoutMs, timer.signal).then(
    () => {
      throw onLate()
    },
    () => new Promise<never>(() => undefined),
  )
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    timer.abort()
  }
}
