/** Counts of one span of time. Plain data. */
export interface SeriesRow {
  /** Start of the span, milliseconds after counting began. */
  readonly startMs: number
  /** Certificates added in this span. */
  readonly certificates: number
  /** Precertificates added in this span. */
  readonly precertificates: number
}

const SPANS = 120

/** Counts over time, in up to 120 spans: of a second each at first, doubled in length whenever 120 are not enough. */
export class TimeSeries {
  private span = 1000
  private rows: [certificates: number, precertificates: number][] = []

  /** Length of each span, milliseconds. */
  get spanMs(): number {
    return this.span
  }

  /** @param at - Milliseconds from the beginning, never less than before. */
  add(at: number, kind: 'certificate' | 'precertificate'): void {
    while (at >= this.span * SPANS) this.merge()
    const index = Math.floor(at / this.span)
    while (this.rows.length <= index) this.rows.push([0, 0])
    const row = this.rows[index] as [number, number]
    row[kind === 'certificate' ? 0 : 1] += 1
  }

  report(): SeriesRow[] {
    return this.rows.map(([certificates, precertificates], i) => ({
      startMs: i * this.span,
      certificates,
      precertificates,
    }))
  }

  private merge(): void {
    const merged: typeof this.rows = []
    for (const [i, [certificates, precertificates]] of this.rows.entries()) {
      if (i % 2 === 0) merged.push([certificates, precertificates])
      else {
        const row = merged.at(-1) as [number, number]
        row[0] += certificates
        row[1] += precertificates
      }
    }
    this.rows = merged
    this.span *= 2
  }
}
