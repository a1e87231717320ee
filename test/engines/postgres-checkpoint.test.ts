import { describe, it } from 'vitest'
import { postgresCheckpoint } from '../../src/sinks/postgres.js'
import { checkpointStoreContract } from '../../src/testing/index.js'
import { noPostgres, testDatabase } from './database.js'

describe.skipIf(noPostgres)('Postgres as a CheckpointStore', () => {
  const cases = checkpointStoreContract(async () => {
    const db = await testDatabase()
    return { store: () => postgresCheckpoint(db.url, { leaseMs: 600 }), remove: () => db.remove() }
  })
  it.each(cases)('$name', ({ run }) => run())
})
