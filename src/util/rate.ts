/** Events per second as an exponential average over about a minute. */
export class Rate {
  private readonly halfLifeMs: number
  private perMs = 0
  private first: number | undefined
  private last: number | undefined

  constructor(halfLifeMs = 20_000) {
    this.halfLifeMs = halfLifeMs
  }

  /** @param now - Elapsed milliseconds, of a clock that nobody can set. */
  add(count: number, now: number): void {
    const since = this.last ?? now
    this.first ??= now
    this.perMs = this.perMs * this.decay(now - since) + (count * Math.LN2) / this.halfLifeMs
    this.last = now
  }

  perSecond(now: number): number {
    if (this.first === undefined || this.last === undefined) return 0
    // Before a whole window has passed, the average is over the time so far, at least a second.
    const seen = 1 - this.decay(Math.max(1000, now - this.first))
    return ((this.perMs * this.decay(now - this.last)) / seen) * 1000
  }

  private decay(elapsed: number): number {
    return 2 ** (-Math.max(0, elapsed) / this.halfLifeMs)
  }
}
