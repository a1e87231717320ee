import type { CtCertificate } from '../types/certificate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Steps } from '../util/turns.js'
import { ArrayParameter, elements } from './array-parameter.js'
import { STEP_ENTRIES } from './certificate-rows.js'
import type { Session } from './connection.js'
import { STATEMENT_BYTES } from './entry-columns.js'
import { type QueuedLeaf, queuedLeaf } from './queued-leaf.js'
import type { PostgresTarget } from './target.js'

/** The channel that notifies processors of new entries. */
export const queueChannel = ({ schema }: PostgresTarget) => `ct_stream_queue_${schema}`.slice(0, 63)

/**
 * Entries as the queue has them, each encoded once: when its page comes, while the server works on the pages before, and the certificate is
 * still in the processor's caches.
 */
export class QueuedLeaves {
  private readonly leaves = new WeakMap<CtCertificate, QueuedLeaf>()

  of(certificate: CtCertificate): QueuedLeaf {
    const known = this.leaves.get(certificate)
    if (known !== undefined) return known
    const leaf = queuedLeaf(certificate)
    this.leaves.set(certificate, leaf)
    return leaf
  }

  /** Encodes a page, step by step: leases are renewed meanwhile. */
  *encode(page: readonly CtCertificate[]): Steps<void> {
    for (const [i, certificate] of page.entries()) {
      if (i > 0 && i % STEP_ENTRIES === 0) yield
      this.of(certificate)
    }
  }
}

/** Parameters of {@link insertQueued}, made before a transaction begins. */
export function* queueColumns(
  certificates: readonly CtCertificate[],
  leaves: QueuedLeaves,
  numbers: ReadonlyMap<string, number>,
  epoch: number,
): Steps<QueueColumns[]> {
  const statements: QueueColumns[] = []
  let columns: ReturnType<typeof columnsOf> | undefined
  for (const [i, certificate] of certificates.entries()) {
    if (i % STEP_ENTRIES === 0) yield
    columns ??= columnsOf(epoch)
    columns.add(certificate.index, leaves.of(certificate), numbers.get(certificate.log.id) as number)
    if (!columns.isFull && i + 1 < certificates.length) continue
    statements.push(columns.values())
    columns = undefined
  }
  return statements
}

export async function insertQueued(session: Session, statements: readonly QueueColumns[]): Promise<void> {
  for (const values of statements) await session.query(INSERT_QUEUED, values)
}

export type QueueColumns = readonly (number | Buffer)[]

const INSERT_QUEUED = `
INSERT INTO queued (epoch, log, idx, flags, hash, leaf)
SELECT $1, * FROM unnest($2::integer[], $3::bigint[], $4::smallint[], $5::bytea[], $6::bytea[])
ON CONFLICT (log, idx) DO NOTHING`

function columnsOf(epoch: number) {
  const logs = new ArrayParameter(elements.integer)
  const indexes = new ArrayParameter(elements.bigint)
  const flags = new ArrayParameter(elements.smallint)
  const hashes = new ArrayParameter(elements.bytea)
  const leaves = new ArrayParameter(elements.bytea)
  return {
    get isFull() {
      return leaves.byteLength > STATEMENT_BYTES
    },
    add(index: number, { flags: bits, hash, leaf }: QueuedLeaf, log: number): void {
      logs.add(log)
      indexes.add(index)
      flags.add(bits)
      hashes.add(hash)
      leaves.add(leaf)
    },
    values: () => [epoch, ...[logs, indexes, flags, hashes, leaves].map((column) => column.value())],
  }
}

/**
 * Updates the range that the queue holds of each log without a hole, and notifies processors.
 *
 * To be called before the positions move: a queue that ends below the old position, as when it was off for a time, has a hole there.
 */
export async function moveReach(
  session: Session,
  rows: readonly LogCheckpoint[],
  certificates: readonly CtCertificate[],
  channel: string,
): Promise<void> {
  const first = new Map<string, number>()
  for (const { log, index } of certificates) first.set(log.id, Math.min(index, first.get(log.id) ?? index))
  await session.query(REACH, [
    rows.map(({ log }) => log.id),
    rows.map(({ position }) => position),
    rows.map(({ log }) => first.get(log.id) ?? null),
  ])
  await session.query(`NOTIFY ${channel}`)
}

/** Notes that entries of a range of a backfill are in the queue, and notifies processors. */
export async function noteQueuedRange(session: Session, unit: string, channel: string): Promise<void> {
  await session.query('UPDATE backfill_range SET queued = true WHERE unit = $1', [unit])
  await session.query(`NOTIFY ${channel}`)
}

const REACH = `
UPDATE log SET queue_to = u.next, queue_from = CASE
  WHEN queue_to = position THEN queue_from ELSE least(coalesce(position, u.first, u.next), coalesce(u.first, u.next)) END
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS u (id, next, first)
WHERE log.id = u.id`
