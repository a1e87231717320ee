import { type NewBackfill, rangeBefore, rangeCheckpoint, rangesOf, rangeUnit } from '../checkpoint/backfill-ranges.js'
import { checkpointFromJSON, checkpointToJSON } from '../checkpoint/checkpoint-json.js'
import { CompactRange } from '../merkle/compact-range.js'
import type { BackfillJob } from '../types/backfill.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import type { ProvenPart } from '../verify/one-tree.js'
import type { Session } from './connection.js'

interface JobRow {
  readonly n: string
  readonly info: string
  readonly start: string
  readonly stop: string
  readonly step: string
  readonly head: string
  readonly state: BackfillJob['state']
  readonly reason: string | null
  readonly created: string
  readonly ended: string | null
  readonly ranges: number
  readonly done: number
  readonly entries: string
}

const JOBS = `
SELECT b.n, info, b.start, b.stop, step, head, state, reason, (extract(epoch FROM created) * 1000)::bigint AS created,
  (extract(epoch FROM ended) * 1000)::bigint AS ended, count(*)::integer AS ranges,
  (count(*) FILTER (WHERE r.position = r.stop))::integer AS done, sum(r.position - r.start)::bigint AS entries
FROM backfill b JOIN backfill_range r ON r.backfill = b.n`

/** Backfills, the newest first. @param most - Limit of their number. */
export async function readBackfills(session: Session, most: number): Promise<BackfillJob[]> {
  return (await session.query<JobRow>(`${JOBS} GROUP BY b.n ORDER BY b.n DESC LIMIT $1`, [most])).map(jobOf)
}

export async function readBackfill(session: Session, id: string): Promise<BackfillJob | undefined> {
  return (await session.query<JobRow>(`${JOBS} WHERE b.n = $1 GROUP BY b.n`, [id])).map(jobOf)[0]
}

/** The oldest running backfill of the same entries; with any end where `end` is left out. */
export async function findBackfill(
  session: Session,
  logId: string,
  start: number,
  end: number | undefined,
): Promise<BackfillJob | undefined> {
  const of = `WHERE b.log = $1 AND b.start = $2 AND ($3::bigint IS NULL OR b.stop = $3) AND state = 'running'`
  const rows = await session.query<JobRow>(`${JOBS} ${of} GROUP BY b.n ORDER BY b.n LIMIT 1`, [
    ...[logId, start, end ?? null],
  ])
  return rows.map(jobOf)[0]
}

/** Adds a backfill and its ranges, unless one of the same entries is running; with any end where it is open. @param session - In a transaction. */
export async function addBackfill(session: Session, job: NewBackfill): Promise<void> {
  const { log, start, end, step, head, isOpen = false } = job
  // One after the other, so that each sees what was added before: the index knows only those with the same end. Released with the transaction.
  await session.query(
    "SELECT pg_advisory_xact_lock(hashtext('ct-stream backfill ' || current_schema()), hashtext($1))",
    [`${log.id} ${start}`],
  )
  if (isOpen && (await findBackfill(session, log.id, start, undefined)) !== undefined) return
  const first = checkpointToJSON({
    ...{ log, position: 0, range: [], pendingHeads: [], learned: {} },
    verifiedHead: head,
  })
  const [row] = await session.query<{ n: string }>(
    `INSERT INTO backfill (log, info, start, stop, step, head) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT DO NOTHING RETURNING n`,
    [log.id, JSON.stringify(first.log).replaceAll('\\u0000', ''), start, end, step, JSON.stringify(first)],
  )
  if (row === undefined) return
  const bounds = rangesOf(start, end, step)
  const units = bounds.map(([from]) => rangeUnit(row.n, from))
  const checkpoints = bounds.map(([from]) => JSON.stringify(checkpointToJSON(rangeCheckpoint(job, from))))
  await session.query('INSERT INTO shard (name, backfill) SELECT unit, $2 FROM unnest($1::text[]) AS unit', [
    units,
    row.n,
  ])
  await session.query(
    `INSERT INTO backfill_range (unit, backfill, log, start, stop, position, checkpoint)
     SELECT unit, $1, $2, a, b, a, c FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::text[]) AS r (unit, a, b, c)`,
    [row.n, log.id, units, bounds.map(([from]) => from), bounds.map(([, to]) => to), checkpoints],
  )
}

/** The ranges of a backfill in order, with the compact range proven at both ends of each. */
export async function readParts(session: Session, id: string): Promise<ProvenPart[]> {
  const rows = await session.query<{ start: string; stop: string; before: string | null; checkpoint: string }>(
    'SELECT start, stop, before, checkpoint FROM backfill_range WHERE backfill = $1 ORDER BY start',
    [id],
  )
  return rows.map(({ start, stop, before, checkpoint }) => {
    const { position, range } = checkpointFromJSON(checkpoint)
    return {
      start: Number(start),
      end: Number(stop),
      before: before === null ? undefined : rangeBefore(Number(start), JSON.parse(before)),
      through: range && new CompactRange(position, range),
    }
  })
}

/** End and position of a range, and how many members read ranges of its backfill. */
export async function readRange(session: Session, unit: string) {
  const [row] = await session.query<{ stop: string; position: string; readers: number }>(
    `SELECT stop, position, (SELECT count(DISTINCT owner) FROM shard
       WHERE shard.backfill = r.backfill AND until > clock_timestamp())::integer AS readers
     FROM backfill_range r WHERE unit = $1`,
    [unit],
  )
  return row && { end: Number(row.stop), position: Number(row.position), readers: row.readers }
}

/** Ends a backfill, once: a second call changes nothing. @param reason - Why it failed; `undefined` when it is done. */
export async function settleBackfill(session: Session, id: string, reason: string | undefined): Promise<void> {
  await session.query(
    `UPDATE backfill SET state = $2, reason = $3, ended = clock_timestamp() WHERE n = $1 AND state = 'running'`,
    [id, reason === undefined ? 'done' : 'failed', reason ?? null],
  )
}

function jobOf(row: JobRow): BackfillJob {
  const { verifiedHead } = checkpointFromJSON(row.head)
  return {
    id: row.n,
    log: JSON.parse(row.info) as LogInfo,
    start: Number(row.start),
    end: Number(row.stop),
    step: Number(row.step),
    head: verifiedHead as SignedHead,
    state: row.state,
    reason: row.reason ?? undefined,
    createdAt: new Date(Number(row.created)),
    endedAt: row.ended === null ? undefined : new Date(Number(row.ended)),
    ranges: row.ranges,
    rangesDone: row.done,
    entries: Number(row.entries),
  }
}
