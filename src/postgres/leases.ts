import { CtStreamError } from '../errors.js'
import type { Lease } from '../types/cluster.js'
import type { Session } from './connection.js'

/** The unit of a process that is alone. */
export const ALONE = ''

/** Who holds leases, and how long one lasts without being renewed. */
export interface Holder {
  /** Unique among processes. */
  readonly member: string
  readonly leaseMs: number
  /** Epoch milliseconds by this machine's clock. */
  readonly now: () => number
}

// Only the server's clock decides what has expired, so a machine whose clock is an hour off takes no lease too early.
const UNTIL = `clock_timestamp() + $2 * interval '1 millisecond'`
const IS_FREE = '(owner IS NULL OR until < clock_timestamp())'
const ALONE_IS_FREE = `NOT EXISTS (SELECT 1 FROM shard WHERE name = '' AND NOT ${IS_FREE})`
const SHARDS_ARE_FREE = `NOT EXISTS (SELECT 1 FROM shard WHERE name <> '' AND backfill IS NULL AND NOT ${IS_FREE})`

// Logs of one process alone, begun and not divided yet. A member that has a shard already would not notice that they come to it.
const IS_LEFT_ALONE = `log.shard = '' AND log.position IS NOT NULL`

const CLAIM = `
UPDATE shard SET owner = $1, epoch = epoch + 1, until = ${UNTIL}
WHERE name IN (
  SELECT name FROM shard WHERE name <> '' AND backfill IS NULL AND ${IS_FREE} AND ${ALONE_IS_FREE} AND name <> ALL($4::text[])
    AND NOT EXISTS (SELECT FROM log WHERE ${IS_LEFT_ALONE}) ORDER BY random() LIMIT $3
  FOR UPDATE SKIP LOCKED
) RETURNING name, epoch`

const ADOPT = `
WITH adopted AS (
  UPDATE log SET shard = CASE operator WHEN '' THEN id ELSE operator END
  WHERE id IN (SELECT id FROM log WHERE ${IS_LEFT_ALONE} AND ${ALONE_IS_FREE} ORDER BY id FOR UPDATE) AND shard = '' RETURNING shard
)
INSERT INTO shard (name) SELECT DISTINCT shard FROM adopted ORDER BY shard ON CONFLICT DO NOTHING`

// Also from itself, under its next epoch: its connection may have been cut before it released the lease.
const CLAIM_ALONE = `
UPDATE shard SET owner = $1, epoch = epoch + 1, until = ${UNTIL}
WHERE name = '' AND (${IS_FREE} OR owner = $1) AND ${SHARDS_ARE_FREE} RETURNING name, epoch`

// The first free range; it is fenced like a shard.
const CLAIM_RANGE = `
UPDATE shard SET owner = $1, epoch = epoch + 1, until = ${UNTIL}
WHERE name = (
  SELECT name FROM shard JOIN backfill_range ON unit = name
  WHERE shard.backfill = $3 AND position < stop AND ${IS_FREE} ORDER BY start LIMIT 1 FOR UPDATE OF shard SKIP LOCKED
) RETURNING name, epoch`

interface Claimed {
  readonly name: string
  readonly epoch: string
}

/**
 * Moves logs that one process has read alone to the shard of their operator, once that process is gone. To be called when the listed logs have
 * their shards: what is left has left the lists, and may have more to read.
 */
export async function adoptLogs(session: Session): Promise<void> {
  await session.query(ADOPT)
}

/**
 * Takes up to `want` free shards, except those whose owner is writing at this moment; none before all logs have one, see {@link adoptLogs}.
 *
 * @param except - Names of shards to leave to others.
 */
export async function claimShards(
  session: Session,
  holder: Holder,
  want: number,
  except: readonly string[],
): Promise<Lease[]> {
  const until = holder.now() + holder.leaseMs
  const rows = await session.query<Claimed>(CLAIM, [holder.member, holder.leaseMs, want, except])
  return rows.map(({ name, epoch }) => ({ unit: name, epoch: Number(epoch), until }))
}

/** Takes an unfinished range of a backfill; `undefined` when others hold all of them, or there is none. */
export async function claimRange(session: Session, holder: Holder, backfill: string): Promise<Lease | undefined> {
  const until = holder.now() + holder.leaseMs
  const [row] = await session.query<Claimed>(CLAIM_RANGE, [holder.member, holder.leaseMs, backfill])
  return row && { unit: row.name, epoch: Number(row.epoch), until }
}

/** Takes the whole database for one process; `undefined` while another process or a cluster writes to it. */
export async function claimAlone(session: Session, holder: Holder): Promise<Lease | undefined> {
  const until = holder.now() + holder.leaseMs
  await session.query(`INSERT INTO shard (name) VALUES ('') ON CONFLICT DO NOTHING`)
  const [row] = await session.query<Claimed>(CLAIM_ALONE, [holder.member, holder.leaseMs])
  return row && { unit: ALONE, epoch: Number(row.epoch), until }
}

/** Renews leases. @returns Those this member still holds, with their new end. */
export async function renewLeases(session: Session, holder: Holder, leases: readonly Lease[]): Promise<Lease[]> {
  const until = holder.now() + holder.leaseMs
  const rows = await session.query<Claimed>(
    `UPDATE shard SET until = ${UNTIL} WHERE owner = $1
     AND (name, epoch) IN (SELECT * FROM unnest($3::text[], $4::bigint[])) RETURNING name, epoch`,
    [holder.member, holder.leaseMs, leases.map(({ unit }) => unit), leases.map(({ epoch }) => epoch)],
  )
  const held = new Map(rows.map(({ name, epoch }) => [name, Number(epoch)]))
  return leases.filter(({ unit, epoch }) => held.get(unit) === epoch).map((lease) => ({ ...lease, until }))
}

/** Releases a lease; does nothing when another member holds it by now. */
export async function releaseLease(session: Session, { unit, epoch }: Lease): Promise<void> {
  await session.query('UPDATE shard SET owner = NULL, until = NULL WHERE name = $1 AND epoch = $2', [unit, epoch])
}

/**
 * Locks the lease until the transaction ends, so that its data becomes visible only if nobody has taken over.
 *
 * A client suspended between two statements keeps the lock until the server ends its transaction, which is before the lease ends.
 *
 * @throws {@link CtStreamError} `CT_LEASE_LOST` when another epoch has begun; `CT_SINK_ROLLED_BACK` when the database has an
 * older one, as after a restored backup.
 */
export async function fence(session: Session, { unit, epoch }: Lease): Promise<void> {
  const [row] = await session.query<{ epoch: string; owner: string | null }>(
    'SELECT epoch, owner FROM shard WHERE name = $1 FOR SHARE',
    [unit],
  )
  const actual = Number(row?.epoch ?? -1)
  if (actual === epoch && row?.owner !== null) return
  if (actual < epoch)
    throw new CtStreamError(
      'CT_SINK_ROLLED_BACK',
      `Postgres is back at an earlier state: ${nameOf(unit)} has epoch ${actual}, and had ${epoch}`,
      { expected: epoch, actual },
    )
  throw new CtStreamError('CT_LEASE_LOST', `${nameOf(unit)} is another's now: its epoch is ${actual}, not ${epoch}`, {
    expected: epoch,
    actual,
  })
}

function nameOf(unit: string): string {
  return unit === ALONE ? 'this database' : `shard ${JSON.stringify(unit)}`
}
