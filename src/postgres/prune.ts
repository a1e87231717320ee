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
  /**
   * What keeps entries that are old enough to delete: groups that have not acknowledged them, and as `backfill 3` backfills that run, whose
   * ranges come to groups when they are finished.
   */
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
      const starts = await connection.run((session) => stretchesOf(session, id))
      for (const [i, start] of starts.entries()) {
        const values = [n, queueOlderThanMs, id, unread]
        const prune = (session: Session, from: number, end: number) => pruneQueue(session, [...values, from, end], n)
        queued += await inBatches(connection, start, starts[i + 1] ?? Number.MAX_SAFE_INTEGER, prune)
      }
      if (!unread)
        for (const group of await connection.run((session) => heldBack(session, n, id, queueOlderThanMs, starts)))
          heldBackBy.add(group)
    }
    if (entriesOlderThanMs !== undefined)
      entries += await inBatches(connection, 0, Number.MAX_SAFE_INTEGER, (session, from, end) =>
        batchOf(session, ENTRIES, [n, entriesOlderThanMs, from, end]),
      )
  }
  return { queued, entries, heldBackBy: [...heldBackBy].sort() }
}

/** The rows that one batch has looked at. */
interface Batch {
  readonly looked: number
  /** Index of the last one. */
  readonly last: number
  readonly young: number
  readonly deleted: number
  /** Exclusive end of the deleted ones; 0 without any. */
  readonly end: number
}

/**
 * Deletes old rows from one index to another. Their age falls with their index, roughly: after a batch of young rows alone, it looks no further,
 * since that would mean to read all of the table each time.
 */
async function inBatches(
  connection: PostgresConnection,
  start: number,
  stop: number,
  prune: (session: Session, start: number, stop: number) => Promise<Batch>,
): Promise<number> {
  for (let sum = 0, from = start; ; ) {
    const next = from
    const { looked, last, young, deleted } = await connection.transaction((session) => prune(session, next, stop))
    sum += deleted
    if (looked < BATCH || (deleted === 0 && young > 0)) return sum
    from = last + 1
  }
}

/** Where rows begin whose age does not follow from the rows before them: a backfill adds its own at other times than collectors do. */
async function stretchesOf(session: Session, id: string): Promise<number[]> {
  const rows = await session.query<{ bound: string }>(
    `SELECT DISTINCT bound FROM backfill b, LATERAL (VALUES (b.start), (b.stop)) AS bounds (bound)
     WHERE b.log = $1 AND bound > 0 AND EXISTS (SELECT FROM backfill_range r WHERE r.backfill = b.n AND r.queued)
     ORDER BY bound`,
    [id],
  )
  return [0, ...rows.map(({ bound }) => Number(bound))]
}

async function batchOf(session: Session, statement: string, values: readonly unknown[]): Promise<Batch> {
  const [row] = await session.query<Record<keyof Batch, string>>(statement, values)
  const number = (key: keyof Batch) => Number(row?.[key] ?? 0)
  return {
    looked: number('looked'),
    last: number('last'),
    young: number('young'),
    deleted: number('deleted'),
    end: number('end'),
  }
}

async function pruneQueue(session: Session, values: readonly unknown[], n: number): Promise<Batch> {
  const batch = await batchOf(session, QUEUED, values)
  // A backfill may be ahead of the collectors: what these have yet to write is not deleted.
  if (batch.deleted > 0)
    await session.query(
      'UPDATE log SET queue_from = greatest(queue_from, least($2, queue_to)) WHERE n = $1 AND queue_to IS NOT NULL',
      [n, batch.end],
    )
  return batch
}

async function heldBack(
  session: Session,
  n: number,
  id: string,
  olderThanMs: number,
  starts: readonly number[],
): Promise<string[]> {
  const rows = await session.query<{ holder: string }>(HELD_BACK, [n, olderThanMs, id, starts])
  return rows.map(({ holder }) => holder)
}

const CUT = `clock_timestamp() - $2 * interval '1 millisecond'`

// Every group is given a range, also one that does not read its log. What a backfill that has ended left unfinished comes to nobody.
const UNREAD_RANGES = `
SELECT CASE WHEN r.position = r.stop THEN g.grp ELSE 'backfill ' || r.backfill END AS holder, coalesce(late.next, r.start) AS start, r.stop
FROM backfill_range r JOIN backfill b ON b.n = r.backfill
  CROSS JOIN (SELECT grp FROM queue_group UNION SELECT grp FROM watermark) AS g
  LEFT JOIN watermark late ON late.grp = g.grp AND late.log = r.unit
WHERE r.log = $3 AND r.queued AND (r.position = r.stop OR b.state = 'running') AND coalesce(late.next, r.start) < r.stop`

const HELD_BACK = `
SELECT DISTINCT holder FROM (
  SELECT grp AS holder, greatest(next, begin) AS start, 9007199254740991 AS stop
  FROM watermark, unnest($4::bigint[]) AS stretch (begin) WHERE log = $3
  UNION ALL ${UNREAD_RANGES}
) AS unread, LATERAL (
  SELECT added FROM queued WHERE log = $1 AND idx >= unread.start AND idx < unread.stop ORDER BY idx LIMIT 1
) AS oldest WHERE added < ${CUT}`

/** Deletes the old ones of a batch. @param looked - Selects the batch: `idx`, and whether it `is_old`. */
const deletion = (table: string, looked: string) => `
WITH looked AS MATERIALIZED (${looked} ORDER BY idx LIMIT ${BATCH}),
gone AS (DELETE FROM ${table} WHERE log = $1 AND idx IN (SELECT idx FROM looked WHERE is_old) RETURNING idx)
SELECT count(*) AS looked, max(idx) AS last, count(*) FILTER (WHERE NOT is_old) AS young,
  (SELECT count(*) FROM gone) AS deleted, (SELECT max(idx) + 1 FROM gone) AS "end" FROM looked`

// Only what all groups have acknowledged.
const QUEUED = deletion(
  'queued',
  `WITH unread AS MATERIALIZED (${UNREAD_RANGES})
  SELECT idx, added < ${CUT} AS is_old FROM queued WHERE log = $1 AND idx >= $5 AND idx < $6
    AND idx < CASE WHEN $4 THEN 9007199254740991 ELSE coalesce((SELECT min(next) FROM watermark WHERE watermark.log = $3), 9007199254740991) END
    AND ($4 OR NOT EXISTS (SELECT FROM unread WHERE queued.idx >= unread.start AND queued.idx < unread.stop))`,
)

// Entries of which no time is known (NULL) stay.
const ENTRIES = deletion(
  'entry',
  `SELECT idx, ts < ${CUT} AS is_old FROM entry WHERE log = $1 AND idx >= $3 AND idx < $4`,
)
