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

/** What the next run has to know of a log that left, so that a day passes however often the reader is started again. Milliseconds. */
export interface LeftTimes {
  /** How long its heads were seen. */
  readonly shownMs: number
  /** How much of that had passed since entries were last handed on. */
  readonly withheldMs: number
  /** For how long it could not be read. */
  readonly unreadMs: number
}

/**
 * How long a log has been read since it left the lists. What counts is the time in which it answered: neither an outage nor a reader that stands
 * still is time in which it showed its last entries, or withheld them. Elapsed milliseconds.
 */
export class Retirement {
  /** When it left, or when this run began. */
  readonly since: number
  /** How long its heads were seen. */
  private shownMs: number
  /** How much of that had passed when entries were last handed on. */
  private servedMs: number
  /** For how long earlier runs could not read it. */
  private unreadMs: number

  /** @param before - From the {@link record} of an earlier run, if there is one; anything, as stores of others may hold it. */
  constructor(since: number, before?: unknown) {
    const { shownMs, withheldMs, unreadMs } = Object(before) as Partial<Record<keyof LeftTimes, unknown>>
    this.since = since
    this.shownMs = timeOf(shownMs)
    this.servedMs = this.shownMs - Math.min(timeOf(withheldMs), this.shownMs)
    this.unreadMs = timeOf(unreadMs)
  }

  /** A head was read. @param waitedMs - Time since the one before. */
  looked(waitedMs: number, now: number): void {
    this.shownMs += Math.min(waitedMs, now - this.since, LONGEST_LOOK_MS)
  }

  /** Entries were handed on. */
  progressed(): void {
    this.servedMs = this.shownMs
    this.unreadMs = 0
  }

  /** All that it signed is read. */
  caughtUp(): void {
    this.unreadMs = 0
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
    return this.unreadFor(unreadSince, now) > PATIENCE_MS
  }

  /** To be stored. Parameters as of {@link isOver}. */
  record(unreadSince: number, now: number): LeftTimes {
    return {
      shownMs: Math.round(this.shownMs),
      withheldMs: Math.round(this.shownMs - this.servedMs),
      unreadMs: Math.round(this.unreadFor(unreadSince, now)),
    }
  }

  private unreadFor(unreadSince: number, now: number): number {
    return this.unreadMs + Math.max(0, now - Math.max(this.since, unreadSince))
  }
}

function timeOf(value: unknown): number {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0
}
