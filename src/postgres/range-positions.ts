import { hashesBefore } from '../checkpoint/backfill-ranges.js'
import { checkpointFromJSON } from '../checkpoint/checkpoint-json.js'
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
      const before = hashesBefore(checkpointFromJSON(row), Number(found?.start))
      await session.query(
        `UPDATE backfill_range SET position = $2, checkpoint = $3, before = coalesce(before, $4) WHERE unit = $1 AND log = $5`,
        [unit, row.position, JSON.stringify(row), before === undefined ? null : JSON.stringify(before), row.log.id],
      )
    }
  },
}

interface Row {
  readonly id: string
  readonly position: string | null
  readonly unit: string
}
