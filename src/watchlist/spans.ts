/** A stretch of text: `start` inclusive, `end` exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Stretches of one text, asked whether one of them covers another: sorted once, so that many can be asked for. */
export class Spans {
  private readonly starts: number[] = []
  /** Furthest end of those up to here, by start. */
  private readonly reach: number[] = []

  constructor(spans: readonly Span[]) {
    let furthest = 0
    for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
      furthest = Math.max(furthest, end)
      this.starts.push(start)
      this.reach.push(furthest)
    }
  }

  /** Whether one of them holds all of this. */
  cover({ start, end }: Span): boolean {
    return this.reachBefore(start + 1) >= end
  }

  /** Whether one of them holds all of this, and more. */
  coverMore({ start, end }: Span): boolean {
    return this.reachBefore(start) >= end || this.reachBefore(start + 1) > end
  }

  /** Furthest end of those that start before a place; -1 when none does. */
  private reachBefore(place: number): number {
    let low = 0
    let high = this.starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.starts[middle] as number) < place) low = middle + 1
      else high = middle
    }
    return low === 0 ? -1 : (this.reach[low - 1] as number)
  }
}
