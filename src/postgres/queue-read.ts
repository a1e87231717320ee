import type { Session } from './connection.js'
import type { QueuedLeaf } from './queued-leaf.js'

/** A row of the queue. */
export interface QueuedRow {
  readonly idx: number
  readonly flags: number
  readonly hash: Uint8Array
  readonly leaf: Uint8Array | null
}

/** Rows, in order. */
export interface QueuedRows {
  readonly rows: readonly QueuedRow[]
  /** Whether nothing comes behind them; otherwise they were cut at the most that a page has. */
  readonly isAll: boolean
}

/** How far the queue reaches. */
export interface QueueReach {
  /** First index behind the last hole: between an older row and this index entries are missing. */
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/**
 * To be called for a connection that reads entries. A queue changes faster than statistics of it are made; without them the planner finds all
 * entries that are left, and sorts them for each page: the longer the queue, the slower.
 */
export async function readInOrder(session: Session): Promise<void> {
  await session.query('SET enable_sort = off')
  await session.query('SET enable_bitmapscan = off')
}

/** The reach of these logs in the queue, by log id. */
export async function reachOf(session: Session, logIds: readonly string[]): Promise<Map<string, QueueReach>> {
  const rows = await session.query<{ id: string; queue_from: string; queue_to: string }>(
    'SELECT id, queue_from, queue_to FROM log WHERE id = ANY($1) AND queue_to IS NOT NULL',
    [logIds],
  )
  return new Map(rows.map(({ id, queue_from, queue_to }) => [id, { from: Number(queue_from), to: Number(queue_to) }]))
}

/** Most bytes of leaves in a page, unless its first one is larger: a leaf may have 16 MiB, and a page many of them. */
const MAX_PAGE_BYTES = 2 ** 23

/** Entries from an index on, in order, and the reach of the queue at the same moment. */
export async function readQueued(
  session: Session,
  log: { readonly n: number },
  next: number,
  limit: number,
): Promise<QueuedRows & { readonly reach: QueueReach }> {
  // One statement, so that both see the same snapshot: an entry missing here and within the reach does not exist.
  const found = await session.query<FoundRow>(READ, [log.n, next, limit, MAX_PAGE_BYTES])
  const [first] = found
  const reach = { from: Number(first?.queue_from ?? 0), to: Number(first?.queue_to ?? 0) }
  return { ...rowsOf(found, limit), reach }
}

/** Entries of a backfilled range from an index on, in order: those that the group did not have when it read the log itself, and does not have by an earlier backfill. */
export async function readLate(
  session: Session,
  group: string,
  { n, key }: { readonly n: number; readonly key: string },
  next: number,
  limit: number,
): Promise<QueuedRows> {
  return rowsOf(await session.query<FoundRow>(READ_LATE, [n, next, limit, key, group, MAX_PAGE_BYTES]), limit)
}

function rowsOf(found: readonly FoundRow[], limit: number): QueuedRows {
  const rows: QueuedRow[] = []
  for (const { idx, flags, hash, leaf } of found)
    if (idx !== null && hash !== null) rows.push({ idx: Number(idx), flags: flags ?? 0, hash, leaf })
  // The server reads them in this order, but does not promise to return them so without a sort of its own.
  rows.sort((a, b) => a.idx - b.idx)
  const total = found[0]?.total ?? 0
  return { rows, isAll: total < limit && rows.length === total }
}

/** One entry of the queue; `undefined` when it is not there. */
export async function readOne(
  session: Session,
  n: number | undefined,
  index: number | undefined,
): Promise<QueuedLeaf | undefined> {
  if (n === undefined || index === undefined) return undefined
  const [row] = await session.query<{ flags: number; hash: Buffer; leaf: Buffer | null }>(
    'SELECT flags, hash, leaf FROM queued WHERE log = $1 AND idx = $2',
    [n, index],
  )
  return row && { ...row, leaf: row.leaf ?? undefined }
}

interface FoundRow {
  readonly queue_from: string | null
  readonly queue_to: string | null
  readonly idx: string | null
  readonly flags: number | null
  readonly hash: Buffer | null
  readonly leaf: Buffer | null
  /** Rows within the limit, before the page was cut at its bytes. */
  readonly total: number | null
}

/** Cuts rows of the queue, in order, where their leaves are too many bytes; the length of a leaf is known without reading it. */
const cutAt = (bytes: string, rows: string) => `
SELECT idx, flags, hash, leaf, total FROM (
  SELECT *, (count(*) OVER ())::integer AS total, octet_length(leaf) AS own, sum(octet_length(leaf)) OVER (ORDER BY idx) AS bytes FROM (${rows}) page
) summed WHERE coalesce(bytes, 0) <= ${bytes} OR bytes = own ORDER BY idx`

const READ = `
SELECT l.queue_from, l.queue_to, q.* FROM log l LEFT JOIN LATERAL (${cutAt(
  '$4',
  'SELECT * FROM queued WHERE queued.log = l.n AND queued.idx >= $2 AND queued.idx < l.queue_to ORDER BY queued.idx LIMIT $3',
)}) q ON true WHERE l.n = $1`

// `before`: ranges of earlier backfills with some of the same entries, which the group has read, or reads beside this one: an entry is of the
// earliest. Of a log that the group does not read it had none. One that came into the queue after such a backfill had ended is not the one that the group met there: retention had taken that,
// and it may have been unread.
const READ_LATE = `
WITH before AS MATERIALIZED (
  SELECT greatest(o.start, w.began) AS start, o.stop, w.next, b.ended
  FROM backfill_range r JOIN backfill_range o ON o.log = r.log AND o.backfill < r.backfill AND o.start < r.stop AND r.start < o.stop
    JOIN backfill b ON b.n = o.backfill JOIN watermark w ON w.grp = $5 AND w.log = o.unit
  WHERE r.unit = $4
)
SELECT NULL AS queue_from, NULL AS queue_to, q.* FROM backfill_range r LEFT JOIN watermark w ON w.grp = $5 AND w.log = r.log, LATERAL (${cutAt(
  '$6',
  `SELECT idx, flags, hash, leaf FROM queued WHERE queued.log = $1 AND queued.idx >= $2 AND queued.idx < r.stop
    AND (w.log IS NULL OR queued.idx < w.began OR EXISTS (SELECT FROM missed m WHERE m.grp = $5 AND m.log = r.log AND queued.idx >= m.start AND queued.idx < m.stop))
    AND NOT EXISTS (SELECT FROM before WHERE queued.idx >= before.start AND queued.idx < before.stop
      AND (queued.idx >= before.next OR queued.added <= before.ended))
  ORDER BY queued.idx LIMIT $3`,
)}) q WHERE r.unit = $4`
