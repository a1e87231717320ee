import type { Clock } from '../types/clock.js'

/** Longest wait for clients to close. Milliseconds. */
const CLOSE_MS = 3000

/**
 * Closes clients, which may never end it: after a broker has died in the middle of a request, their promises stay open for ever.
 *
 * They are of no use afterwards, closed or not; nothing of theirs keeps the process alive.
 */
export async function closeClients(
  clock: Clock,
  ...clients: readonly ({ close(isForced: true): unknown } | undefined)[]
): Promise<void> {
  const timer = new AbortController()
  const late = clock.sleep(CLOSE_MS, timer.signal).catch(() => {})
  const closed = clients.map(async (client) => client?.close(true))
  await Promise.race([Promise.allSettled(closed), late])
  timer.abort()
}
