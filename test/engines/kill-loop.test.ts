import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postgresCoordinator } from '../../src/cluster/index.js'
import { issueCertificates, type TestLog } from '../../src/testing/index.js'
import { logOf } from '../support/logs.js'
import { Collectors, infoOf } from './collectors.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

/** Faults of a run; `CT_STREAM_TEST_KILLS=30 npm run test:engines` makes a long one. */
const FAULTS = Number(process.env.CT_STREAM_TEST_KILLS ?? 6)
/** Added to each log between two faults. */
const GROWTH = Number(process.env.CT_STREAM_TEST_GROWTH ?? 1500)
const LEASE_MS = 1200

describe.skipIf(noPostgres)('collectors on Postgres', () => {
  let db: TestDatabase
  let logs: TestLog[]
  let collectors: Collectors
  beforeEach(async () => {
    db = await testDatabase()
    logs = await Promise.all(
      (['rfc6962', 'static-ct', 'rfc6962', 'static-ct', 'rfc6962'] as const).map((kind, n) =>
        logOf(500, { kind, operator: `operator ${n % 4}` }),
      ),
    )
    collectors = new Collectors(db.url, logs, LEASE_MS)
    // Makes the tables, before three processes do.
    const coordinator = postgresCoordinator(db.url)
    await coordinator.join('test')
    await coordinator.close()
    // The key of the table would hide a repetition: every row that a transaction tried to insert, and that was committed, is noted.
    await db.query('CREATE TABLE tried (log integer, idx bigint)')
    await db.query(
      'CREATE FUNCTION note_tried() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tried VALUES (NEW.log, NEW.idx); RETURN NEW; END $$',
    )
    await db.query('CREATE TRIGGER noting BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION note_tried()')
  })
  afterEach(async () => {
    await collectors.stopAll()
    await db.remove()
  })

  const grow = (count: number) => {
    const seed = String(Math.random())
    const all = [...issueCertificates(count * logs.length, { sign: false, seed })]
    logs.forEach((log, n) => {
      log.add(all.slice(n * count, (n + 1) * count))
      log.publish()
    })
  }

  const positions = async () => {
    const rows = await db.query<{ id: string; position: string }>('SELECT id, position FROM log')
    return new Map(rows.map(({ id, position }) => [id, Number(position)]))
  }

  /** How long it takes until everything is read, milliseconds. */
  const untilRead = async (atMostMs: number, of = logs) => {
    const began = performance.now()
    for (;;) {
      const found = await positions()
      if (of.every((log) => found.get(log.logId) === log.size)) return performance.now() - began
      if (performance.now() - began > atMostMs)
        throw new Error(`not read in ${atMostMs} ms: ${JSON.stringify([...found])}\n${collectors.said}`)
      await wait(50)
    }
  }

  const expectEachOnce = async () => {
    const rows = await db.query<{ id: string; count: string; distinct: string; max: string; min: string }>(
      `SELECT log.id, count(*), count(DISTINCT idx) AS distinct, max(idx), min(idx)
       FROM tried JOIN log ON log.n = tried.log GROUP BY log.id`,
    )
    const [kept] = await db.query('SELECT count(*)::integer AS count FROM entry')
    expect(kept).toEqual({ count: logs.reduce((sum, { size }) => sum + size, 0) })
    expect(rows).toHaveLength(logs.length)
    for (const { id, count, distinct, max, min } of rows) {
      const log = logs.find(({ logId }) => logId === id)
      expect([count, distinct, max, min].map(Number)).toEqual([log?.size, log?.size, (log?.size ?? 0) - 1, 0])
    }
  }

  /** A collector in the middle of reading what was added. */
  const busy = async (before: ReadonlyMap<string, number>) => {
    for (;;) {
      const rows = await db.query<{ id: string; position: string; owner: string }>(
        'SELECT log.id, position, owner FROM log JOIN shard ON shard.name = log.shard WHERE owner IS NOT NULL',
      )
      const found = rows.find(({ id, position }) => {
        const size = logs.find(({ logId }) => logId === id)?.size ?? 0
        return Number(position) > (before.get(id) ?? 0) && Number(position) < size - 300
      })
      const child = found && collectors.of(found.owner)
      if (child !== undefined && child.exitCode === null && child.signalCode === null) return child
      if (rows.every(({ id, position }) => logs.find(({ logId }) => logId === id)?.size === Number(position)))
        return collectors.running[0]
      await wait(5)
    }
  }

  it(
    `has each entry once after ${FAULTS} kills and stops of three collectors`,
    async () => {
      for (let i = 0; i < 3; i++) collectors.start()
      await untilRead(30_000)
      for (let fault = 0; fault < FAULTS; fault++) {
        const before = await positions()
        grow(GROWTH)
        const victim = await busy(before)
        if (victim === undefined) throw new Error('no collector runs')
        if (fault % 2 === 1) {
          victim.kill('SIGSTOP')
          // TTL + 5 s, as the guide promises.
          await untilRead(LEASE_MS + 5000)
          // What wakes up beyond its lease has pages in its hands, and believes that it owns its shards.
          victim.kill('SIGCONT')
        } else {
          victim.kill('SIGKILL')
          await once(victim, 'exit')
          collectors.start()
          await untilRead(LEASE_MS + 5000)
        }
      }
      grow(GROWTH)
      await untilRead(LEASE_MS + 5000)
      expect(collectors.said).toMatch(/CT_LEASE_LOST|is another's now/)
      await expectEachOnce()
    },
    60_000 + FAULTS * 15_000,
  )

  it('hands over within two seconds when a collector is told to end, and shares the shards', async () => {
    const first = collectors.start()
    await untilRead(30_000)
    collectors.start()
    const owners = () =>
      db.query<{ owner: string; n: number }>(
        "SELECT owner, count(*)::integer AS n FROM shard WHERE name <> '' GROUP BY owner ORDER BY owner",
      )
    const began = performance.now()
    while (performance.now() - began < 15_000) {
      const found = await owners()
      if (found.length === 2 && found.every(({ n }) => n === 2)) break
      await wait(50)
    }
    expect(await owners()).toMatchObject([
      { owner: 'member 1', n: 2 },
      { owner: 'member 2', n: 2 },
    ])
    first.kill('SIGTERM')
    const [code] = await once(first, 'exit')
    expect(code).toBe(0)
    grow(50)
    expect(await untilRead(10_000)).toBeLessThan(2000)
    await expectEachOnce()
  })

  it('puts a log into one shard for good, and gives each shard to one member', async () => {
    const [log] = logs
    if (log === undefined) throw new Error('no log')
    const [a, b] = [postgresCoordinator(db.url, { leaseMs: 400 }), postgresCoordinator(db.url, { leaseMs: 400 })]
    await a.join('a')
    await b.join('b')
    expect(await a.assign(infoOf(log), 'one')).toBe('one')
    expect(await b.assign(infoOf(log), 'two')).toBe('one')
    const [mine] = await a.claim(1)
    const [theirs] = await b.claim(5)
    if (mine === undefined || theirs === undefined) throw new Error('nothing was claimed')
    expect([mine.unit, theirs.unit].sort()).toEqual(['one', 'two'])
    expect(await a.claim(5)).toEqual([])
    expect(await a.renew([mine])).toMatchObject({ held: [{ unit: mine.unit, epoch: mine.epoch }], share: 1 })
    await b.release(theirs)
    const [again] = await a.claim(5)
    expect(again).toMatchObject({ unit: theirs.unit, epoch: theirs.epoch + 1 })
    expect((await b.renew([theirs])).held).toEqual([])
    const store = b.store(theirs)
    await store.open()
    await expect(
      (async () =>
        store.commit([
          { log: infoOf(log), position: 0, range: [], verifiedHead: undefined, pendingHeads: [], learned: {} },
        ]))(),
    ).rejects.toMatchObject({ code: 'CT_LEASE_LOST' })
    await store.close()
    await a.close()
    await b.close()
  })
})
