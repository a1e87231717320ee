import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postgresCoordinator } from '../../src/cluster/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { grow, logOf } from '../support/logs.js'
import { Collectors } from './collectors.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

/** Faults of a run, four of five kill -9; `CT_STREAM_TEST_PROCESSOR_KILLS=200 npm run test:engines` makes a long one. */
const KILLS = Number(process.env.CT_STREAM_TEST_PROCESSOR_KILLS ?? 25)
/** Added to each log between two kills. */
const GROWTH = 400
const LEASE_MS = 1000
const PROGRAM = join(import.meta.dirname, 'programs', 'processor.mjs')

describe.skipIf(noPostgres)('processors on Postgres', () => {
  let db: TestDatabase
  let logs: TestLog[]
  let collectors: Collectors
  const processors: ChildProcess[] = []
  let said = ''
  beforeEach(async () => {
    db = await testDatabase()
    logs = await Promise.all([logOf(300), logOf(300, { kind: 'static-ct' }), logOf(300)])
    const sink = `${db.url}&entries=all&queue=true&leaseMs=${LEASE_MS}`
    collectors = new Collectors({ url: db.url, sink, leaseMs: LEASE_MS }, logs)
    // Makes the tables, before several processes do.
    const coordinator = postgresCoordinator(db.url)
    await coordinator.join('test')
    await coordinator.close()
    // Without a key: what is done twice is there twice.
    await db.query(
      'CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, log text NOT NULL, idx bigint NOT NULL)',
    )
  })
  afterEach(async () => {
    await Promise.all(processors.map(kill))
    await collectors.stopAll()
    await db.remove()
  })

  const start = () => {
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify({ url: db.url, leaseMs: LEASE_MS })], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr?.on('data', (text) => {
      said = (said + text).slice(-20_000)
    })
    child.once('exit', () => processors.splice(processors.indexOf(child), 1))
    processors.push(child)
  }
  const effects = async () => Number((await db.query<{ n: string }>('SELECT count(*) AS n FROM effect'))[0]?.n)
  const until = async (isReached: (count: number) => boolean) => {
    const began = performance.now()
    for (;;) {
      const count = await effects()
      if (isReached(count)) return
      if (performance.now() - began > 60_000)
        throw new Error(`${count} effects after a minute\n${said}\n${collectors.said}`)
      await wait(20)
    }
  }
  const size = () => logs.reduce((sum, log) => sum + log.size, 0)

  it(
    `has the effect of each entry once, after ${KILLS} kills and stops of two processors and their collector`,
    async () => {
      collectors.start()
      start()
      start()
      for (let i = 0; i < KILLS; i++) {
        const before = await effects()
        for (const log of logs) grow(log, GROWTH)
        // In the middle of what came.
        await until((count) => count > before + (i % 5) * 100)
        if (i % 5 === 4) {
          const [collector] = collectors.running
          if (collector !== undefined) await kill(collector)
          collectors.start()
        } else if (i % 5 === 2) {
          // Stopped beyond its lease, it wakes up with pages in its hands.
          const [zombie] = processors
          zombie?.kill('SIGSTOP')
          await wait(LEASE_MS * 1.5)
          zombie?.kill('SIGCONT')
        } else {
          const victim = processors[i % processors.length]
          if (victim !== undefined) await kill(victim)
          start()
        }
      }
      await until((count) => count >= size())
      const rows = await db.query<{ log: string; count: string; distinct: string; max: string; ordered: boolean }>(
        `SELECT log, count(*), count(DISTINCT idx) AS distinct, max(idx), bool_and(ordered) AS ordered FROM (
           SELECT log, idx, idx > coalesce(lag(idx) OVER (PARTITION BY log ORDER BY n), -1) AS ordered FROM effect
         ) AS one GROUP BY log`,
      )
      expect(rows).toHaveLength(logs.length)
      for (const { log, count, distinct, max, ordered } of rows) {
        const wanted = logs.find(({ logId }) => logId === log)?.size ?? 0
        expect([Number(count), Number(distinct), Number(max), ordered]).toEqual([wanted, wanted, wanted - 1, true])
      }
      // Nothing was set aside on the way.
      expect(await db.query('SELECT * FROM parked')).toEqual([])
    },
    120_000 + KILLS * 15_000,
  )
})

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
