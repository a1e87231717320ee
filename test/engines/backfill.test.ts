import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TestLog } from '../../src/testing/index.js'
import { BuiltCommand } from '../support/built-command.js'
import { certificates, logOf } from '../support/logs.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

const STEP = 4096
/** Kills of a run; `CT_STREAM_TEST_KILLS=30 npm run test:engines` makes a long one. */
const KILLS = Number(process.env.CT_STREAM_TEST_KILLS ?? 4)

describe.skipIf(noPostgres)('ct-stream backfill', () => {
  let db: TestDatabase
  beforeEach(async () => {
    db = await testDatabase()
  })
  afterEach(() => db.remove())

  const start = (log: TestLog, ...argv: string[]) => {
    const named = log.spec.kind === 'static-ct' ? ['--submission-url', log.spec.submissionUrl] : []
    const flags = ['--log', log.url, '--key', log.key, ...named, '--db', `${db.url}&entries=all`]
    const own = ['--range', `${STEP}`, '--lease', '1s', '--log-level', 'info', ...argv]
    return new BuiltCommand(['backfill', ...flags, ...own], import.meta.dirname)
  }

  const job = async () => {
    const [row] = await db.query<{ state: string; reason: string | null }>('SELECT state, reason FROM backfill')
    return row
  }

  it.each(['rfc6962', 'static-ct'] as const)(
    `reads a %s log by three processes under ${KILLS} kills, each entry once, and ends with one tree`,
    async (kind) => {
      const log = await logOf(STEP * 5 + 700, { kind, operator: 'one' })
      const [from, to] = [300, STEP * 5 + 500]
      const own = ['--from', `${from}`, '--to', `${to}`]
      const running = [start(log, ...own), start(log, ...own), start(log, ...own)]
      for (let kill = 0; kill < KILLS; kill++) {
        const victim = running[kill % 3] as BuiltCommand
        await victim.says('stderr', /(reading backfill)/)
        await victim.stop('SIGKILL')
        running[kill % 3] = start(log, ...own)
      }
      // Those that are killed may have been finished: what the others find is what counts.
      expect(await Promise.all(running.map(({ closed }) => closed))).toEqual([0, 0, 0])
      for (const { stdout } of running)
        expect(stdout).toContain(`are there, proven to be a part of the tree of ${log.size} entries`)
      expect(await job()).toEqual({ state: 'done', reason: null })
      const entries = (await db.entries()).get(log.logId) ?? []
      expect(entries).toEqual(Array.from({ length: to - from }, (_, i) => from + i))
    },
    120_000,
  )

  it('fails if one of the processes is served another tree', async () => {
    const log = await logOf(STEP * 3, { operator: 'one' })
    const fork = log.fork(STEP + 100)
    fork.add(certificates(STEP * 2))
    fork.publish()
    const first = start(log)
    await first.says('stderr', /(reading backfill 1 from 0)/)
    await first.stop('SIGKILL')
    log.fault({ on: '*', from: fork })
    const second = start(log)
    expect(await second.closed).toBe(1)
    expect(second.stderr).toContain('contradicts what it signed')
    expect(await job()).toMatchObject({ state: 'failed', reason: expect.stringContaining('CT_') })
  })

  it('fails if the ranges that two processes have proven do not join', async () => {
    const log = await logOf(STEP * 3, { operator: 'one' })
    const first = start(log)
    await first.says('stderr', /(1 of 3 ranges)/)
    await first.stop('SIGKILL')
    // As if its reader had been served a tree of its own from the beginning.
    await db.query(`UPDATE backfill_range SET before = '["${'A'.repeat(43)}="]' WHERE start = $1`, [STEP])
    const second = start(log)
    expect(await second.closed).toBe(1)
    expect(second.stderr).toContain(`two trees meet at entry ${STEP}`)
  })

  it('refuses a range that the log does not have', async () => {
    const log = await logOf(100)
    const late = start(log, '--from', '100')
    expect([await late.closed, late.stderr]).toEqual([2, expect.stringContaining('above 100, and 100 at most')])
  })
})
