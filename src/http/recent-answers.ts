/** A period ends when it has lasted this long and had this many answers: a shorter one could be a burst, not a rate. */
const STRETCH_MS = 1_000
const STRETCH_ANSWERS = 30

/**
 * Answers per second over the current period and the one before, which is a second and thirty answers or more, or everything since
 * counting began. Of constant size. Times are elapsed milliseconds.
 */
export class RecentAnswers {
  private beganAt: number | undefined
  private before: { readonly beganAt: number; readonly count: number } | undefined
  private inStretch = 0

  /** Answers in both periods. */
  get count(): number {
    return (this.before?.count ?? 0) + this.inStretch
  }

  /** Whether a whole period has passed, so that the rate does not depend on how counting began. */
  get isSteady(): boolean {
    return this.before !== undefined
  }

  /** Starts counting, unless it has started. */
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

  /** Drops all counts and starts again. */
  restart(now: number): void {
    this.before = undefined
    this.beganAt = now
    this.inStretch = 0
  }
}
