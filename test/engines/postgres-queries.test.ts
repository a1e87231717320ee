import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postgresQueueSource } from '../../src/processors/postgres/index.js'
import { pump } from '../../src/sinks/index.js'
import { coverage, newNames, postgresSink, prune } from '../../src/sinks/postgres.js'
import type { TestLog } from '../../src/testing/index.js'
import type { CtStreamOptions } from '../../src/types/stream-options.js'
import { fastClock } from '../support/fast-clock.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

describe.skipIf(noPostgres)('what a database is asked', () => {
  let db: TestDatabase
  beforeEach(async () => {
    db = await testDatabase()
  })
  afterEach(() => db.remove())

  const fill = (log: TestLog, options: CtStreamOptions = {}) =>
    pump({
      sink: postgresSink(db.url, { entries: 'all', queue: true, leaseMs: 600 }),
      clock: fastClock(20_000),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual', ...options }),
    })

  it('reports which entries of a log were read, and which are missing', async () => {
    const log = await logOf(400)
    await fill(log, { start: { index: 100 } })
    grow(log, 50)
    await fill(log)
    const whole = { start: 100, end: 450 }
    expect(await coverage(db.url)).toMatchObject([
      { log: { id: log.logId }, range: whole, covered: [whole], missing: [] },
    ])
    // As a reader writes it that a cursor has carried on behind a gap.
    await db.query('INSERT INTO coverage VALUES ($1, 480, 500)', [log.logId])
    expect(await coverage(db.url, { logId: log.logId, start: 50, end: 600 })).toMatchObject([
      {
        range: { start: 50, end: 600 },
        covered: [whole, { start: 480, end: 500 }],
        missing: [
          { start: 50, end: 100 },
          { start: 450, end: 480 },
          { start: 500, end: 600 },
        ],
      },
    ])
    expect(await coverage(db.url, { logId: 'none' })).toEqual([])
    expect(() => coverage(db.url, { start: -1 })).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
  })

  it('counts a gap as read once it has been filled', async () => {
    const log = await logOf(300)
    await fill(log)
    const gap = { log: { id: log.logId }, start: 300, end: 350, reason: 'out of reach', recordedAt: 0 }
    await db.query('INSERT INTO gap (log, start, stop, gap) VALUES ($1, 300, 350, $2)', [
      log.logId,
      JSON.stringify(gap),
    ])
    const asked = { start: 0, end: 400 }
    const missing = async () => (await coverage(db.url, asked)).map((one) => one.missing)
    expect(await missing()).toEqual([[{ start: 300, end: 400 }]])
    grow(log, 100)
    await fill(log)
    expect(await missing()).toEqual([[]])
  })

  it('has exactly the tables that the guide describes', async () => {
    await fill(await logOf(1))
    const rows = await db.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename !~ '^certificate_'",
    )
    const guide = readFileSync(join(import.meta.dirname, '../../examples/deploy/README.md'), 'utf8').split(
      '## Tables',
    )[1]
    const cells = guide?.match(/^\| `.*?\|/gm)?.join('') ?? ''
    const described = [...cells.matchAll(/`(\w+)`/g)].map(([, name]) => name)
    expect(rows.map(({ name }) => name).sort()).toEqual(described.sort())
  })

  it('has each name once, with the time of its first certificate', async () => {
    const log = await logOf(100)
    await fill(log)
    const names = new Set<string>()
    for await (const { dnsNames } of backfill(log)) for (const name of dnsNames) names.add(name)
    const [domain] = [...names].map((name) => name.split('.').at(-1) ?? '')
    const wanted = [...names].filter((name) => name === domain || name.endsWith(`.${domain}`))
    const found = await newNames(db.url, domain ?? '')
    expect(found.map(({ name }) => name).sort()).toEqual(wanted.sort())
    const [{ now } = { now: new Date() }] = await db.query<{ now: Date }>('SELECT now()')
    const first = await db.query<{ first_seen: Date }>('SELECT DISTINCT first_seen FROM name_first')
    grow(log, 20)
    await fill(log)
    const later = await newNames(db.url, domain ?? '', { since: now })
    expect(later.every(({ firstSeen }) => firstSeen >= now)).toBe(true)
    expect(later.some(({ name }) => names.has(name))).toBe(false)
    expect(first.every(({ first_seen }) => first_seen < now)).toBe(true)
  })

  it('deletes old entries, except those that a group has not acknowledged', async () => {
    const log = await logOf(300)
    await fill(log)
    const source = postgresQueueSource(db.url, { group: 'slow', end: 'head' })
    for await (const certificate of source) {
      source.acknowledge(certificate)
      if (certificate.index === 119) break
    }
    await source.close()
    await db.query("UPDATE queued SET added = added - interval '2 days' WHERE idx < 200")
    const day = 86_400_000
    expect(await prune(db.url, { queueOlderThanMs: 3 * day })).toEqual({ queued: 0, entries: 0, heldBackBy: [] })
    expect(await prune(db.url, { queueOlderThanMs: day })).toEqual({ queued: 120, entries: 0, heldBackBy: ['slow'] })
    expect(await db.query('SELECT queue_from, queue_to FROM log')).toEqual([{ queue_from: '120', queue_to: '300' }])
    expect(await prune(db.url, { queueOlderThanMs: day, unread: true })).toEqual({
      queued: 80,
      entries: 0,
      heldBackBy: [],
    })
    const next = postgresQueueSource(db.url, { group: 'slow', end: 'head' })
    const found: number[] = []
    for await (const { index } of next) found.push(index)
    await next.close()
    expect([found.length, found[0], next.status().missing]).toEqual([100, 200, 80])
    await db.query("UPDATE entry SET ts = now() - interval '2 days' WHERE idx < 50")
    await db.query('UPDATE entry SET ts = now() WHERE idx >= 50')
    expect(await prune(db.url, { entriesOlderThanMs: day })).toMatchObject({ entries: 50 })
    expect((await db.entries()).get(log.logId)?.[0]).toBe(50)
  })

  it('deletes old entries behind many that a backfill has just added', async () => {
    const log = await logOf(50)
    await fill(log)
    const young = 12_000
    await db.query('UPDATE log SET position = position + $1, queue_from = $1, queue_to = queue_to + $1', [young])
    await db.query(
      "INSERT INTO backfill (log, info, start, stop, step, head) SELECT id, '', 0, $1::bigint, 10000, '' FROM log",
      [young],
    )
    await db.query("UPDATE queued SET idx = idx + $1, added = added - interval '9 days'", [young])
    await db.query(
      "INSERT INTO queued (log, idx, epoch, flags, hash) SELECT n, generate_series(0, $1::bigint - 1), 1, 0, '' FROM log",
      [young],
    )
    await db.query("INSERT INTO shard (name, backfill) SELECT 'range', n FROM backfill")
    await db.query(
      `INSERT INTO backfill_range (unit, backfill, log, start, stop, position, checkpoint, queued)
       SELECT 'range', n, log, start, stop, stop, '', true FROM backfill`,
    )
    await db.query(
      "INSERT INTO watermark (grp, log, epoch, next) SELECT 'g', id, 0, queue_to - 10 FROM log UNION ALL SELECT 'g', 'range', 0, $1",
      [young],
    )
    expect(await prune(db.url, { queueOlderThanMs: 86_400_000 })).toEqual({
      queued: 40,
      entries: 0,
      heldBackBy: ['g'],
    })
    expect(await prune(db.url, { queueOlderThanMs: 86_400_000, unread: true })).toMatchObject({ queued: 10 })
    expect(await db.query('SELECT count(*)::integer FROM queued')).toEqual([{ count: young }])
  })

  it('deletes old entries among young ones, and behind those of which no time is known', async () => {
    const log = await logOf(2)
    await fill(log)
    const add = (from: number, to: number, ts: string) =>
      db.query(
        `INSERT INTO entry (log, idx, ts) SELECT n, generate_series($1::bigint, $2::bigint - 1), ${ts} FROM log`,
        [from, to],
      )
    const old = "now() - interval '9 days'"
    await db.query('DELETE FROM entry')
    await add(0, 6000, 'NULL')
    await add(6000, 10_000, old)
    await add(10_000, 10_001, 'now()')
    await add(10_001, 21_000, old)
    await add(21_000, 21_100, 'now()')
    expect(await prune(db.url, { entriesOlderThanMs: 86_400_000 })).toMatchObject({ entries: 14_999 })
    expect(await db.query('SELECT count(*)::integer FROM entry')).toEqual([{ count: 6101 }])
  })

  it('keeps what collectors have yet to come to in reach of groups, where a backfill ahead of them is deleted', async () => {
    const log = await logOf(100)
    await fill(log)
    await db.query(
      "INSERT INTO queued (log, idx, epoch, flags, hash) SELECT n, generate_series(100, 149), 1, 0, '' FROM log",
    )
    expect(await prune(db.url, { queueOlderThanMs: 0 })).toMatchObject({ queued: 150 })
    grow(log, 100)
    await fill(log)
    const source = postgresQueueSource(db.url, { group: 'g', end: 'head' })
    const found: number[] = []
    for await (const { index } of source) found.push(index)
    await source.close()
    expect([found[0], found.length]).toEqual([100, 100])
  })

  it('migrates a schema of the first version', async () => {
    const log = await logOf(20)
    await pump({
      sink: postgresSink(db.url),
      clock: fastClock(20_000),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })
    for (const table of [
      'queued',
      'queue_group',
      'issuer_source',
      'watermark',
      'processor',
      'missed',
      'parked',
      'coverage',
      'backfill_range',
    ])
      await db.query(`DROP TABLE ${table}`)
    await db.query('ALTER TABLE shard DROP COLUMN backfill')
    await db.query('DROP TABLE backfill')
    await db.query('ALTER TABLE log DROP COLUMN queue_from, DROP COLUMN queue_to')
    await db.query('UPDATE version SET version = 1')
    grow(log, 30)
    await fill(log)
    // What was read before is not in the queue, and nobody is told that it was.
    const source = postgresQueueSource(db.url, { group: 'g', end: 'head' })
    const found: number[] = []
    for await (const { index } of source) found.push(index)
    await source.close()
    expect([found[0], found.length, source.status().missing]).toEqual([20, 30, 0])
  })
})
