/** Events per second as an exponential average over about a minute. */
export class Rate {
  private readonly halfLifeMs: number
  private perMs = 0
  private last: number | undefined

  constructor(halfLifeMs = 20_000) {
    this.halfLifeMs = halfLifeMs
  }

  /** @param now - Epoch milliseconds. */
  add(count: number, now: number): void {
    const since = this.last ?? now
    this.perMs = this.perMs * this.decay(now - since) + (count * Math.LN2) / this.halfLifeMs
    this.last = now
  }

  perSecond(now: number): number {
    return this.last === undefined ? 0 : this.perMs * this.decay(now - this.last) * 1000
  }

  private decay(elapsed: number): number {
    return 2 ** (-Math.max(0, elapsed) / this.halfLifeMs)
  }
}
