import type { Counts } from '../server/ui/shapes.js'

/** What is shown: a quarter of an hour. */
const SECONDS = 900

/** Counts by second, across restarts of the server; `null` for seconds without data. */
export class History {
  private readonly counts = new Map<number, number>()

  add({ from, values }: Counts): void {
    for (const [i, count] of values.entries()) this.counts.set(from + i, count)
    const newest = from + values.length - 1
    if (this.counts.size > 2 * SECONDS)
      for (const second of this.counts.keys()) if (second <= newest - SECONDS) this.counts.delete(second)
  }

  /** The 900 seconds up to `now`. @param now - Epoch seconds, not over yet. */
  series(now: number): [times: number[], counts: (number | null)[]] {
    const times = Array.from({ length: SECONDS }, (_, i) => now - SECONDS + i)
    return [times, times.map((time) => this.counts.get(time) ?? null)]
  }

  /** Mean of the known counts among the last seconds. */
  mean(now: number, over: number): number {
    const known = this.series(now)[1]
      .slice(-over)
      .filter((count) => count !== null)
    return known.length === 0 ? 0 : known.reduce((sum, count) => sum + count, 0) / known.length
  }
}
