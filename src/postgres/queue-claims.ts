import { CtStreamError } from '../errors.js'
import type { LogInfo } from '../types/log.js'
import type { Watermark } from '../types/queue.js'
import type { Session } from './connection.js'

/** One processor of a group. */
export interface GroupMember {
  readonly group: string
  /** Unique among processes. */
  readonly name: string
  readonly leaseMs: number
  readonly start: 'beginning' | 'now'
}

/** A log, or a backfilled range of one, claimed by a processor. */
export interface ClaimedLog {
  readonly log: LogInfo
  /** Of its watermark: the id of the log, or the unit of the range. */
  readonly key: string
  /** Where the range ends, exclusive; `undefined` for a log. */
  readonly stop: number | undefined
  /** The number that stands for the log in the tables. */
  readonly n: number
  /** Grows with every change of owner. */
  readonly fence: number
  readonly mark: Watermark
}

/** The row of a claim. */
export type ClaimKey = Pick<ClaimedLog, 'log' | 'key' | 'fence'>

/**
 * A claim, with what is known to be stored of its watermark: in a database that was restored from a copy the claim is there again, and stands
 * at less. Going on from here would leave out effects that went back with it.
 */
export type ProgressingClaim = ClaimKey & { readonly storedNext: number }

/** Registers or renews a processor, and adds a watermark for each new log. @returns How many logs each processor should have. */
export async function joinGroup(session: Session, { group, name, leaseMs, start }: GroupMember): Promise<number> {
  await session.query(
    `INSERT INTO processor VALUES ($1, $2, clock_timestamp()) ON CONFLICT (grp, name) DO UPDATE SET seen = excluded.seen`,
    [group, name],
  )
  // A processor that was killed leaves its row. One that wakes after so long adds its own again.
  await session.query(`DELETE FROM processor WHERE grp = $1 AND seen < clock_timestamp() - interval '1 day'`, [group])
  await session.query(ADD_LOGS, [group, start === 'now'])
  await session.query(ADD_RANGES, [group])
  const [counts] = await session.query<{ logs: number; members: number }>(
    `SELECT (SELECT count(*) FROM watermark WHERE grp = $1 AND ${IS_UNFINISHED})::integer AS logs,
       (SELECT count(*) FROM processor WHERE grp = $1 AND seen > clock_timestamp() - $2 * interval '1 millisecond')::integer AS members`,
    [group, leaseMs],
  )
  return Math.ceil((counts?.logs ?? 0) / Math.max(1, counts?.members ?? 1))
}

/** Claims up to `want` logs that nobody in the group works on. */
export async function claimLogs(session: Session, member: GroupMember, want: number): Promise<ClaimedLog[]> {
  const rows = await session.query<ClaimedRow>(CLAIM, [member.group, member.name, member.leaseMs, want])
  return rows.map(({ checkpoint, info, key, stop, n, fence, epoch, next }) => ({
    log: (checkpoint === null ? JSON.parse(info as string) : JSON.parse(checkpoint).log) as LogInfo,
    key,
    stop: stop === null ? undefined : Number(stop),
    n,
    fence: Number(fence),
    mark: { epoch: Number(epoch), next: Number(next) },
  }))
}

/** Renews claims. @returns Those that this processor still holds, and whose watermark has not gone back. */
export async function renewClaims<Claim extends ProgressingClaim>(
  session: Session,
  { group, name, leaseMs }: GroupMember,
  claims: readonly Claim[],
): Promise<Claim[]> {
  if (claims.length === 0) return []
  const rows = await session.query<{ log: string }>(
    `UPDATE watermark w SET until = clock_timestamp() + $3 * interval '1 millisecond'
     FROM unnest($4::text[], $5::bigint[], $6::bigint[]) AS u(log, fence, stored)
     WHERE w.grp = $1 AND w.owner = $2 AND w.log = u.log AND w.fence = u.fence AND w.next >= u.stored RETURNING w.log`,
    [
      group,
      name,
      leaseMs,
      claims.map(({ key }) => key),
      claims.map(({ fence }) => fence),
      claims.map(({ storedNext }) => storedNext),
    ],
  )
  const held = new Set(rows.map(({ log }) => log))
  return claims.filter(({ key }) => held.has(key))
}

/** Releases claims, except those that another processor holds by now. */
export async function releaseClaims(session: Session, group: string, claims: readonly ClaimKey[]): Promise<void> {
  await session.query(
    `UPDATE watermark w SET owner = NULL, until = NULL FROM unnest($2::text[], $3::bigint[]) AS u(log, fence)
     WHERE w.grp = $1 AND w.log = u.log AND w.fence = u.fence`,
    [group, claims.map(({ key }) => key), claims.map(({ fence }) => fence)],
  )
}

/** Moves watermarks forward, never back. @returns Those whose claim still holds, and whose watermark had not gone back. */
export async function storeMarks<Claim extends ProgressingClaim>(
  session: Session,
  group: string,
  marks: readonly (readonly [Claim, Watermark])[],
): Promise<Claim[]> {
  const rows = await session.query<{ log: string }>(
    `UPDATE watermark w SET epoch = greatest(w.epoch, u.epoch), next = greatest(w.next, u.next)
     FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS u(log, fence, epoch, next, stored)
     WHERE w.grp = $1 AND w.log = u.log AND w.fence = u.fence AND w.owner IS NOT NULL AND w.next >= u.stored RETURNING w.log`,
    [
      group,
      marks.map(([{ key }]) => key),
      marks.map(([{ fence }]) => fence),
      marks.map(([, { epoch }]) => epoch),
      marks.map(([, { next }]) => next),
      marks.map(([{ storedNext }]) => storedNext),
    ],
  )
  const held = new Set(rows.map(({ log }) => log))
  return marks.map(([claim]) => claim).filter(({ key }) => held.has(key))
}

/**
 * Locks a claim until the transaction ends.
 *
 * @returns `next` of its watermark.
 * @throws {@link CtStreamError} `CT_LEASE_LOST` when another processor has the log, or the watermark has gone back.
 */
export async function holdClaim(
  session: Session,
  group: string,
  { log, key, fence, storedNext }: ProgressingClaim,
): Promise<number> {
  const [row] = await session.query<{ fence: string; owner: string | null; next: string }>(
    'SELECT fence, owner, next FROM watermark WHERE grp = $1 AND log = $2 FOR UPDATE',
    [group, key],
  )
  const lost = (message: string) => new CtStreamError('CT_LEASE_LOST', message, { logId: log.id })
  const of = `group ${JSON.stringify(group)}`
  if (row === undefined || row.owner === null || Number(row.fence) !== fence)
    throw lost(`another processor of ${of} has taken over log ${log.id}`)
  const next = Number(row.next)
  if (next >= storedNext) return next
  throw lost(
    `Postgres is back at an earlier state: ${of} is at entry ${next} of log ${log.id}, and was at ${storedNext}`,
  )
}

/** The number of a log, if the group is behind an entry of it, and with no backfilled range before it; `undefined` otherwise. */
export async function logOfPassed(
  session: Session,
  group: string,
  logId: string,
  index: number,
): Promise<number | undefined> {
  const [row] = await session.query<{ n: number }>(PASSED, [group, logId, index])
  return row?.n
}

interface ClaimedRow {
  /** `null` where no collector reads the log. */
  readonly checkpoint: string | null
  /** The log as the backfill of a range has it; `null` for a log. */
  readonly info: string | null
  readonly key: string
  readonly stop: string | null
  readonly n: number
  readonly fence: string
  readonly epoch: string
  readonly next: string
}

// What was there already is passed over only in the statement that has the group begin: logs that come later are new to it as a whole, also where
// it began before there was any. A group of an older version, which noted no beginning, has watermarks.
const ADD_LOGS = `
WITH begun AS (INSERT INTO queue_group VALUES ($1, clock_timestamp()) ON CONFLICT DO NOTHING RETURNING grp),
skipping AS MATERIALIZED (
  SELECT $2 AND EXISTS (SELECT FROM begun) AND NOT EXISTS (SELECT FROM watermark WHERE grp = $1) AS is_so
)
INSERT INTO watermark (grp, log, epoch, next, began)
SELECT $1, id, 0, begin, begin FROM (
  SELECT id, CASE WHEN is_so THEN queue_to ELSE queue_from END AS begin FROM log, skipping
  WHERE queue_to IS NOT NULL AND NOT EXISTS (SELECT FROM watermark w WHERE w.grp = $1 AND w.log = log.id)
  UNION ALL
  SELECT unit, stop FROM backfill_range, skipping WHERE is_so AND queued AND position = stop
) AS added ORDER BY id ON CONFLICT DO NOTHING`

// A range is read when it is finished, and when the group itself does not come to it any more: what it has passed over is in `missed` then. Of a
// log that no collector queues there is nothing else to read.
const ADD_RANGES = `
INSERT INTO watermark (grp, log, epoch, next)
SELECT $1, r.unit, 0, r.start FROM backfill_range r JOIN log ON log.id = r.log LEFT JOIN watermark w ON w.grp = $1 AND w.log = r.log
WHERE r.queued AND r.position = r.stop AND (w.next >= r.stop OR w.began >= r.stop OR (w.log IS NULL AND log.queue_to IS NULL))
  AND NOT EXISTS (SELECT FROM watermark known WHERE known.grp = $1 AND known.log = r.unit)
ORDER BY r.unit ON CONFLICT DO NOTHING`

const RANGES_AT = `
  SELECT FROM backfill_range r JOIN watermark late ON late.grp = $1 AND late.log = r.unit
  WHERE r.log = log.id AND r.start <= $3 AND r.stop > $3`

const PASSED = `
SELECT n FROM log LEFT JOIN watermark w ON w.grp = $1 AND w.log = log.id
WHERE log.id = $2 AND (w.next > $3 OR (w.log IS NULL AND EXISTS (${RANGES_AT}))) AND NOT EXISTS (${RANGES_AT} AND late.next <= $3)`

/** A log, or a range with something left. */
const IS_UNFINISHED = `(EXISTS (SELECT FROM log WHERE log.id = watermark.log)
  OR EXISTS (SELECT FROM backfill_range r WHERE r.unit = watermark.log AND watermark.next < r.stop))`

// Only the server's clock decides what has expired. SKIP LOCKED leaves a log to an owner that is in a transaction.
const CLAIM = `
WITH taken AS (
  UPDATE watermark SET owner = $2, fence = fence + 1, until = clock_timestamp() + $3 * interval '1 millisecond'
  WHERE grp = $1 AND log IN (
    SELECT log FROM watermark WHERE grp = $1 AND (owner IS NULL OR until < clock_timestamp()) AND ${IS_UNFINISHED}
    ORDER BY random() LIMIT $4 FOR UPDATE SKIP LOCKED
  ) RETURNING log, fence, epoch, next
)
SELECT l.checkpoint, b.info, t.log AS key, r.stop, l.n, t.fence, t.epoch, t.next
FROM taken t LEFT JOIN backfill_range r ON r.unit = t.log LEFT JOIN backfill b ON b.n = r.backfill JOIN log l ON l.id = coalesce(r.log, t.log)`
