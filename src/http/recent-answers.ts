/** A stretch ends when it has taken this long and brought so many answers: less says nothing of a rate, a burst would pass for one. */
const STRETCH_MS = 1_000
const STRETCH_ANSWERS = 30

/**
 * How many answers came per second lately: over the stretch at hand and the one before, which is thirty answers and a second or
 * more, or since the count was begun. Of constant size. Times are elapsed milliseconds.
 */
export class RecentAnswers {
  private beganAt: number | undefined
  private before: { readonly beganAt: number; readonly count: number } | undefined
  private inStretch = 0

  /** Answers in the time that is measured. */
  get count(): number {
    return (this.before?.count ?? 0) + this.inStretch
  }

  /** Whether what is measured is long enough to stand for itself, and does not go back to the beginning. */
  get isSteady(): boolean {
    return this.before !== undefined
  }

  /** Begins to count, unless it has begun. */
  begin(now: number): void {
    this.beganAt ??= now
  }

  add(now: number): void {
    const beganAt = this.beganAt ?? now
    this.beganAt = beganAt
    this.inStretch++
    if (this.inStretch < STRETCH_ANSWERS || now - beganAt < STRETCH_MS) return
    this.before = { beganAt, count: this.inStretch }
    this.beganAt = now
    this.inStretch = 0
  }

  perSecond(now: number): number {
    const since = this.before?.beganAt ?? this.beganAt ?? now
    return (this.count * 1000) / Math.max(now - since, STRETCH_MS)
  }

  /** Forgets all and begins again. */
  restart(now: number): void {
    this.before = undefined
    this.beganAt = now
    this.inStretch = 0
  }
}
