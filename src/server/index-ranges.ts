/** Indexes from the first one, inclusive, to the second one, exclusive. */
export type IndexRange = readonly [start: number, end: number]

/** Ascending indexes as ranges. */
export function rangesOf(indexes: readonly number[]): IndexRange[] {
  const ranges: [number, number][] = []
  for (const index of indexes) {
    const last = ranges.at(-1)
    if (last?.[1] === index) last[1]++
    else ranges.push([index, index + 1])
  }
  return ranges
}

/** A set of entries of several logs, as ranges of indexes. Adjacent ranges are merged. */
export class IndexRanges {
  /** Ranges by log, ascending. */
  private readonly ranges = new Map<string, { start: number; end: number }[]>()

  /** @param start - Inclusive; not below the start of any earlier range of the log. @param end - Exclusive. */
  add(logId: string, start: number, end: number): void {
    const ranges = this.ranges.get(logId)
    const last = ranges?.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else if (ranges === undefined) this.ranges.set(logId, [{ start, end }])
    else ranges.push({ start, end })
  }

  has(logId: string, index: number): boolean {
    const ranges = this.ranges.get(logId)
    if (ranges === undefined) return false
    let [low, high] = [0, ranges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ranges[middle] as { end: number }).end <= index) low = middle + 1
      else high = middle
    }
    const range = ranges[low]
    return range !== undefined && range.start <= index
  }
}
