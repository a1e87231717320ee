import type { Gap, LogCheckpoint } from '../types/checkpoint.js'

type Row = Pick<LogCheckpoint, 'log' | 'position' | 'learned'>

/**
 * The recorded gaps without entries that were delivered later: the next run resumes where the gap begins, and reads on.
 *
 * A row says how far its log was read (`position`), and from where without a break (`learned.readFrom`, see {@link readFromOf}). Only
 * that range counts as delivered, because a cursor may have moved the reader past a gap. Without `readFrom`, all gaps of the log stay.
 *
 * @param gaps - The recorded gaps; their order is kept.
 * @param rows - The current row of each log.
 * @returns What is still missing. A gap with a delivered range in its middle becomes two. A gap of unknown length is closed when reading
 * has moved past its beginning: later entries are not missing, but unread.
 */
export function openGaps(gaps: readonly Gap[], rows: Iterable<Row>): Gap[] {
  const byId = new Map([...rows].map((row) => [row.log.id, row]))
  const open: Gap[] = []
  for (const gap of gaps) {
    for (const piece of openPieces(gap, byId.get(gap.log.id)))
      if (!open.some((known) => isSame(known, piece))) open.push(piece)
  }
  return open
}

/**
 * What is still missing of one recorded gap, in order: see {@link openGaps}.
 *
 * @param row - The current row of its log.
 */
export function openPieces({ delivered = 0, ...gap }: Gap, row: Row | undefined): Gap[] {
  if (delivered >= (gap.end ?? Number.MAX_SAFE_INTEGER)) return []
  const left = { ...gap, start: Math.max(gap.start, delivered) }
  return row === undefined ? [left] : missingOf(left, row)
}

/**
 * Index from which a log is read without a break by a reader that begins at `start`, to be remembered as
 * `learned.readFrom`.
 *
 * @param stored - The previous row of the log.
 */
export function readFromOf(stored: Pick<LogCheckpoint, 'position' | 'learned'> | undefined, start: number): number {
  if (stored === undefined || start > stored.position) return start
  return Math.min(readFrom(stored) ?? stored.position, start)
}

function missingOf(gap: Gap, row: Row): Gap[] {
  const from = readFrom(row)
  const { start, end } = gap
  const { position } = row
  if (from === undefined || position <= start || from >= position || (end !== undefined && from >= end)) return [gap]
  const pieces: Gap[] = []
  if (start < from) pieces.push({ ...gap, end: from })
  if (end !== undefined && position < end) pieces.push({ ...gap, start: Math.max(start, position) })
  return pieces
}

export function readFrom({ learned, position }: Pick<LogCheckpoint, 'position' | 'learned'>): number | undefined {
  const from = learned.readFrom
  return Number.isSafeInteger(from) && (from as number) >= 0 && (from as number) <= position
    ? (from as number)
    : undefined
}

function isSame(a: Gap, b: Gap): boolean {
  return a.log.id === b.log.id && a.start === b.start && a.end === b.end
}
