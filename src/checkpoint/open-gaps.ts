import type { Gap, LogCheckpoint } from '../types/checkpoint.js'

type Row = Pick<LogCheckpoint, 'log' | 'position' | 'learned'>

/**
 * The recorded gaps without what was delivered after all: a later run resumes where the gap begins, and moves on.
 *
 * A row says how far its log was read (`position`), and from where without a break (`learned.readFrom`, see
 * {@link readFromOf}). Only that stretch counts as delivered: a cursor may have carried the reader past a gap. Where a row
 * does not say from where, all gaps of its log are kept.
 *
 * @param gaps - As they were recorded; the order stays.
 * @param rows - What is remembered of each log now.
 * @returns What is still missing; a gap with a delivered stretch in its middle becomes two. One of unknown length ends when
 * reading has moved past its beginning: what comes after is not missing, it is not read yet.
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
 * @param row - What is remembered of its log now.
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
 * @param stored - What was remembered of the log before.
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
