/** How long a log that left the lists may be out of reach, or withhold what it signed, before what is missing is recorded as a gap. Milliseconds. */
const PATIENCE_MS = 86_400_000

/**
 * How long the heads of a log that left the lists are read before the largest one counts as its last, milliseconds: a lagging front end
 * may show an old head for a while.
 */
const SHOWS_MS = 3_600_000

/** Longest wait between two heads of a log that left the lists, milliseconds. */
export const RETIRED_LOOK_MS = 600_000
/** What one wait between two heads counts at most, milliseconds: no single answer after an outage decides where a log ends. */
const LONGEST_LOOK_MS = 900_000

/**
 * How long a log has been read since it left the lists. What counts is the time in which it answered: neither an outage nor a reader that stands
 * still is time in which it showed its last entries, or withheld them. Elapsed milliseconds.
 */
export class Retirement {
  /** When it left. */
  readonly since: number
  /** How long its heads were seen. */
  private shownMs = 0
  /** How much of that had passed when entries were last handed on. */
  private servedMs = 0

  constructor(since: number) {
    this.since = since
  }

  /** A head was read. @param waitedMs - Time since the one before. */
  looked(waitedMs: number, now: number): void {
    this.shownMs += Math.min(waitedMs, now - this.since, LONGEST_LOOK_MS)
  }

  /** Entries were handed on. */
  progressed(): void {
    this.servedMs = this.shownMs
  }

  /** Whether it has had time to show its last head. */
  get hasShownAll(): boolean {
    return this.shownMs >= SHOWS_MS
  }

  /** Whether it has shown heads for a day without serving anything. */
  get isWithholding(): boolean {
    return this.shownMs - this.servedMs > PATIENCE_MS
  }

  /** Whether the wait for a log that could not be read since `unreadSince` is over. */
  isOver(unreadSince: number, now: number): boolean {
    return now - Math.max(this.since, unreadSince) > PATIENCE_MS
  }
}
