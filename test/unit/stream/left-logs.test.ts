import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLogList, type TestLog } from '../../../src/testing/index.js'
import type { LogList } from '../../../src/types/log-list.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { ListServer } from '../../support/list-server.js'
import { grow, logOf } from '../../support/logs.js'
import { Reader } from '../../support/reader.js'

/** A list of all logs, of which `left` has that state. */
function listWith(logs: readonly TestLog[], left?: TestLog, state: 'readonly' | 'retired' = 'retired'): LogList {
  const list = createTestLogList(logs, { timestamp: new Date() })
  const entries = list.operators.flatMap(({ logs, tiled_logs }) => [...logs, ...tiled_logs])
  for (const entry of entries)
    if (entry.log_id === left?.logId)
      Object.assign(entry, { state: { [state]: { timestamp: new Date().toISOString() } } })
  return list
}

const following = () => ({
  ...({ start: 'beginning', clock: fastClock(20_000), random: () => 0 } as const),
  ...{ pollIntervalMs: 600_000, partialTileDelayMs: 0 },
})

describe('a log that left is read on behind the end of a run', () => {
  /** Reads with each of the options in turn; the indexes of the log that left, which is gone from the second time on. */
  async function readBy(options: CtStreamOptions, runs: readonly (CtStreamOptions & { resumes?: boolean })[]) {
    const [stays, left] = [await logOf(400), await logOf(600)]
    const indexes: number[][] = []
    let cursor = ''
    for (const [i, { resumes, ...run }] of runs.entries()) {
      const logList = listWith([stays, left], i > 0 ? left : undefined)
      const resume = resumes ? { resume: cursor } : {}
      const read = await take(ctStream({ ...following(), ...options, ...run, ...resume, logList }))
      indexes.push(indexesOf(read.filter(({ log }) => log.id === left.logId)))
      cursor = read.at(-1)?.cursor ?? ''
    }
    return indexes
  }
  const each = [range(0, 200), range(200, 400), range(400, 600)]

  it('by the cursor of that run', async () => {
    const resumes = true
    const runs = [{ end: { index: 200 } }, { end: { index: 400 }, resumes }, { end: 'head', resumes }] as const
    expect(await readBy({ checkpoint: false }, runs)).toEqual(each)
  })

  it.each(['none-unverified', 'full'] as const)('by its row (%s)', async (verify) => {
    const runs = [{ end: { index: 200 } }, { end: { index: 400 } }, { end: 'head' }] as const
    expect(await readBy({ checkpoint: new MemoryCheckpointStore(), verify }, runs)).toEqual(each)
  })
})

it.each(['while a stream runs', 'between two runs'])(
  'a log that becomes read-only %s, of which only usable ones are read, is read to its end',
  async (when) => {
    const [stays, left] = [await logOf(5), await logOf(60)]
    const lists = closing(await ListServer.open(listWith([stays, left])))
    const checkpoint = new MemoryCheckpointStore()
    const options = { logs: { states: ['usable'] }, logList: lists.url, checkpoint, ...following() } as const
    const follow = () => closing(new Reader(ctStream(options)))
    const first = follow()
    await first.until(() => first.indexes(left.logId).length === 60 && first.state(left.logId) === 'live')
    if (when === 'between two runs') await first.close()
    grow(left, 7)
    lists.content = listWith([stays, left], left, 'readonly')
    const reader = when === 'between two runs' ? follow() : first
    await reader.until(() => reader.indexes(left.logId).at(-1) === 66)
  },
)

it('a cursor whose only log is finished is taken', async () => {
  const left = await logOf(60)
  const options = { logs: { names: [left.logId] }, checkpoint: false, end: 'head', ...following() } as const
  const first = await take(ctStream({ ...options, logList: listWith([left]) }), 20)
  const logList = listWith([left], left)
  const rest = await take(ctStream({ ...options, logList, resume: first.at(-1)?.cursor ?? '' }))
  expect(indexesOf(rest)).toEqual(range(20, 60))
  expect(await take(ctStream({ ...options, logList, resume: rest.at(-1)?.cursor ?? '' }))).toEqual([])
})

it('a log that was finished, came back out of reach, and left again is read to its end', async () => {
  const [stays, left] = [await logOf(5), await logOf(60)]
  const lists = closing(await ListServer.open(listWith([stays, left])))
  const checkpoint = new MemoryCheckpointStore()
  const follow = () => closing(new Reader(ctStream({ logList: lists.url, checkpoint, ...following() })))
  const isFinished = (reader: Reader) => reader.state(left.logId) === 'finished'

  const first = follow()
  await first.until(() => first.indexes(left.logId).length === 60)
  lists.content = listWith([stays])
  await first.until(() => isFinished(first))
  await first.close()

  lists.content = listWith([stays, left])
  const down = left.fault({ on: '*', status: 503 })
  const second = follow()
  await second.until(() => second.state(left.logId) === 'waiting')
  await second.close()

  down.clear()
  grow(left, 7)
  lists.content = listWith([stays])
  const third = follow()
  await third.until(() => isFinished(third))
  expect(third.indexes(left.logId)).toEqual(range(60, 67))
})
