import type { Gap, LogCheckpoint } from '../types/checkpoint.js'
import { isUntried } from './left-unread.js'

/** Entries of the largest head that is stored of a log; `undefined` where nothing is proven: the weaker modes store no heads. */
export function storedSize({ verifiedHead, pendingHeads }: LogCheckpoint): number | undefined {
  const sizes = [verifiedHead, ...pendingHeads].flatMap((head) => head?.treeSize ?? [])
  return sizes.length > 0 ? Math.max(...sizes) : undefined
}

/**
 * Whether a log may have entries that are still to be read: it was not read to its end, and no recorded gap says that they are missing.
 *
 * @param position - Where its reader goes on: that of the row, or of a cursor.
 */
export function isUnfinished(row: LogCheckpoint, position: number, gaps: readonly Gap[]): boolean {
  // Of a gap that nobody tried to read the rest may be had where a list has the log again.
  return !isReadToEnd(row, position) && settlingGaps(row, position, gaps).every(isUntried)
}

/** Whether a log was read to the head it ended with. */
export function isReadToEnd(row: LogCheckpoint, position: number): boolean {
  return row.learned.finished === true && position >= (storedSize(row) ?? row.position)
}

/** The recorded gaps of which each holds all that is known to be missing of a log. */
export function settlingGaps(row: LogCheckpoint, position: number, gaps: readonly Gap[]): readonly Gap[] {
  const size = storedSize(row)
  return gaps.filter((gap) => gap.log.id === row.log.id && settles(gap, position, size))
}

/** Whether a gap holds what is from `position` to `size`, if that is known. */
function settles({ start, end }: Gap, position: number, size: number | undefined): boolean {
  // Reading has moved past the beginning of a gap of unknown length: what is missing now came later.
  if (end === undefined) return start === position
  return start <= position && position < end && (size ?? end) <= end
}
