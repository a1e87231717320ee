import { readFrom } from '../checkpoint/open-gaps.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { LogInfo } from '../types/log.js'
import type { Session } from './connection.js'
import { type IndexRange, mergedRanges, rangesOutside } from './intervals.js'

/** Which entries of a log were read into a database. */
export interface LogCoverage {
  /** The log as its newest position describes it. */
  readonly log: LogInfo
  /** The range asked about. Default: from the first entry that was read to the last. */
  readonly range: IndexRange
  /** Ranges that were read: sorted, never adjacent. Entries that a filter left out count as read. */
  readonly covered: readonly IndexRange[]
  /** The rest of `range`, sorted. */
  readonly missing: readonly IndexRange[]
}

/**
 * Records the contiguous range read of each log, in the transaction that commits its position. A reader that goes on behind a gap begins
 * another range, so what is recorded was read, whatever gaps were recorded before it.
 */
export async function noteCoverage(session: Session, rows: readonly LogCheckpoint[]): Promise<void> {
  const known = rows.flatMap((row) => {
    const start = readFrom(row)
    return start === undefined || start >= row.position ? [] : [{ id: row.log.id, start, end: row.position }]
  })
  if (known.length === 0) return
  await session.query(
    `INSERT INTO coverage SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
     ON CONFLICT (log, start) DO UPDATE SET stop = greatest(coverage.stop, excluded.stop)`,
    [known.map(({ id }) => id), known.map(({ start }) => start), known.map(({ end }) => end)],
  )
}

/** @param logId - Default: all logs. @param asked - Default: from the first entry of each that was read to the last. */
export async function coverageIn(
  session: Session,
  logId: string | undefined,
  asked: Partial<IndexRange>,
): Promise<LogCoverage[]> {
  const logs = await session.query<{ id: string; checkpoint: string }>(
    'SELECT id, checkpoint FROM log WHERE checkpoint IS NOT NULL AND ($1::text IS NULL OR id = $1) ORDER BY n',
    [logId ?? null],
  )
  const read = rangesById(
    await session.query<RangeRow>('SELECT log, start, stop FROM coverage WHERE $1::text IS NULL OR log = $1', [
      logId ?? null,
    ]),
  )
  return logs.map(({ id, checkpoint }) => {
    const all = mergedRanges(read.get(id) ?? [])
    const range = { start: asked.start ?? all[0]?.start ?? 0, end: asked.end ?? all.at(-1)?.end ?? asked.start ?? 0 }
    const covered = all
      .map(({ start, end }) => ({ start: Math.max(start, range.start), end: Math.min(end, range.end) }))
      .filter(({ start, end }) => start < end)
    return { log: JSON.parse(checkpoint).log as LogInfo, range, covered, missing: rangesOutside(covered, range) }
  })
}

interface RangeRow {
  readonly log: string
  readonly start: string
  readonly stop: string | null
}

function rangesById(rows: readonly RangeRow[]): Map<string, IndexRange[]> {
  const byId = new Map<string, IndexRange[]>()
  for (const { log, start, stop } of rows) {
    const range = { start: Number(start), end: stop === null ? Number.MAX_SAFE_INTEGER : Number(stop) }
    byId.set(log, [...(byId.get(log) ?? []), range])
  }
  return byId
}
