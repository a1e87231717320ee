import { describe, expect, it } from 'vitest'
import { createTestLogList, type TestLog, type TestLogList } from '../../../src/testing/index.js'
import { fastClock } from '../../support/fast-clock.js'
import { range } from '../../support/follow.js'
import { ListServer } from '../../support/list-server.js'
import { MovedLog } from '../../support/moved-log.js'
import { certificates, closing, follow, openLog } from './logs.js'

// Lists are renewed after half an hour at the earliest: 90 ms here.
const timing = () => ({ clock: fastClock(20_000), random: () => 0, pollIntervalMs: 600_000 })
const listOf = (logs: readonly TestLog[], edit: (log: Record<string, unknown>) => void = () => {}): TestLogList => {
  const list = createTestLogList(logs, { timestamp: new Date() })
  for (const { logs, tiled_logs } of list.operators) for (const log of [...logs, ...tiled_logs]) edit(log as never)
  return list
}
const logsOf = (count: number) =>
  Promise.all(Array.from({ length: count }, (_, n) => openLog({ entries: certificates(5, `log ${n}`) })))

describe('a log list', () => {
  // One field that was missing, of logs nobody reads, broke 147 entries.
  it('in which an entry makes no sense loses that entry only', async () => {
    const [whole, bare, wrong] = (await logsOf(3)) as [TestLog, TestLog, TestLog]
    const lists = closing(
      await ListServer.open(
        listOf([whole, bare, wrong], (log) => {
          if (log.log_id === bare.logId) for (const field of ['description', 'mmd', 'state']) delete log[field]
          if (log.log_id === wrong.logId) log.key = 'AAAA'
        }),
      ),
    )
    const states = ['usable', 'unlisted'] as const
    const reader = follow({ logList: lists.url, logs: { states }, start: 'beginning', ...timing() })
    await reader.until(() => reader.certificates.length === 10)
    expect(reader.indexes(whole.logId)).toEqual(range(0, 5))
    expect(reader.indexes(bare.logId)).toEqual(range(0, 5))
    expect(reader.lists[0]?.problems.map(({ kind }) => kind)).toContain('skipped')
  })

  // A probe that failed while the list was renewed removed logs that were being read.
  it('whose renewal fails, or whose logs do not answer just then, removes nothing', async () => {
    const logs = await logsOf(3)
    const lists = closing(await ListServer.open(listOf(logs)))
    const reader = follow({ logList: lists.url, start: 'beginning', ...timing() })
    await reader.until(() => reader.certificates.length === 15)
    for (const trouble of [503, '{"operators": [', '<html>Not now</html>', {}]) {
      lists.content = trouble
      const asked = lists.requests.length
      for (const log of logs) log.fault({ on: '*', times: 3, status: 503 })
      await reader.until(() => lists.requests.length > asked + 1)
    }
    for (const log of logs) {
      log.clearFaults()
      log.add(certificates(2, `after ${log.logId}`))
      log.publish()
    }
    await reader.until(() => reader.certificates.length === 21)
    for (const { logId } of logs) expect(reader.indexes(logId)).toEqual(range(0, 7))
    expect(reader.lists.flatMap(({ removed }) => removed)).toEqual([])
    expect(reader.lists.some(({ failures }) => failures.length > 0)).toBe(true)
  })

  // A change in the list was not applied before the next restart.
  it('that gives a log another address applies to the log that is being read', async () => {
    const [before] = (await logsOf(1)) as [TestLog]
    const lists = closing(await ListServer.open(listOf([before])))
    const reader = follow({ logList: lists.url, start: 'beginning', ...timing() })
    await reader.until(() => reader.certificates.length === 5)
    const moved = closing(await MovedLog.open(before.url))
    lists.content = listOf([before], (log) => {
      log.url = `${moved.base}/`
    })
    await reader.until(() => moved.requests > 1)
    before.clearRequests()
    before.add(certificates(4, 'moved'))
    before.publish()
    await reader.until(() => reader.certificates.length === 9)
    expect(reader.indexes()).toEqual(range(0, 9))
    expect(before.requests.filter(({ headers }) => headers.via === undefined)).toEqual([])
  })
})
