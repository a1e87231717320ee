import type { Counts } from './shapes.js'

/** A quarter of an hour. */
export const RATE_SECONDS = 900

/** How many entries came in each of the last 900 seconds. */
export class Rates {
  total = 0
  private readonly counts = new Uint32Array(RATE_SECONDS + 1)
  /** The second that is being counted. */
  private second: number
  private readonly first: number

  /** @param now - Epoch milliseconds. */
  constructor(now: number) {
    this.second = secondOf(now)
    this.first = this.second
  }

  add(count: number, now: number): void {
    this.moveTo(now)
    this.total += count
    const place = this.second % this.counts.length
    this.counts[place] = (this.counts[place] ?? 0) + count
  }

  /** The last complete seconds, as many as there are. */
  last(seconds: number, now: number): Counts {
    this.moveTo(now)
    const from = Math.max(this.first, this.second - Math.min(seconds, RATE_SECONDS))
    const values = Array.from(
      { length: this.second - from },
      (_, i) => this.counts[(from + i) % this.counts.length] ?? 0,
    )
    return { from, values }
  }

  private moveTo(now: number): void {
    const to = secondOf(now)
    // The clock was set back: count entries in the last known second.
    if (to <= this.second) return
    const steps = Math.min(to - this.second, this.counts.length)
    for (let i = 0; i < steps; i++) this.counts[(to - i) % this.counts.length] = 0
    this.second = to
  }
}

function secondOf(now: number): number {
  return Math.floor(now / 1000)
}
