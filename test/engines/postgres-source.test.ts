import { describe } from 'vitest'
import { openParked } from '../../src/processors/index.js'
import { postgresQueueSource } from '../../src/processors/postgres/index.js'
import { postgresSink } from '../../src/sinks/postgres.js'
import { sourceContract } from '../support/source-contract.js'
import { noPostgres, testDatabase } from './database.js'

const traits = {
  leaseMs: 600,
  obeysClock: true,
  keepsEverything: true,
  keepsIssuers: true,
  lacks: {
    omission: 'entries are kept whole up to 16 MiB, and the limit cannot be chosen',
    bodies: 'its tables have one form of entries',
    forgery: 'whoever may write its tables may write its positions',
  },
}

describe.skipIf(noPostgres)('Postgres', () => {
  sourceContract('Postgres', traits, async () => {
    const db = await testDatabase()
    const numberOf = '(SELECT n FROM log WHERE id = $1)'
    return {
      sink: () => postgresSink(db.url, { queue: true, leaseMs: 600 }),
      source: (options) => postgresQueueSource(db.url, options),
      async damage(logId, index) {
        const place = [logId, index]
        const at = `log = ${numberOf} AND idx = $2`
        const [row] = await db.query<{ hash: Buffer }>(`SELECT hash FROM queued WHERE ${at}`, place)
        await db.query(`UPDATE queued SET hash = sha256(hash) WHERE ${at}`, place)
        return {
          async restore() {
            await db.query('UPDATE parked SET hash = $3 WHERE log = $1 AND idx = $2', [...place, row?.hash])
          },
        }
      },
      async retain(logId, below) {
        await db.query(`DELETE FROM queued WHERE log = ${numberOf} AND idx < $2`, [logId, below])
        await db.query('UPDATE log SET queue_from = $2 WHERE id = $1', [logId, below])
      },
      parked: () => openParked(db.url),
      async missed(group) {
        const rows = await db.query<{ log: string; start: string; stop: string }>(
          'SELECT log, start, stop FROM missed WHERE grp = $1 ORDER BY log, start',
          [group],
        )
        return rows.map(({ log, start, stop }) => ({ logId: log, start: Number(start), end: Number(stop) }))
      },
      remove: () => db.remove(),
    }
  })
})
