import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { postgresQueueSource } from '../../src/processors/postgres/index.js'
import { pump } from '../../src/sinks/index.js'
import { postgresSink } from '../../src/sinks/postgres.js'
import type { TestLog } from '../../src/testing/index.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { noPostgres, testDatabase } from './database.js'
import { ownServer } from './own-server.js'
import { range, reading } from './queue-use.js'

const LEASE_MS = 1000

/** Writes all of a log, and waits for the server. */
function write(url: string, log: TestLog) {
  const said: string[] = []
  const done = pump({
    sink: postgresSink(url, { queue: true, leaseMs: LEASE_MS }),
    stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    // The shortest waits.
    random: () => 0,
    logger: { info: (text) => said.push(text), warn: (text) => said.push(text) },
  })
  done.catch(() => {})
  return { done, said }
}

describe.skipIf(noPostgres)('a queue in Postgres, when something is wrong', () => {
  it('waits for a server that is not there yet, and goes on when it is killed and comes back', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    const url = `postgres://postgres@127.0.0.1:${server.port}/postgres`
    const log = await logOf(300)
    const said: string[] = []
    const logger = { info: (text: string) => said.push(text), warn: (text: string) => said.push(text) }
    const source = postgresQueueSource(url, { group: 'g', leaseMs: LEASE_MS, commitIntervalMs: 50, logger })
    onTestFinished(() => source.close())
    const { found } = reading(source)
    const first = write(url, log)
    while (!said.some((text) => /cannot be reached|trying again/.test(text))) await wait(20)
    await server.start()
    await first.done
    while (found.length < 300) await wait(20)
    await source.commit()
    await server.kill()
    grow(log, 200)
    const second = write(url, log)
    while (!second.said.some((text) => /opened again in/.test(text))) await wait(20)
    await server.start()
    await second.done
    while (new Set(found).size < 500) await wait(20)
    // What it had acknowledged is not given again.
    expect(found).toEqual(range(0, 500))
  }, 120_000)

  it('has each effect once although answers to commits are cut', async () => {
    const db = await testDatabase()
    onTestFinished(() => db.remove())
    const log = await logOf(1500)
    await write(db.url, log).done
    await db.query('CREATE TABLE effect (idx bigint NOT NULL)')
    const { port } = new URL(db.url)
    const proxy = await TcpProxy.open(Number(port))
    onTestFinished(() => proxy.close())
    let commits = 0
    proxy.cutsAnswerTo = (sent) => sent.includes('COMMIT') && ++commits % 3 === 0
    const through = db.url.replace(`:${port}/`, `:${proxy.port}/`)
    const source = postgresQueueSource(through, { group: 'g', end: 'head', leaseMs: 5000, pageEntries: 100 })
    for await (const page of source.batches())
      await source.finishWith(page.at(-1) as (typeof page)[number], async (query) => {
        await query('INSERT INTO effect SELECT * FROM unnest($1::bigint[])', [page.map(({ index }) => index)])
      })
    await source.close()
    expect(proxy.cuts).toBeGreaterThan(2)
    const effects = await db.query<{ idx: string }>('SELECT idx FROM effect ORDER BY idx')
    expect(effects.map(({ idx }) => Number(idx))).toEqual(range(0, 1500))
  }, 60_000)

  it('has each effect once in a database that goes back to an earlier state under a processor', async () => {
    const db = await testDatabase()
    onTestFinished(() => db.remove())
    const log = await logOf(600)
    await write(db.url, log).done
    await db.query('CREATE TABLE effect (idx bigint NOT NULL)')
    const source = postgresQueueSource(db.url, { group: 'g', leaseMs: LEASE_MS, pageEntries: 100 })
    onTestFinished(() => source.close())
    const effects = async () => {
      const rows = await db.query<{ idx: string }>('SELECT idx FROM effect ORDER BY idx')
      return rows.map(({ idx }) => Number(idx))
    }
    const working = (async () => {
      for await (const page of source.batches())
        await source
          .finishWith(page.at(-1) as (typeof page)[number], async (query) => {
            await query('INSERT INTO effect SELECT * FROM unnest($1::bigint[])', [page.map(({ index }) => index)])
          })
          .catch((error) => expect(error).toMatchObject({ code: 'CT_LEASE_LOST' }))
    })()
    while ((await effects()).length < 600) await wait(20)
    // As a copy has it that was taken before: the processor's claim is in it, too.
    await db.query('UPDATE watermark SET next = 200')
    await db.query('DELETE FROM effect WHERE idx >= 200')
    grow(log, 200)
    await write(db.url, log).done
    while ((await effects()).at(-1) !== 799) await wait(20)
    expect(await effects()).toEqual(range(0, 800))
    await source.close()
    await working
  }, 60_000)

  it('replays an entry that only its log has, once that answers', async () => {
    const db = await testDatabase()
    onTestFinished(() => db.remove())
    const log = await logOf(10)
    await write(db.url, log).done
    await db.query('UPDATE queued SET leaf = NULL WHERE idx = 7')
    const read = async (isThere: boolean) => {
      const refill = async function* ({ start, end }: { readonly start: number; readonly end: number }) {
        if (!isThere) throw new Error('the log is away')
        for await (const certificate of backfill(log))
          if (certificate.index >= start && certificate.index < end) yield certificate
      }
      const source = postgresQueueSource(db.url, { group: 'g', end: 'head', leaseMs: LEASE_MS, refill })
      const { found, ended } = reading(source)
      await ended
      await source.close()
      return found
    }
    const parked = () => db.query<{ replay: boolean }>('SELECT replay FROM parked')
    expect(await read(false)).toEqual(range(0, 10).filter((index) => index !== 7))
    expect(await parked()).toEqual([{ replay: false }])
    await db.query('UPDATE parked SET replay = true')
    expect(await read(true)).toEqual([7])
    expect(await parked()).toEqual([])
  }, 60_000)

  it('forgets processors that were killed, after a day', async () => {
    const db = await testDatabase()
    onTestFinished(() => db.remove())
    await write(db.url, await logOf(10)).done
    await db.query(`INSERT INTO processor (grp, name, seen) VALUES
      ('g', 'killed', now() - interval '25 hours'), ('g', 'stopped', now() - interval '1 hour'),
      ('other', 'killed', now() - interval '25 hours')`)
    const source = postgresQueueSource(db.url, { group: 'g', end: 'head', leaseMs: LEASE_MS })
    await reading(source).ended
    await source.close()
    const left = await db.query<{ grp: string; name: string }>('SELECT grp, name FROM processor ORDER BY grp')
    expect(left).toEqual([
      { grp: 'g', name: 'stopped' },
      { grp: 'other', name: 'killed' },
    ])
  }, 60_000)
})
