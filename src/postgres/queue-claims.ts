import { CtStreamError } from '../errors.js'
import type { LogInfo } from '../types/log.js'
import type { Watermark } from '../types/queue.js'
import type { Session } from './connection.js'

/** One processor of a group. */
export interface GroupMember {
  readonly group: string
  /** A name that no other process has. */
  readonly name: string
  readonly leaseMs: number
  readonly start: 'beginning' | 'now'
}

/** A log that a processor has got. */
export interface ClaimedLog {
  readonly log: LogInfo
  /** Of the log, in the tables. */
  readonly n: number
  /** Grows with every owner. */
  readonly fence: number
  readonly mark: Watermark
}

/** Where a claim is kept. */
export type ClaimKey = Pick<ClaimedLog, 'log' | 'fence'>

/** Says that it lives, and gives the group a watermark of every log that is in the queue by now. @returns How many logs each one should have. */
export async function joinGroup(session: Session, { group, name, leaseMs, start }: GroupMember): Promise<number> {
  await session.query(
    `INSERT INTO processor VALUES ($1, $2, clock_timestamp()) ON CONFLICT (grp, name) DO UPDATE SET seen = excluded.seen`,
    [group, name],
  )
  await session.query(
    `INSERT INTO watermark (grp, log, epoch, next)
     SELECT $1, id, 0, CASE WHEN $2 AND NOT EXISTS (SELECT FROM watermark WHERE grp = $1) THEN queue_to ELSE queue_from END
     FROM log WHERE queue_to IS NOT NULL AND NOT EXISTS (SELECT FROM watermark w WHERE w.grp = $1 AND w.log = log.id)
     ORDER BY id ON CONFLICT DO NOTHING`,
    [group, start === 'now'],
  )
  const [counts] = await session.query<{ logs: number; members: number }>(
    `SELECT (SELECT count(*) FROM watermark WHERE grp = $1)::integer AS logs,
       (SELECT count(*) FROM processor WHERE grp = $1 AND seen > clock_timestamp() - $2 * interval '1 millisecond')::integer AS members`,
    [group, leaseMs],
  )
  return Math.ceil((counts?.logs ?? 0) / Math.max(1, counts?.members ?? 1))
}

/** Takes logs that nobody in the group works on, `want` at most. */
export async function claimLogs(session: Session, member: GroupMember, want: number): Promise<ClaimedLog[]> {
  const rows = await session.query<ClaimedRow>(CLAIM, [member.group, member.name, member.leaseMs, want])
  return rows.map(({ checkpoint, n, fence, epoch, next }) => ({
    log: JSON.parse(checkpoint).log as LogInfo,
    n,
    fence: Number(fence),
    mark: { epoch: Number(epoch), next: Number(next) },
  }))
}

/** Those of the claims that are still this processor's. */
export async function renewClaims<Claim extends ClaimKey>(
  session: Session,
  { group, name, leaseMs }: GroupMember,
  claims: readonly Claim[],
): Promise<Claim[]> {
  if (claims.length === 0) return []
  const rows = await session.query<{ log: string }>(
    `UPDATE watermark w SET until = clock_timestamp() + $3 * interval '1 millisecond'
     FROM unnest($4::text[], $5::bigint[]) AS u(log, fence)
     WHERE w.grp = $1 AND w.owner = $2 AND w.log = u.log AND w.fence = u.fence RETURNING w.log`,
    [group, name, leaseMs, claims.map(({ log }) => log.id), claims.map(({ fence }) => fence)],
  )
  const held = new Set(rows.map(({ log }) => log))
  return claims.filter(({ log }) => held.has(log.id))
}

/** Gives logs back; those that are another's by now stay so. */
export async function releaseClaims(session: Session, group: string, claims: readonly ClaimKey[]): Promise<void> {
  await session.query(
    `UPDATE watermark w SET owner = NULL, until = NULL FROM unnest($2::text[], $3::bigint[]) AS u(log, fence)
     WHERE w.grp = $1 AND w.log = u.log AND w.fence = u.fence`,
    [group, claims.map(({ log }) => log.id), claims.map(({ fence }) => fence)],
  )
}

/** Moves watermarks ahead, never back. @returns Those of which the claim still holds. */
export async function storeMarks<Claim extends ClaimKey>(
  session: Session,
  group: string,
  marks: readonly (readonly [Claim, Watermark])[],
): Promise<Claim[]> {
  const rows = await session.query<{ log: string }>(
    `UPDATE watermark w SET epoch = greatest(w.epoch, u.epoch), next = greatest(w.next, u.next)
     FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) AS u(log, fence, epoch, next)
     WHERE w.grp = $1 AND w.log = u.log AND w.fence = u.fence AND w.owner IS NOT NULL RETURNING w.log`,
    [
      group,
      marks.map(([{ log }]) => log.id),
      marks.map(([{ fence }]) => fence),
      marks.map(([, { epoch }]) => epoch),
      marks.map(([, { next }]) => next),
    ],
  )
  const held = new Set(rows.map(({ log }) => log))
  return marks.map(([claim]) => claim).filter(({ log }) => held.has(log.id))
}

/**
 * Holds a claim until the transaction ends.
 *
 * @returns Where its watermark is.
 * @throws {@link CtStreamError} `CT_LEASE_LOST`
 */
export async function holdClaim(session: Session, group: string, { log, fence }: ClaimKey): Promise<number> {
  const [row] = await session.query<{ fence: string; owner: string | null; next: string }>(
    'SELECT fence, owner, next FROM watermark WHERE grp = $1 AND log = $2 FOR UPDATE',
    [group, log.id],
  )
  if (row !== undefined && row.owner !== null && Number(row.fence) === fence) return Number(row.next)
  throw new CtStreamError(
    'CT_LEASE_LOST',
    `log ${log.id} is another processor's of group ${JSON.stringify(group)} now`,
    {
      logId: log.id,
    },
  )
}

interface ClaimedRow {
  readonly checkpoint: string
  readonly n: number
  readonly fence: string
  readonly epoch: string
  readonly next: string
}

// The server's clock alone says what has run out. A log in a transaction of its owner is left to it.
const CLAIM = `
WITH taken AS (
  UPDATE watermark SET owner = $2, fence = fence + 1, until = clock_timestamp() + $3 * interval '1 millisecond'
  WHERE grp = $1 AND log IN (
    SELECT log FROM watermark WHERE grp = $1 AND (owner IS NULL OR until < clock_timestamp()) ORDER BY random() LIMIT $4
    FOR UPDATE SKIP LOCKED
  ) RETURNING log, fence, epoch, next
)
SELECT l.checkpoint, l.n, t.fence, t.epoch, t.next FROM taken t JOIN log l ON l.id = t.log`
