/** Indexes from `start` up to `end`, exclusive. */
export interface IndexRange {
  /** First index, inclusive. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

/** The same indexes in as few ranges as possible, sorted, without empty ones. */
export function mergedRanges(ranges: readonly IndexRange[]): IndexRange[] {
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    if (end <= start) continue
    const last = merged.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

/** The parts of `[start, end)` that no range covers. */
export function rangesOutside(ranges: readonly IndexRange[], { start, end }: IndexRange): IndexRange[] {
  const outside: IndexRange[] = []
  let next = start
  for (const range of mergedRanges(ranges)) {
    if (range.start >= end) break
    if (range.start > next) outside.push({ start: next, end: range.start })
    next = Math.max(next, range.end)
  }
  if (next < end) outside.push({ start: next, end })
  return outside
}
