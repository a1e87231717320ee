import type { ParkedEntry, ParkReason } from '../types/queue.js'
import type { Session } from './connection.js'
import type { QueuedLeaf } from './queued-leaf.js'

/** An entry to set aside: a row of `parked`. */
export interface ParkedRow extends ParkReason {
  readonly key: string
  readonly logId: string | undefined
  readonly index: number | undefined
  readonly content: QueuedLeaf | undefined
}

/** A parked entry to replay. */
export interface ReplayedRow {
  readonly key: string
  readonly logId: string | undefined
  readonly index: number | undefined
  readonly content: QueuedLeaf | undefined
}

/** The key of an entry: its log's number, and its index. */
export const parkedKey = (n: number, index: number) => `${n}-${index}`

/** Sets an entry aside. One that is there counts another failure, and is no longer marked for replay. */
export async function putParked(session: Session, group: string, row: ParkedRow): Promise<void> {
  const { key, logId, index, by, message, content } = row
  await session.query(
    `INSERT INTO parked (grp, key, log, idx, module, message, flags, hash, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (grp, key) DO UPDATE SET module = excluded.module, message = excluded.message,
       failures = parked.failures + 1, parked = now(), replay = false, until = NULL`,
    [
      group,
      key,
      logId ?? null,
      index ?? null,
      by,
      message,
      content?.flags ?? null,
      content?.hash ?? null,
      content?.leaf ?? null,
    ],
  )
}

/** The next entry marked for replay, reserved for `leaseMs`. */
export async function takeReplay(session: Session, group: string, leaseMs: number): Promise<ReplayedRow | undefined> {
  const [row] = await session.query<{
    key: string
    log: string | null
    idx: string | null
    flags: number | null
    hash: Buffer | null
    body: Buffer | null
  }>(TAKE, [group, leaseMs])
  if (row === undefined) return undefined
  const { key, log, idx, flags, hash, body } = row
  const content = hash === null ? undefined : { flags: flags ?? 0, hash, leaf: body ?? undefined }
  return { key, logId: log ?? undefined, index: idx === null ? undefined : Number(idx), content }
}

/** Parked entries of a group, or of all groups, the latest first. */
export async function listParked(session: Session, group: string | undefined, limit: number): Promise<ParkedEntry[]> {
  const rows = await session.query<{
    grp: string
    key: string
    log: string | null
    idx: string | null
    module: string
    message: string
    failures: number
    parked: Date
    bytes: number
    replay: boolean
  }>(
    `SELECT grp, key, log, idx, module, message, failures, parked, coalesce(length(body), 0) AS bytes, replay
     FROM parked WHERE $1::text IS NULL OR grp = $1 ORDER BY parked DESC, grp, key LIMIT $2`,
    [group ?? null, limit],
  )
  return rows.map(({ grp, key, log, idx, module, message, failures, parked, bytes, replay }) => ({
    key,
    group: grp,
    logId: log ?? undefined,
    index: idx === null ? undefined : Number(idx),
    by: module,
    message,
    failures,
    parkedAt: parked,
    bytes,
    isReplayed: replay,
  }))
}

/** @param keys - `undefined`: all of the group. @returns How many there were. */
export async function markReplayed(
  session: Session,
  group: string,
  keys: readonly string[] | undefined,
): Promise<number> {
  const rows = await session.query(
    'UPDATE parked SET replay = true, until = NULL WHERE grp = $1 AND ($2::text[] IS NULL OR key = ANY($2)) RETURNING 1',
    [group, keys ?? null],
  )
  return rows.length
}

/** @param keys - `undefined`: all of the group. @returns How many there were. */
export async function dropParked(
  session: Session,
  group: string,
  keys: readonly string[] | undefined,
): Promise<number> {
  const rows = await session.query(
    'DELETE FROM parked WHERE grp = $1 AND ($2::text[] IS NULL OR key = ANY($2)) RETURNING 1',
    [group, keys ?? null],
  )
  return rows.length
}

const TAKE = `
UPDATE parked SET until = clock_timestamp() + $2 * interval '1 millisecond' WHERE grp = $1 AND key = (
  SELECT key FROM parked WHERE grp = $1 AND replay AND (until IS NULL OR until < clock_timestamp()) ORDER BY parked LIMIT 1
  FOR UPDATE SKIP LOCKED
) RETURNING key, log, idx, flags, hash, body`
