import { checkpointFromJSON } from '../checkpoint/checkpoint-json.js'
import { CompactRange } from '../merkle/compact-range.js'
import { prefixOf } from '../merkle/range-prefix.js'
import type { CheckpointJson } from '../types/checkpoint.js'
import { toBase64 } from '../util/bytes.js'
import { type Positions, storedPosition } from './positions.js'

/** One row for each range of a backfill, which is its unit; the position of the log as a whole is not touched. */
export const rangePositions: Positions = {
  async load(session, unit) {
    const rows = await session.query<{ checkpoint: string }>('SELECT checkpoint FROM backfill_range WHERE unit = $1', [
      unit,
    ])
    return rows.map(({ checkpoint }) => checkpoint)
  },
  async all(session, unit) {
    const rows = await session.query<Row>('SELECT log AS id, position, unit FROM backfill_range WHERE unit = $1', [
      unit,
    ])
    return rows.map(storedPosition)
  },
  async lock(session, unit, ids) {
    const rows = await session.query<Row>(
      'SELECT log AS id, position, unit FROM backfill_range WHERE unit = $1 AND log = ANY($2) FOR UPDATE',
      [unit, ids],
    )
    return rows.map(storedPosition)
  },
  async put(session, { unit }, rows) {
    for (const row of rows) {
      const [found] = await session.query<{ start: string }>('SELECT start FROM backfill_range WHERE unit = $1', [unit])
      await session.query(
        `UPDATE backfill_range SET position = $2, checkpoint = $3, before = coalesce(before, $4) WHERE unit = $1 AND log = $5`,
        [unit, row.position, JSON.stringify(row), beforeOf(row, Number(found?.start)) ?? null, row.log.id],
      )
    }
  },
}

interface Row {
  readonly id: string
  readonly position: string | null
  readonly unit: string
}

/** The compact range at `start`, from the first subtrees of the one proven now; `undefined` when one of them reaches over `start`. */
function beforeOf(row: CheckpointJson, start: number): string | undefined {
  const { range, position } = checkpointFromJSON(row)
  if (range === undefined) return undefined
  const before = prefixOf(new CompactRange(position, range), start)
  return before && JSON.stringify(before.hashes.map(toBase64))
}
