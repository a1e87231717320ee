import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { ClusterView } from '../../src/cluster/view.js'
import { type PostgresQueueSource, postgresQueueSource } from '../../src/processors/postgres/index.js'
import { pump } from '../../src/sinks/index.js'
import { postgresSink, prune } from '../../src/sinks/postgres.js'
import type { TestLog } from '../../src/testing/index.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import { BuiltCommand } from '../support/built-command.js'
import { fastClock } from '../support/fast-clock.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

describe.skipIf(noPostgres)('entries that are backfilled behind a group of processors', () => {
  let db: TestDatabase
  beforeEach(async () => {
    db = await testDatabase()
  })
  afterEach(() => db.remove())

  /** Reads the log from an index to its end. */
  const collect = (log: TestLog, start: number) =>
    pump({
      sink: postgresSink(db.url, { queue: true, leaseMs: 600 }),
      clock: fastClock(20_000),
      stream: (checkpoint) =>
        backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual', start: { index: start } }),
    })
  const fillUp = async (log: TestLog, from: number, to: number) => {
    const flags = ['--log', log.url, '--key', log.key, '--db', `${db.url}&queue=true`, '--lease', '1s']
    const command = new BuiltCommand(['backfill', ...flags, '--from', `${from}`, '--to', `${to}`], import.meta.dirname)
    expect(await command.closed, command.stderr).toBe(0)
  }
  const source = (group: string, start: 'beginning' | 'now' = 'beginning') =>
    postgresQueueSource(db.url, { group, start, end: 'head', leaseMs: 1000, pageEntries: 100 })
  /** What a group is given until there is nothing left, in the order of the indexes. */
  const read = async (from: PostgresQueueSource, use?: (source: PostgresQueueSource) => Promise<void>) => {
    const indexes: number[] = []
    for await (const page of from.batches()) {
      indexes.push(...page.map(({ index }) => index))
      const last = page.at(-1)
      if (last !== undefined) from.acknowledge(last)
      await use?.(from)
    }
    await from.close()
    return indexes.sort((a, b) => a - b)
  }
  const indexes = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

  /** The group `one` has one page of all, and stores that. */
  const readOnePage = async () => {
    const half = source('one')
    for await (const page of half.batches()) {
      half.acknowledge(page.at(-1) as (typeof page)[number])
      break
    }
    await half.close()
  }

  it('reach every group once, and none that began later', async () => {
    const log = await logOf(900)
    await collect(log, 600)
    expect(await read(source('one'))).toEqual(indexes(600, 900))
    await fillUp(log, 0, 900)
    expect(await read(source('one'))).toEqual(indexes(0, 600))
    expect(await read(source('one'))).toEqual([])
    // One that begins now has the log first, and one that wants what comes from now on has nothing of it.
    expect(await read(source('two'))).toEqual(indexes(600, 900))
    expect(await read(source('two'))).toEqual(indexes(0, 600))
    expect(await read(source('three', 'now'))).toEqual([])
    grow(log, 50)
    await collect(log, 0)
    for (const group of ['one', 'two', 'three']) expect(await read(source(group))).toEqual(indexes(900, 950))
  })

  it('reach a group once, where backfills overlap or are repeated', async () => {
    const log = await logOf(1000)
    await collect(log, 900)
    expect(await read(source('one'))).toEqual(indexes(900, 1000))
    await fillUp(log, 0, 600)
    expect(await read(source('one'))).toEqual(indexes(0, 600))
    await fillUp(log, 300, 900)
    expect(await read(source('one'))).toEqual(indexes(600, 900))
    await fillUp(log, 0, 600)
    expect(await read(source('one'))).toEqual([])
    // A group that reads the log and all of them at once.
    expect(await read(source('two'))).toEqual(indexes(0, 1000))
    // What was there before a group began is nothing that it has had.
    expect(await read(source('three', 'now'))).toEqual([])
    await fillUp(log, 500, 700)
    expect(await read(source('three'))).toEqual(indexes(500, 700))
  })

  it('reach a group that is past a backfill of them which retention took unread', async () => {
    const log = await logOf(400)
    await collect(log, 0)
    await readOnePage()
    expect(await prune(db.url, { queueOlderThanMs: 0, unread: true })).toMatchObject({ queued: 400 })
    expect(await read(source('one'))).toEqual([])
    await fillUp(log, 100, 400)
    expect(await prune(db.url, { queueOlderThanMs: 0, unread: true })).toMatchObject({ queued: 300 })
    expect(await read(source('one'))).toEqual([])
    await fillUp(log, 100, 400)
    expect(await read(source('one'))).toEqual(indexes(100, 400))
  })

  it('are delivered again until they are acknowledged, and take effect once', async () => {
    const log = await logOf(500)
    await collect(log, 400)
    await db.query('CREATE TABLE effect (idx bigint NOT NULL)')
    expect(await read(source('one'))).toHaveLength(100)
    await fillUp(log, 0, 400)
    for (let round = 0; round < 4; round++) {
      const processor = source('one')
      for await (const page of processor.batches()) {
        await processor.finishWith(page.at(-1) as (typeof page)[number], async (query) => {
          await query('INSERT INTO effect SELECT * FROM unnest($1::bigint[])', [page.map(({ index }) => index)])
        })
        // Leaves in the middle.
        if (round < 3) break
      }
      await processor.close()
    }
    const effects = await db.query<{ idx: string }>('SELECT idx FROM effect ORDER BY idx')
    expect(effects.map(({ idx }) => Number(idx))).toEqual(indexes(0, 400))
  })

  it('reach a group that had missed them, without those it already had', async () => {
    const log = await logOf(300)
    await collect(log, 0)
    await readOnePage()
    // Retention takes all of it, the rest unread.
    expect(await prune(db.url, { queueOlderThanMs: 0, unread: true })).toMatchObject({ queued: 300 })
    expect(await read(source('one'))).toEqual([])
    await fillUp(log, 0, 300)
    expect(await read(source('one'))).toEqual(indexes(100, 300))
    // Kept until then.
    expect(await prune(db.url, { queueOlderThanMs: 0 })).toMatchObject({ queued: 300 })
  })

  it('come with the log itself where the group has not been yet, whatever epoch their range had', async () => {
    const log = await logOf(100)
    // Each collector raises the epoch of the log's own unit; that of a range has nothing to do with it.
    await collect(log, 0)
    grow(log, 100)
    await collect(log, 0)
    expect(await read(source('one'))).toEqual(indexes(0, 200))
    grow(log, 100)
    await fillUp(log, 200, 250)
    await collect(log, 0)
    expect(await read(source('one'))).toEqual(indexes(200, 300))
    grow(log, 100)
    await fillUp(log, 300, 350)
    // As when the range has changed hands often.
    await db.query('UPDATE queued SET epoch = 90 WHERE idx >= 300')
    await collect(log, 0)
    expect(await read(source('one'))).toEqual(indexes(300, 400))
    grow(log, 100)
    await collect(log, 0)
    expect(await read(source('one'))).toEqual(indexes(400, 500))
    expect(await read(source('two'))).toEqual(indexes(0, 500))
  })

  it('reach a group whose watermark has the epoch of a range', async () => {
    const log = await logOf(100)
    await collect(log, 0)
    expect(await read(source('one'))).toEqual(indexes(0, 100))
    await db.query('UPDATE watermark SET epoch = 90')
    grow(log, 100)
    await collect(log, 0)
    expect(await read(source('one'))).toEqual(indexes(100, 200))
  })

  it('reach a group that meets some of them in a hole and others after it, each once', async () => {
    const log = await logOf(500)
    await collect(log, 0)
    await readOnePage()
    expect(await prune(db.url, { queueOlderThanMs: 0, unread: true })).toMatchObject({ queued: 500 })
    grow(log, 50)
    await collect(log, 0)
    // More than a page of them.
    for (const [from, to] of [
      [120, 130],
      [150, 290],
      [300, 310],
    ] as const)
      await fillUp(log, from, to)
    const met = [...indexes(120, 130), ...indexes(150, 290), ...indexes(300, 310), ...indexes(500, 550)]
    expect(await read(source('one'))).toEqual(met)
    const gaps = await db.query<{ start: string; stop: string }>('SELECT start, stop FROM missed ORDER BY start')
    expect(gaps.map(({ start, stop }) => [Number(start), Number(stop)])).toEqual([
      [100, 120],
      [130, 150],
      [290, 300],
      [310, 500],
    ])
    await fillUp(log, 0, 500)
    const rest = [...indexes(100, 120), ...indexes(130, 150), ...indexes(290, 300), ...indexes(310, 500)]
    expect(await read(source('one'))).toEqual(rest)
    expect(await read(source('one'))).toEqual([])
  })

  it('are missing as far as a hole reaches that has grown since the group met it first', async () => {
    const log = await logOf(400)
    await collect(log, 0)
    expect(await prune(db.url, { queueOlderThanMs: 0 })).toMatchObject({ queued: 400 })
    await fillUp(log, 0, 50)
    await fillUp(log, 100, 200)
    await db.query("INSERT INTO watermark (grp, log, epoch, next) SELECT 'one', id, 0, 0 FROM log")
    const broken = source('one')
    // Acknowledges nothing.
    for await (const page of broken.batches()) if (page[0]?.index === 100) break
    await broken.close()
    const missed = async () => {
      const rows = await db.query<{ start: string; stop: string }>('SELECT start, stop FROM missed ORDER BY start')
      return rows.map(({ start, stop }) => [Number(start), Number(stop)])
    }
    expect(await missed()).toEqual([[50, 100]])
    await db.query('DELETE FROM queued WHERE idx >= 100')
    expect(await read(source('one'))).toEqual(indexes(0, 50))
    expect(await missed()).toEqual([[50, 400]])
  })

  it('show in how far the group is, as the log itself does', async () => {
    const log = await logOf(300)
    await collect(log, 200)
    const view = new ClusterView(db.url)
    onTestFinished(() => view.close())
    const groups = async () =>
      (await view.groups()).map(({ name, logs }) => [name, ...logs.map(({ next, end, lag }) => [next, end, lag])])
    expect(await groups()).toEqual([])
    const readBelow = async (end: number) => {
      const processor = source('one')
      for await (const certificate of processor) if (certificate.index < end) processor.acknowledge(certificate)
      await processor.close()
    }
    await readBelow(250)
    expect(await groups()).toEqual([['one', [250, 300, 50]]])
    await fillUp(log, 0, 200)
    await readBelow(40)
    expect(await groups()).toEqual([['one', [40, 200, 160], [250, 300, 50]]])
    await readBelow(300)
    expect(await groups()).toEqual([['one', [300, 300, 0]]])
  })

  it('are kept until every group has them, even if they are older than the retention', async () => {
    const log = await logOf(300)
    await collect(log, 200)
    await read(source('one'))
    await fillUp(log, 0, 200)
    expect(await prune(db.url, { queueOlderThanMs: 0 })).toMatchObject({ queued: 100 })
    expect(await read(source('one'))).toEqual(indexes(0, 200))
    expect(await prune(db.url, { queueOlderThanMs: 0 })).toMatchObject({ queued: 200 })
  })

  it('reach groups where no collector reads the log', async () => {
    const other = await logOf(50)
    await collect(other, 0)
    expect(await read(source('one'))).toEqual(indexes(0, 50))
    expect(await read(source('late', 'now'))).toEqual([])
    const log = await logOf(300)
    await fillUp(log, 0, 200)
    expect(await prune(db.url, { queueOlderThanMs: 0 })).toEqual({
      queued: 50,
      entries: 0,
      heldBackBy: ['late', 'one'],
    })
    expect(await read(source('one'))).toEqual(indexes(0, 200))
    expect(await read(source('one'))).toEqual([])
    expect(await read(source('late', 'now'))).toEqual(indexes(0, 200))
    // What was there before a group began is nothing that it wants.
    expect(await read(source('later', 'now'))).toEqual([])
    expect(await read(source('two'))).toEqual(indexes(0, 200))
    expect(await prune(db.url, { queueOlderThanMs: 0 })).toEqual({ queued: 200, entries: 0, heldBackBy: [] })
    // A collector that begins with it goes on behind.
    await collect(log, 200)
    for (const group of ['one', 'two', 'late', 'later']) expect(await read(source(group))).toEqual(indexes(200, 300))
  })

  it('can be set aside where no collector reads the log', async () => {
    const log = await logOf(20)
    await fillUp(log, 0, 20)
    const processor = source('one')
    let first: CtCertificate | undefined
    for await (const page of processor.batches()) {
      first = page[0]
      processor.acknowledge(page.at(-1) as CtCertificate)
    }
    await processor.park(first as CtCertificate, { by: 'module', message: 'broken' })
    await processor.close()
    // By one that has no claim of it any more.
    await collect(await logOf(1), 0)
    const other = source('one')
    await read(other, () => other.park(first as CtCertificate, { by: 'module', message: 'broken' }))
    expect(await db.query('SELECT idx, failures FROM parked')).toEqual([{ idx: '0', failures: 2 }])
  })

  it.each(['running', 'failed'])('are pruned where their backfill has ended without them: %s', async (state) => {
    const log = await logOf(400)
    await collect(log, 300)
    await read(source('one'))
    await fillUp(log, 0, 300)
    // As one that was left in the middle of its range.
    await db.query('UPDATE backfill SET state = $1', [state])
    await db.query('UPDATE backfill_range SET position = 299')
    expect(await read(source('one'))).toEqual([])
    expect(await prune(db.url, { queueOlderThanMs: 0 })).toEqual(
      state === 'running'
        ? { queued: 100, entries: 0, heldBackBy: ['backfill 1'] }
        : { queued: 400, entries: 0, heldBackBy: [] },
    )
  })
})
