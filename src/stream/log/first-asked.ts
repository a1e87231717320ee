import type { Clock } from '../../types/clock.js'

/** How soon another stream has to ask for a log to go on for the one before, milliseconds: a sink waits for its engine and opens again. */
const SOON_MS = 600_000

/** Elapsed times of a clock. */
interface Waiting {
  readonly since: number
  readonly until: number
}

/**
 * Logs that no stream has opened yet, by clock and id. A log without a row begins `'now'`: a stream that takes over from one which had to end
 * before the log answered, as when its database was away, must not begin later.
 */
const waiting = new WeakMap<Clock, Map<string, Waiting>>()

/** Since when this process has asked for a log; elapsed time, `now` for one that it begins to ask for. */
export function askedSince(clock: Clock, logId: string, now: number): number {
  const before = waiting.get(clock)?.get(logId)
  return before !== undefined && now - before.until <= SOON_MS ? before.since : now
}

/** A stream ended before it opened the log. */
export function endedUnopened(clock: Clock, logId: string, times: Waiting): void {
  // Elapsed times of other clocks begin anew with each stream.
  if (clock.elapsed === undefined) return
  const logs = waiting.get(clock) ?? new Map()
  waiting.set(clock, logs.set(logId, times))
}

/** The log was opened: its row says where it goes on. */
export function opened(clock: Clock, logId: string): void {
  waiting.get(clock)?.delete(logId)
}
