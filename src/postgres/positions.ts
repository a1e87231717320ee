import type { CheckpointJson } from '../types/checkpoint.js'
import type { Lease } from '../types/cluster.js'
import type { Session } from './connection.js'
import { ALONE } from './leases.js'

/** The stored position of a log, and the unit that owns it. */
export interface StoredPosition {
  readonly id: string
  readonly position: number | undefined
  /** The unit it belongs to. */
  readonly unit: string
}

/** The table in which a store keeps its rows. */
export interface Positions {
  /** The checkpoints of a unit, as JSON. */
  load(session: Session, unit: string): Promise<readonly string[]>
  /** The positions of all logs that a commit of this unit may write. */
  all(session: Session, unit: string): Promise<readonly StoredPosition[]>
  /** The positions of these logs, locked until the transaction ends. */
  lock(session: Session, unit: string, ids: readonly string[]): Promise<readonly StoredPosition[]>
  put(session: Session, lease: Lease, rows: readonly CheckpointJson[]): Promise<void>
}

interface Row {
  readonly id: string
  readonly position: string | null
  readonly unit: string
}

export const storedPosition = ({ id, position, unit }: Row): StoredPosition => ({
  ...{ id, unit },
  position: position === null ? undefined : Number(position),
})

/** One row for each log: the position of everything read of it. */
export const logPositions: Positions = {
  async load(session, unit) {
    const rows = await session.query<{ checkpoint: string }>(
      'SELECT checkpoint FROM log WHERE checkpoint IS NOT NULL AND ($1 = $2 OR shard = $1) ORDER BY n',
      [unit, ALONE],
    )
    return rows.map(({ checkpoint }) => checkpoint)
  },
  async all(session) {
    const rows = await session.query<Row>('SELECT id, position, shard AS unit FROM log WHERE position IS NOT NULL')
    return rows.map(storedPosition)
  },
  async lock(session, _unit, ids) {
    const rows = await session.query<Row>(
      'SELECT id, position, shard AS unit FROM log WHERE id = ANY($1) ORDER BY id FOR UPDATE',
      [ids],
    )
    return rows.map(storedPosition)
  },
  async put(session, { unit, epoch }, rows) {
    await session.query(UPSERT, [
      unit,
      epoch,
      ...(['id', 'operator', 'description', 'url'] as const).map((field) =>
        rows.map(({ log }) => log[field].replaceAll('\0', '')),
      ),
      rows.map(({ position }) => position),
      rows.map((row) => JSON.stringify(row)),
    ])
  },
}

/** An update keeps the shard that a log was first put into. */
const UPSERT = `
INSERT INTO log (shard, epoch, id, operator, description, url, position, checkpoint)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[])
ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, operator = excluded.operator,
  description = excluded.description, url = excluded.url, position = excluded.position, checkpoint = excluded.checkpoint`
