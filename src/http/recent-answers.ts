/** Counting begins anew after this long; what is measured spans the current stretch and the one before. */
const STRETCH_MS = 30_000
/** A shorter time says nothing of a rate: a burst would pass for one. */
const SHORTEST_MS = 1_000

/** How many answers came per second, over the last 30 to 60 seconds or since the count was begun. Of constant size. */
export class RecentAnswers {
  private beganAt: number | undefined
  private before: { readonly beganAt: number; readonly count: number } | undefined
  private inStretch = 0

  /** Begins to count, unless it has begun. Times are epoch milliseconds. */
  begin(now: number): void {
    this.beganAt ??= now
  }

  add(now: number): void {
    this.moveTo(now)
    this.inStretch++
  }

  /** Answers in the time that is measured. */
  count(now: number): number {
    this.moveTo(now)
    return (this.before?.count ?? 0) + this.inStretch
  }

  perSecond(now: number): number {
    const count = this.count(now)
    const since = this.before?.beganAt ?? this.beganAt ?? now
    return (count * 1000) / Math.max(now - since, SHORTEST_MS)
  }

  /** Forgets all and begins again. */
  restart(now: number): void {
    this.before = undefined
    this.beganAt = now
    this.inStretch = 0
  }

  private moveTo(now: number): void {
    const beganAt = this.beganAt ?? now
    this.beganAt ??= now
    const since = now - beganAt
    if (since < 0) this.restart(now) // the machine's clock was set back
    if (since < STRETCH_MS) return
    // After a longer silence the stretch before holds nothing.
    this.before = since < 2 * STRETCH_MS ? { beganAt, count: this.inStretch } : { beganAt: now - STRETCH_MS, count: 0 }
    this.beganAt = now
    this.inStretch = 0
  }
}
