import { describe, expect, it } from 'vitest'
import { createTestLogList, type TestLog } from '../../../src/testing/index.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { closing } from '../../support/closing.js'
import { range } from '../../support/follow.js'
import { ListServer } from '../../support/list-server.js'
import { certificates, grow, logOf } from '../../support/logs.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { readEveryFiveSeconds } from '../../support/virtual-reader.js'

// Issue 9: the clock of the machine is set by a day, back (a wrong battery, NTP) or forward (a suspend looks like it). How long
// something takes must not be measured by it.
const DAY = 86_400_000
const JUMPS = [
  ['back', -DAY],
  ['forward', DAY],
] as const

describe.each(JUMPS)('a clock that is set %s a day', (_, jump) => {
  it('changes nothing about when a partial tile is read', async () => {
    const clock = new VirtualClock()
    const log = await logOf(266, { kind: 'static-ct' })
    const reader = readEveryFiveSeconds(log, clock)
    await reader.until(() => reader.certificates.length === 256)
    await clock.pass(10_000)
    clock.set(jump)
    await clock.pass(45_000)
    expect(reader.certificates).toHaveLength(256)
    await clock.pass(15_000)
    expect(reader.indexes()).toEqual(range(0, 266))
  })

  it('changes nothing about how often heads are read', async () => {
    const clock = new VirtualClock()
    const log = await logOf(5)
    const reader = readEveryFiveSeconds(log, clock)
    await reader.until(() => reader.state(log.logId) === 'live')
    clock.set(jump)
    log.clearRequests()
    await clock.pass(60_000)
    expect(log.requestCount('get-sth')).toBeGreaterThanOrEqual(11)
    expect(log.requestCount('get-sth')).toBeLessThanOrEqual(13)
  })

  it('changes nothing about the speed that is shown', async () => {
    const clock = new VirtualClock()
    const log = await logOf(500)
    const reader = readEveryFiveSeconds(log, clock, { pollIntervalMs: 60_000 })
    await reader.until(() => reader.certificates.length === 500)
    const speed = () => reader.stream.status().entriesPerSecond
    const before = speed()
    expect(before).toBeGreaterThan(100)
    clock.set(jump)
    expect(speed()).toBe(before)
    await clock.pass(600_000)
    expect(speed()).toBeLessThan(1)
  })

  it('changes nothing about what is remembered as delivered', async () => {
    const clock = new VirtualClock()
    const log = await logOf(0)
    const [certificate] = certificates(1)
    const reader = readEveryFiveSeconds(log, clock, {
      dedupe: { by: 'certificate', ttlMs: 600_000 },
      pollIntervalMs: 10_000,
    })
    const publish = async () => {
      log.add([certificate as never])
      log.publish()
      await clock.pass(10_000)
    }
    await publish()
    clock.set(jump)
    await publish()
    expect([reader.indexes(), reader.stream.status().duplicates]).toEqual([[0], 1])
    await clock.pass(660_000)
    await publish()
    expect([reader.indexes(), reader.stream.status().duplicates]).toEqual([[0, 2], 1])
  })

  it('gives no log up that left the lists a moment ago', async () => {
    const clock = new VirtualClock(Date.now())
    const [log, other] = [await logOf(5), await logOf(1)]
    const list = (...logs: TestLog[]) => createTestLogList(logs, { timestamp: new Date(clock.now()) })
    const lists = closing(await ListServer.open(list(log, other)))
    const reader = readEveryFiveSeconds(log, clock, {
      logs: undefined,
      logList: lists.url,
      pollIntervalMs: 60_000,
    } as CtStreamOptions)
    await reader.until(() => reader.indexes(log.logId).length === 5)
    grow(log, 3)
    await clock.pass(80_000)
    expect(reader.indexes(log.logId)).toHaveLength(8)
    log.fault({ on: 'get-entries', status: 503 })
    grow(log, 2)
    await clock.pass(80_000)
    lists.content = list(other)
    await clock.pass(5_400_000)
    expect(reader.lists.at(-1)?.removed.map(({ id }) => id)).toEqual([log.logId])
    clock.set(jump)
    await clock.pass(300_000)
    expect(reader.gaps).toEqual([])
    log.clearFaults()
    await clock.pass(900_000)
    expect(reader.indexes(log.logId)).toEqual(range(0, 10))
  })

  it('changes nothing about when the head is looked at while a backlog is read', async () => {
    const clock = new VirtualClock()
    const log = await logOf(1_000, { pageSize: 32, clock })
    log.fault({ on: 'get-entries', delayMs: 20_000 })
    const reader = readEveryFiveSeconds(log, clock)
    await reader.until(() => reader.state(log.logId) === 'catching-up')
    await clock.pass(20_000)
    clock.set(jump)
    await clock.pass(20_000)
    expect(log.requestCount('get-sth')).toBe(1)
    // Once a minute, and some steps more where the machine is too busy for its sockets.
    for (let left = 300; left > 0 && log.requestCount('get-sth') < 2; left--) await clock.pass(1_000)
    expect(reader.state(log.logId)).toBe('catching-up')
    expect(log.requestCount('get-sth')).toBe(2)
  })
})
