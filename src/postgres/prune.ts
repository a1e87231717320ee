import type { PostgresConnection, Session } from './connection.js'

/** Rows in one transaction, so that it never blocks others for long. */
const BATCH = 5000

/** How old rows must be to be deleted. */
export interface PruneOptions {
  /** Deletes entries of the queue that were added longer ago. Milliseconds, from 0. Default: deletes none. */
  readonly queueOlderThanMs?: number
  /** Deletes rows of the table `entry` logged longer ago; certificates and names stay. Milliseconds, from 0. Default: deletes none. */
  readonly entriesOlderThanMs?: number
  /** Also deletes what groups of processors have not acknowledged; they will report it as a gap. Default `false`. */
  readonly unread?: boolean
}

/** What was deleted. */
export interface Pruned {
  /** Number of deleted entries of the queue. */
  readonly queued: number
  /** Number of deleted rows of the table `entry`. */
  readonly entries: number
  /** Groups that have not acknowledged entries old enough to delete: these entries were kept. */
  readonly heldBackBy: readonly string[]
}

/** Deletes old rows, batch by batch. */
export async function pruneIn(
  connection: PostgresConnection,
  { queueOlderThanMs, entriesOlderThanMs, unread = false }: PruneOptions,
): Promise<Pruned> {
  const logs = await connection.run((session) =>
    session.query<{ n: number; id: string }>('SELECT n, id FROM log ORDER BY n'),
  )
  let [queued, entries] = [0, 0]
  const heldBackBy = new Set<string>()
  for (const { n, id } of logs) {
    if (queueOlderThanMs !== undefined) {
      queued += await inBatches(connection, (session) => pruneQueue(session, n, id, queueOlderThanMs, unread))
      if (!unread)
        for (const group of await connection.run((session) => heldBack(session, n, id, queueOlderThanMs)))
          heldBackBy.add(group)
    }
    if (entriesOlderThanMs !== undefined)
      entries += await inBatches(
        connection,
        async (session) => (await session.query(ENTRIES, [n, entriesOlderThanMs])).length,
      )
  }
  return { queued, entries, heldBackBy: [...heldBackBy].sort() }
}

async function inBatches(
  connection: PostgresConnection,
  prune: (session: Session) => Promise<number>,
): Promise<number> {
  for (let sum = 0; ; ) {
    const count = await connection.transaction(prune)
    sum += count
    if (count < BATCH) return sum
  }
}

async function pruneQueue(
  session: Session,
  n: number,
  id: string,
  olderThanMs: number,
  unread: boolean,
): Promise<number> {
  const rows = await session.query<{ idx: string }>(QUEUED, [n, id, olderThanMs, unread])
  const end = rows.reduce((most, { idx }) => Math.max(most, Number(idx) + 1), 0)
  if (end > 0) await session.query('UPDATE log SET queue_from = greatest(queue_from, $2) WHERE n = $1', [n, end])
  return rows.length
}

async function heldBack(session: Session, n: number, id: string, olderThanMs: number): Promise<string[]> {
  const rows = await session.query<{ grp: string }>(
    `SELECT grp FROM watermark WHERE log = $2 AND EXISTS (
       SELECT FROM (SELECT added FROM queued WHERE log = $1 AND idx >= next ORDER BY idx LIMIT 1) AS oldest
       WHERE added < ${CUT})`,
    [n, id, olderThanMs],
  )
  return rows.map(({ grp }) => grp)
}

const CUT = `clock_timestamp() - $3 * interval '1 millisecond'`

// Oldest first, and only what all groups have acknowledged.
const QUEUED = `
DELETE FROM queued WHERE log = $1 AND added < ${CUT} AND idx IN (
  SELECT idx FROM queued WHERE log = $1
    AND idx < CASE WHEN $4 THEN 9007199254740991 ELSE coalesce((SELECT min(next) FROM watermark WHERE watermark.log = $2), 9007199254740991) END
    AND ($4 OR NOT EXISTS (
      SELECT FROM backfill_range r JOIN watermark w ON w.log = r.log LEFT JOIN watermark late ON late.grp = w.grp AND late.log = r.unit
      WHERE r.log = $2 AND r.queued AND queued.idx >= coalesce(late.next, r.start) AND queued.idx < r.stop))
  ORDER BY idx LIMIT ${BATCH}
) RETURNING idx`

const ENTRIES = `
DELETE FROM entry WHERE log = $1 AND ts < clock_timestamp() - $2 * interval '1 millisecond' AND idx IN (
  SELECT idx FROM entry WHERE log = $1 ORDER BY idx LIMIT ${BATCH}
) RETURNING idx`
