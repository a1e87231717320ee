import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { postgresCheckpoint, postgresSink } from '../../src/sinks/postgres.js'
import type { Clock } from '../../src/types/clock.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

/** A minute from now by the server's clock. */
const LATER = `clock_timestamp() + interval '1 minute'`

describe.skipIf(noPostgres)('a process that writes to Postgres alone', () => {
  let db: TestDatabase

  beforeEach(async () => {
    db = await testDatabase()
    onTestFinished(() => db.remove())
    const first = postgresSink(db.url)
    await first.open(undefined)
    await first.close()
  })

  it('waits for the lease of one that has died, also while a backfill renews its own leases', async () => {
    await db.query(`UPDATE shard SET owner = 'dead', until = ${LATER}`)
    await addBackfill()
    let waits = 0
    const sink = postgresSink(db.url, {
      clock: clockWith(async () => {
        waits++
        await db.query(`UPDATE shard SET until = ${LATER} WHERE backfill IS NOT NULL`)
        if (waits === 3) await db.query(`UPDATE shard SET until = clock_timestamp() - interval '1 s' WHERE name = ''`)
      }),
    })
    await sink.open(undefined)
    await sink.close()
    expect(waits).toBe(3)
  })

  it('is refused while another one renews its lease', async () => {
    await db.query(`UPDATE shard SET owner = 'alive', until = ${LATER}`)
    const clock = clockWith(async () => {
      await db.query(`UPDATE shard SET until = ${LATER} WHERE owner = 'alive'`)
    })
    const sink = postgresSink(db.url, { clock })
    await expect(sink.open(undefined)).rejects.toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT' })
    await sink.close()
  })

  it('takes back at once the lease that it could not release, and nobody else does', async () => {
    const proxy = await proxyBefore(db.url)
    const neverWaits = clockWith(() => Promise.reject(new Error('waits')))
    const options = { leaseMs: 600_000, clock: neverWaits }
    const sink = postgresSink(proxy.url, options)
    await sink.open(undefined)
    await proxy.away(() => sink.close())
    const other = postgresSink(db.url, options)
    await expect(other.open(undefined)).rejects.toThrow('waits')
    await other.close()
    const before = await epoch()
    await sink.open(undefined)
    expect(await epoch()).toBe(before + 1)
    await sink.close()
  })

  it('takes it back at once also where only positions are written', async () => {
    const proxy = await proxyBefore(db.url)
    const store = postgresCheckpoint(proxy.url, { leaseMs: 600_000 })
    await store.open()
    await proxy.away(async () => store.close())
    await store.open()
    await store.close()
    expect(await db.query(`SELECT owner FROM shard WHERE name = ''`)).toEqual([{ owner: null }])
  })

  async function addBackfill() {
    const [job] = await db.query<{ n: string }>(
      `INSERT INTO backfill (log, info, start, stop, step, head) VALUES ('log', '{}', 0, 10, 10, '{}') RETURNING n`,
    )
    await db.query(`INSERT INTO shard (name, backfill, owner, until) VALUES ('range', $1, 'backfill', ${LATER})`, [
      job?.n,
    ])
  }

  async function epoch() {
    const [row] = await db.query<{ epoch: string }>(`SELECT epoch FROM shard WHERE name = ''`)
    return Number(row?.epoch)
  }
})

/** @param onWait - In place of waiting for a lease. What is renewed in the background is not renewed. */
const clockWith = (onWait: () => Promise<void>): Clock => ({
  now: () => Date.now(),
  sleep: (_ms, signal) =>
    signal === undefined ? onWait() : new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
})

async function proxyBefore(url: string) {
  const port = Number(new URL(url).port)
  const proxy = await TcpProxy.open(port)
  onTestFinished(() => proxy.close())
  return {
    url: url.replace(`:${port}`, `:${proxy.port}`),
    /** Does something while connections are cut and no other can be made. */
    async away(work: () => Promise<unknown>) {
      // Nothing listens there.
      proxy.target = 1
      proxy.cutAll()
      await work()
      proxy.target = port
    },
  }
}
