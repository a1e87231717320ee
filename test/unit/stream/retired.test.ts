import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { createTestLogList, type TestLog, type TestLogOptions } from '../../../src/testing/index.js'
import type { Gap } from '../../../src/types/checkpoint.js'
import type { LogState } from '../../../src/types/log.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { closing } from '../../support/closing.js'
import { range } from '../../support/follow.js'
import { ListServer } from '../../support/list-server.js'
import { certificates, grow, logOf } from '../../support/logs.js'
import { passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const KINDS = ['rfc6962', 'static-ct'] as const
/** Heads are read every ten minutes, so that days pass in little time. */
const EVERY_TEN_MINUTES = { pollIntervalMs: 10 * MINUTE } as const
/** … and a log that left the lists all the same. */
const EVERY_HOUR = { pollIntervalMs: HOUR } as const
/** So little room that most of a backlog is asked for when its reader goes on. */
const LITTLE_ROOM = { maxBufferedBytes: 1_048_576 } as const

/** A stream of a list with two logs, one of which leaves it and comes back. */
async function following(size: number, logOptions: TestLogOptions = {}, options: CtStreamOptions = {}) {
  const clock = new VirtualClock(Date.now())
  const [stays, log] = [await logOf(2, { clock }), await logOf(size, { clock, ...logOptions })]
  const listOf = (...logs: TestLog[]) => createTestLogList(logs, { timestamp: new Date(clock.now()) })
  const lists = closing(await ListServer.open(listOf(stays, log)))
  const reader = await readOn(clock, { logs: undefined, logList: lists.url, ...EVERY_TEN_MINUTES, ...options })
  const serve = async (...logs: TestLog[]) => {
    lists.content = listOf(...logs)
    const asked = lists.requests.length
    await passUntil(clock, () => lists.requests.length > asked, 2 * HOUR, MINUTE)
  }
  return {
    clock,
    lists,
    log,
    reader,
    leaves: () => serve(stays),
    comesBack: () => serve(stays, log),
    pass: async (hours: number) => {
      for (let h = 0; h < hours; h++) await clock.pass(HOUR)
    },
    becomes: (state: LogState) => passUntil(clock, () => reader.state(log.logId) === state, 60 * HOUR, 10 * MINUTE),
    indexes: () => reader.indexes(log.logId),
  }
}

/** As {@link following}, with a reader that stands still at the tenth entry of that log until it is let go on. */
async function standing(size: number, logOptions: TestLogOptions = {}, options: CtStreamOptions = {}) {
  const stream = await following(size, logOptions, { ...LITTLE_ROOM, ...options })
  const { log, reader, clock, indexes } = stream
  let goOn = () => {}
  const stands = new Promise<void>((resolve) => {
    goOn = resolve
  })
  reader.work = (certificate) => (certificate.log.id === log.logId && certificate.index >= 9 ? stands : undefined)
  await passUntil(clock, () => indexes().length === 10, HOUR)
  return { ...stream, goOn }
}

describe('a log that leaves the lists', () => {
  it.each(KINDS)('is read to its end when its reader stood still for more than a day (%s)', async (kind) => {
    const { log, leaves, pass, goOn, becomes, indexes, reader } = await standing(100, { kind })
    for (let i = 0; i < 24; i++) {
      grow(log, 40)
      await pass(1)
    }
    await leaves()
    await pass(26)
    goOn()
    await becomes('finished')
    expect([indexes(), reader.gaps]).toEqual([range(0, 1060), []])
  })

  it.each(['signatures-only', 'none-unverified'] as const)(
    'is read to its end when its reader stood still for more than a day, without proofs, too (%s)',
    async (verify) => {
      const { log, leaves, pass, goOn, becomes, indexes, reader } = await standing(3000, {}, { verify })
      grow(log, 8)
      await leaves()
      await pass(26)
      goOn()
      await becomes('finished')
      expect([indexes(), reader.gaps]).toEqual([range(0, 3008), []])
    },
  )

  it.each(KINDS)('while it is out of reach is not at its end where a front end lags afterwards (%s)', async (kind) => {
    const { clock, log, leaves, pass, becomes, indexes, reader } = await following(300, { kind })
    await becomes('live')
    const down = log.fault({ on: '*', status: 503 })
    grow(log, 4)
    grow(log, 4)
    await leaves()
    await pass(2)
    down.clear()
    const lags = log.fault({ on: ['get-sth', 'checkpoint'], stale: 2 })
    await clock.pass(30 * MINUTE)
    lags.clear()
    await becomes('finished')
    expect([indexes(), reader.gaps]).toEqual([range(0, 308), []])
  })

  it('is not given up for one failure after its reader stood still for more than a day', async () => {
    const { log, leaves, pass, goOn, becomes, indexes, reader } = await standing(1500, { pageSize: 16 })
    await leaves()
    await pass(26)
    const failure = log.fault({ on: 'get-entries', status: 503, times: 1 })
    goOn()
    await becomes('finished')
    expect(failure.hits).toBe(1)
    expect([indexes(), reader.gaps]).toEqual([range(0, 1500), []])
  })

  it('is not given up while it answers, however slowly it lets itself be read', async () => {
    const { clock, log, leaves, becomes, indexes, reader } = await following(150, { pageSize: 1 })
    log.fault({ on: 'get-entries', rateLimit: { burst: 1, perSecond: 0.0015, by: 'address' } })
    await passUntil(clock, () => indexes().length > 0, HOUR)
    await leaves()
    expect(await becomes('finished')).toBeGreaterThan(24 * HOUR)
    expect([indexes(), reader.gaps]).toEqual([range(0, 150), []])
  })

  it('is read on for a day when it signed more than it serves, then that is a gap', async () => {
    const { log, leaves, pass, becomes, indexes, reader } = await following(300)
    await becomes('live')
    const fork = log.fork(300)
    fork.add(certificates(2000))
    fork.publish()
    const boast = log.fault({ on: 'get-sth', times: 1, from: fork })
    await pass(1)
    expect(boast.hits).toBe(1)
    await leaves()
    await pass(13)
    grow(log, 8)
    // The day begins anew with what it serves.
    await pass(13)
    expect([indexes(), reader.state(log.logId)]).toEqual([range(0, 308), 'live'])
    await becomes('failed')
    expect(reader.gaps).toMatchObject([{ log: { id: log.logId }, start: 308, end: 2300 }])
  })

  it('is given up when it signs something new every hour for a day and serves none of it', async () => {
    const { log, leaves, pass, reader } = await following(300, {}, EVERY_HOUR)
    await pass(1)
    log.fault({ on: ['get-entries', 'get-sth-consistency'], status: 404 })
    await leaves()
    for (let h = 0; h < 27; h++) {
      grow(log, 1)
      await pass(1)
    }
    expect(reader.state(log.logId)).toBe('failed')
    expect(reader.gaps).toMatchObject([{ log: { id: log.logId }, start: 300 }])
  })
})

describe('a log that left the lists, of a reader that is started again and again', () => {
  it.each([
    ['is out of reach', '*', undefined],
    ['serves nothing of what it signed', 'get-entries', 107],
  ] as const)('is given up when it %s', async (_, on, end) => {
    const checkpoint = new MemoryCheckpointStore()
    const { clock, log, leaves, pass, reader, lists } = await following(100, {}, { checkpoint, ...EVERY_HOUR })
    await passUntil(clock, () => reader.indexes(log.logId).length === 100, HOUR)
    log.fault({ on, status: 503 })
    if (on === 'get-entries') grow(log, 7)
    await leaves()
    await pass(10)
    await reader.close()
    const gaps: Gap[] = []
    for (let run = 0; run < 5; run++) {
      const again = await readOn(clock, { logs: undefined, logList: lists.url, checkpoint, ...EVERY_HOUR })
      await pass(10)
      gaps.push(...again.gaps)
      await again.close()
    }
    expect(gaps).toMatchObject([{ log: { id: log.logId }, start: 100, end }])
  })
})

it('a log that left, was back for a while, and leaves again is given its time anew, also after a restart', async () => {
  const checkpoint = new MemoryCheckpointStore()
  const { clock, log, leaves, comesBack, reader, lists } = await following(300, {}, { checkpoint })
  await passUntil(clock, () => reader.indexes(log.logId).length === 300, HOUR)
  const listed = lists.content
  await leaves()
  // Of the hour that it is looked at then.
  await clock.pass(50 * MINUTE)
  await reader.close()
  lists.content = listed
  const again = await readOn(clock, { logs: undefined, logList: lists.url, checkpoint, ...EVERY_TEN_MINUTES })
  await passUntil(clock, () => again.state(log.logId) === 'live', HOUR)
  await comesBack()
  grow(log, 8)
  const lags = log.fault({ on: 'get-sth', stale: 1 })
  await leaves()
  await clock.pass(30 * MINUTE)
  lags.clear()
  await passUntil(clock, () => again.state(log.logId) === 'finished', 3 * HOUR, MINUTE)
  expect(again.indexes(log.logId)).toEqual(range(300, 308))
})

describe('a log whose entries are not proven', () => {
  it('shows its newest head while a slow reader works off a backlog', async () => {
    const options = { verify: 'signatures-only', ...LITTLE_ROOM } as const
    const { clock, log, reader, indexes } = await following(1500, { pageSize: 16 }, options)
    reader.work = () => clock.sleep(MINUTE)
    await clock.pass(10 * MINUTE)
    grow(log, 8)
    await clock.pass(3 * HOUR)
    reader.work = () => {}
    expect(indexes().length).toBeLessThan(300)
    expect(reader.heads.filter(({ log: { id } }) => id === log.logId).at(-1)?.head.treeSize).toBe(1508)
    await clock.pass(MINUTE)
  })
})

describe('a log that comes back a second time', () => {
  it.each([
    ['beginning', 0],
    ['now', 300],
  ] as const)('goes on where it was, though it was out of reach the first time (start: %s)', async (start, first) => {
    const { log, leaves, comesBack, pass, becomes, indexes, reader } = await following(
      300,
      {},
      { start, ...EVERY_HOUR },
    )
    await becomes('live')
    grow(log, 20)
    await pass(2)
    await leaves()
    await becomes('finished')
    const down = log.fault({ on: '*', status: 503 })
    await comesBack()
    await becomes('waiting')
    await leaves()
    await becomes('failed')
    down.clear()
    grow(log, 7)
    await comesBack()
    await becomes('live')
    await pass(2)
    expect(indexes()).toEqual(range(first, 327))
    // While nobody could tell what else it had taken.
    expect(reader.gaps).toMatchObject([{ start: 320, end: undefined }])
  })
})
