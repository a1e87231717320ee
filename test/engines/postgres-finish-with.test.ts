import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { defineModule, type Module, runModules } from '../../src/modules/index.js'
import { openParked } from '../../src/processors/index.js'
import { type PostgresQueueSource, postgresQueueSource } from '../../src/processors/postgres/index.js'
import { pump } from '../../src/sinks/index.js'
import { postgresSink } from '../../src/sinks/postgres.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import { backfill, logOf } from '../support/logs.js'
import { noPostgres, testDatabase } from './database.js'
import { range, reading } from './queue-use.js'

type Page = readonly CtCertificate[]
const LEASE_MS = 1000

/** A database with so many entries of one log in its queue, and tables for effects. */
async function queueOf(entries: number) {
  const db = await testDatabase()
  onTestFinished(() => db.remove())
  const log = await logOf(entries)
  await pump({
    sink: postgresSink(db.url, { queue: true }),
    stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
  })
  await db.query('CREATE TABLE a (idx bigint NOT NULL)')
  await db.query('CREATE TABLE b (idx bigint NOT NULL)')
  const open = () => postgresQueueSource(db.url, { group: 'g', end: 'head', pageEntries: 100, leaseMs: LEASE_MS })
  return {
    db,
    open,
    effects: async (table: 'a' | 'b') =>
      (await db.query<{ idx: string }>(`SELECT idx FROM ${table} ORDER BY idx`)).map(({ idx }) => Number(idx)),
    /** What the next processor of the group gets. */
    async rest() {
      const source = open()
      const { found, ended } = reading(source)
      await ended
      await source.close()
      return found
    },
  }
}

const put = (source: PostgresQueueSource, table: 'a' | 'b') => (page: Page) =>
  source.finishWith(page.at(-1) as CtCertificate, async (query) => {
    await query(`INSERT INTO ${table} SELECT * FROM unnest($1::bigint[])`, [page.map(({ index }) => index)])
  })

/** A run that is refused, since what it has acknowledged would be gone. */
async function refused(source: PostgresQueueSource, ...modules: Module[]) {
  await expect(runModules(source, modules, { drainTimeoutMs: 100 }).done).rejects.toMatchObject({
    code: 'CT_MODULE_FAILED',
    message: expect.stringContaining('finishWith'),
    cause: { code: 'CT_MODULE_INVALID' },
  })
}

describe.skipIf(noPostgres)('effects in the transaction that moves a group on', () => {
  it('are refused beside another module that entries wait for: they come again', async () => {
    const { open, effects, rest } = await queueOf(300)
    const source = open()
    const rows = defineModule({ name: 'rows', acknowledge: true, onBatch: put(source, 'a') })
    const mail = defineModule({
      name: 'mail',
      acknowledge: true,
      // Its receiver is away.
      onBatch: (_page, { signal }) =>
        new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    })
    await refused(source, rows, mail)
    expect(await effects('a')).toEqual([])
    expect(await rest()).toEqual(range(0, 300))
  })

  it('are refused to two modules of one group, before either has any', async () => {
    const { open, effects, rest } = await queueOf(600)
    const source = open()
    const module = (name: 'a' | 'b') => defineModule({ name, acknowledge: true, onBatch: put(source, name) })
    await refused(source, module('a'), module('b'))
    expect([await effects('a'), await effects('b')]).toEqual([[], []])
    expect(await rest()).toEqual(range(0, 600))
  })

  it('are refused to a module whose calls overtake each other', async () => {
    const { open, effects, rest } = await queueOf(600)
    const source = open()
    await refused(
      source,
      defineModule({ name: 'a', acknowledge: true, limits: { concurrency: 4 }, onBatch: put(source, 'a') }),
    )
    expect(await effects('a')).toEqual([])
    expect(await rest()).toEqual(range(0, 600))
  })

  it('are refused to a module that entries do not wait for', async () => {
    const { open, effects } = await queueOf(100)
    const source = open()
    await refused(source, defineModule({ name: 'a', onBatch: put(source, 'a') }))
    expect(await effects('a')).toEqual([])
  })

  it('are refused for an entry behind which the group is', async () => {
    const { open, effects } = await queueOf(100)
    const source = open()
    onTestFinished(() => source.close())
    for await (const page of source.batches()) {
      await put(source, 'a')(page.slice(10, 11))
      await expect(put(source, 'a')(page.slice(5, 6))).rejects.toMatchObject({
        code: 'CT_MODULE_INVALID',
        message: expect.stringContaining('already acknowledged'),
      })
    }
    expect(await effects('a')).toEqual([10])
  })

  it('of entries before one that a module fails on leave no gap: it is set aside before the next has any', async () => {
    const { db, open, effects } = await queueOf(100)
    const source = postgresQueueSource(db.url, { group: 'g', end: 'head', parkAfter: 1, leaseMs: LEASE_MS })
    void open
    const aside = async () => (await db.query<{ idx: string }>('SELECT idx FROM parked')).map(({ idx }) => Number(idx))
    let before: readonly number[] | undefined
    const module = defineModule({
      name: 'a',
      acknowledge: true,
      async onBatch(page: Page) {
        if (page.length === 1 && page[0]?.index === 51) before = await aside()
        if (page.some(({ index }) => index === 50)) throw new Error('cannot do this one')
        await put(source, 'a')(page)
      },
    })
    await runModules(source, [module]).done
    expect(before).toEqual([50])
    expect(await aside()).toEqual([50])
    expect(await effects('a')).toEqual(range(0, 100).filter((index) => index !== 50))
  })

  it('that come later than the time of the module: are not set aside, and are there once, also after a replay', async () => {
    const { db, effects } = await queueOf(3)
    const aside = () => db.query<{ idx: string; failures: number }>('SELECT idx, failures FROM parked')
    let slow = [1]
    let failing: number[] = []
    const run = async () => {
      const source = postgresQueueSource(db.url, {
        group: 'g',
        end: 'head',
        pageEntries: 1,
        parkAfter: 2,
        leaseMs: 5000,
      })
      const module = defineModule({
        name: 'a',
        acknowledge: true,
        limits: { timeoutMs: 200 },
        async onCertificate(certificate) {
          const { index } = certificate
          if (failing.includes(index)) throw new Error('cannot do this one')
          await source.finishWith(certificate, async (query) => {
            await query('INSERT INTO a VALUES ($1)', [index])
            if (slow.includes(index)) await query('SELECT pg_sleep(1)')
          })
        },
      })
      await runModules(source, [module]).done
      const { parked } = source.status()
      await source.close()
      return parked
    }
    const replay = async () => {
      await using parked = await openParked(db.url)
      return await parked.replay('g')
    }
    failing = [2]
    expect(await run()).toBe(1)
    expect(await effects('a')).toEqual([0, 1])
    expect(await aside()).toEqual([{ idx: '2', failures: 1 }])
    // Of a replay, too.
    failing = []
    slow = [2]
    expect(await replay()).toBe(1)
    expect(await run()).toBe(0)
    expect(await aside()).toEqual([])
    expect(await replay()).toBe(0)
    expect(await run()).toBe(0)
    expect(await effects('a')).toEqual([0, 1, 2])
  })

  it('have an entry set aside whose log is gone, where the group is behind it', async () => {
    const { db, open } = await queueOf(300)
    const source = open()
    onTestFinished(() => source.close())
    const pages = source.batches()
    const { value: page } = await pages.next()
    const { value: next } = await pages.next()
    if (page === undefined || next === undefined) throw new Error('there are two pages')
    await put(source, 'a')(page)
    await db.query(`UPDATE watermark SET owner = 'another', fence = fence + 1, until = now() + interval '1 hour'`)
    while (source.status().logs.length > 0) await wait(20)
    const reason = { by: 'a', message: 'cannot do this one' }
    await source.park(page[7] as CtCertificate, reason)
    // The other one meets it again.
    await source.park(next[7] as CtCertificate, reason)
    expect((await db.query<{ idx: string }>('SELECT idx FROM parked')).map(({ idx }) => Number(idx))).toEqual([7])
    expect(source.status().parked).toBe(1)
  })
})
