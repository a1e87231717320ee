import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postgresQueueSource } from '../../src/processors/postgres/index.js'
import { pump } from '../../src/sinks/index.js'
import { postgresSink } from '../../src/sinks/postgres.js'
import type { TestLog } from '../../src/testing/index.js'
import type { CheckpointStore } from '../../src/types/checkpoint.js'
import { fastClock } from '../support/fast-clock.js'
import { backfill, certificates, grow, logOf } from '../support/logs.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

/** Most that a store keeps. */
const KEPT = { count: 8192, bytes: 32 * 1024 * 1024 }

describe.skipIf(noPostgres)('issuers of entries in Postgres', () => {
  let db: TestDatabase
  beforeEach(async () => {
    db = await testDatabase()
  })
  afterEach(() => db.remove())

  const sink = () => postgresSink(db.url, { entries: 'none', queue: true, leaseMs: 600 })
  const fill = (log: TestLog, into = sink()) =>
    pump({
      sink: into,
      clock: fastClock(20_000),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })
  /** Indexes of entries of a log whose chains are not there. */
  const lacking = async (log: TestLog) => {
    const found: number[] = []
    await using source = postgresQueueSource(db.url, { group: 'g', end: 'head', leaseMs: 600 })
    for await (const certificate of source)
      if (certificate.log.id === log.logId)
        await certificate.chain().catch(() => {
          found.push(certificate.index)
        })
    return found
  }
  const kept = async () => {
    const [row] = await db.query<{ count: number; bytes: number; largest: number }>(
      'SELECT count(*)::integer AS count, sum(length(der))::integer AS bytes, max(length(der)) AS largest FROM issuer',
    )
    return row ?? { count: 0, bytes: 0, largest: 0 }
  }

  it('are there although more were kept since than there is room for', async () => {
    const log = await logOf(60)
    await fill(log)
    // Of static-ct logs, over months.
    await db.query(
      `INSERT INTO issuer SELECT md5(i::text) || md5(i::text), '\\x00', now() + interval '1 day' FROM generate_series(1, ${KEPT.count}) i`,
    )
    const other = sink()
    await other.open(undefined)
    const store = other.store as CheckpointStore
    await store.open()
    await store.putIssuer('ff'.repeat(32), Uint8Array.of(1))
    await store.close()
    await other.close()
    expect((await kept()).count).toBe(KEPT.count)
    expect(await lacking(log)).toEqual([])
  })

  it('are there although a log sends new ones with each entry, of which no more are kept than there is room for', async () => {
    const log = await logOf(60)
    const flood = await logOf(0)
    flood.add(certificates(600).map((one) => ({ ...one, chain: Array.from({ length: 15 }, () => randomBytes(4400)) })))
    flood.add(certificates(1).map((one) => ({ ...one, chain: [randomBytes(70_000)] })))
    flood.publish()
    await fill(log)
    await fill(flood)
    const { count, bytes, largest } = await kept()
    expect(count).toBeGreaterThan(5000)
    expect(count).toBeLessThanOrEqual(KEPT.count)
    expect(bytes).toBeLessThanOrEqual(KEPT.bytes)
    expect(largest).toBeLessThanOrEqual(64 * 1024)
    expect(await lacking(log)).toEqual([])
  })

  it('are written again after the database was restored from a copy', async () => {
    const log = await logOf(60)
    const one = sink()
    await fill(log, one)
    await db.query('DELETE FROM issuer')
    grow(log, 40)
    await fill(log, one)
    expect(await lacking(log)).toEqual([])
  })
})
