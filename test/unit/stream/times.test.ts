import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLogList, type TestLog, type TestLogOptions } from '../../../src/testing/index.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, certificates, logOf } from '../../support/logs.js'

const T = 1_700_000_000_000
const MINUTE = 60_000
const at = (ms: number) => ({ time: new Date(T + ms) })

/** A log whose entries have these timestamps, after {@link T}. */
async function logAt(timestamps: readonly number[], options: TestLogOptions): Promise<TestLog> {
  const log = await logOf(0, options)
  const entries = certificates(timestamps.length)
  for (const [i, entry] of entries.entries()) log.add([entry], { timestamp: T + (timestamps[i] as number) })
  log.publish()
  return log
}

const indexesWhere = (timestamps: readonly number[], test: (ms: number) => boolean): number[] =>
  range(0, timestamps.length).filter((i) => test(timestamps[i] as number))

/** Issued every 100 ms; merged up to a minute later, some of them. */
const interleaved = range(0, 1500).map((i) => i * 100 - ((i * 7919) % 600) * 100)
/** One entry of the time, 300 that were merged late, then newer ones. */
const late = [...range(-100, 0), 1, ...range(0, 300).map((i) => i - 400), ...range(2, 200)]

describe.each(['rfc6962', 'static-ct'] as const)('a %s log that merges late', (kind) => {
  it.each([
    ['within a minute', interleaved, 80_000, 4],
    ['within a minute', interleaved, 80_000, 256],
    ['behind one entry', late, 0, 256],
    ['behind one entry', late, 0, 1],
  ])('%s is read from a time without a gap, and without what is older', async (_, timestamps, time, pageSize) => {
    const log = await logAt(timestamps, { kind, pageSize, mmd: 60 })
    const stream = backfill(log, { start: at(time) })
    expect(indexesOf(await take(stream))).toEqual(indexesWhere(timestamps, (ms) => ms >= time))
    expect(stream.status()).toMatchObject({ gaps: 0, bufferedBytes: 0 })
  })

  it.each([
    ['within a minute', interleaved, 80_000, 4],
    ['behind one entry', late, 0, 256],
  ])('%s is read to a time without a gap, and without what is later', async (_, timestamps, time, pageSize) => {
    const log = await logAt(timestamps, { kind, pageSize, mmd: 60 })
    const stream = backfill(log, { end: at(time) })
    expect(indexesOf(await take(stream))).toEqual(indexesWhere(timestamps, (ms) => ms < time))
    expect(stream.status().bufferedBytes).toBe(0)
  })

  it('goes on after an end with what was later, not after what was read', async () => {
    const log = await logAt(interleaved, { kind, mmd: 60 })
    const checkpoint = new MemoryCheckpointStore()
    const first = await take(backfill(log, { end: at(80_000), checkpoint }))
    const second = await take(backfill(log, { checkpoint }))
    expect(new Set([...indexesOf(first), ...indexesOf(second)])).toEqual(new Set(range(0, 1500)))
    // What was merged late is repeated, and nothing else.
    const firstLater = interleaved.findIndex((ms) => ms >= 80_000)
    expect(indexesOf(second)).toEqual(range(firstLater, 1500))
    // The same after a cursor.
    const resume = first.at(-1)?.cursor ?? ''
    expect(indexesOf(await take(backfill(log, { resume })))).toEqual(range(firstLater, 1500))
    for (const cut of [0, 100, 500]) {
      const resume = first[cut]?.cursor ?? ''
      const rest = indexesOf(await take(backfill(log, { resume })))
      expect(rest[0]).toBe(Math.min((first[cut]?.index ?? 0) + 1, firstLater))
    }
  })

  it('is asked for few entries to find a time', async () => {
    const log = await logAt(
      range(0, 3000).map((i) => i * 1000),
      { kind, mmd: 60, pageSize: 32 },
    )
    const stream = backfill(log, { start: at(2_900_000), end: { index: 2901 } })
    expect(indexesOf(await take(stream))).toEqual([2900])
    const pages = log.requestCount('get-entries') + log.requestCount('data-tile')
    // log2(3000) steps, and what is read from two minutes before.
    expect(pages).toBeLessThanOrEqual(12 + Math.ceil(240 / 32) + 1)
  })
})

describe('a time', () => {
  it('is not looked for in what no head covers', async () => {
    const log = await logAt(
      range(0, 2000).map((i) => i * 1000),
      { mmd: 60 },
    )
    const stream = backfill(log, { start: at(1_500_000) })
    const errors: string[] = []
    stream.on('error', ({ error }) => errors.push(error.code))
    // A gateway damages what it passes on while the time is looked for: everything seems to be twelve years older.
    log.fault({ on: 'get-entries', flipBit: { in: 'leaf', item: 0, byte: 4, bit: 0 }, times: 11 })
    expect(indexesOf(await take(stream))).toEqual(range(1500, 2000))
    expect(errors).toContain('CT_INCLUSION')
  })

  it.each(['get-proof-by-hash', 'get-entry-and-proof'] as const)('is found in a log without %s', async (endpoint) => {
    const log = await logAt(minutesTo(500), { mmd: 3600 })
    log.fault({ on: endpoint, status: 404 })
    expect(indexesOf(await take(backfill(log, { start: at(300 * MINUTE) })))).toEqual(range(300, 500))
  })

  it('is found by the merge delay of the log, or by another one', async () => {
    const minutes = (values: number[]) => values.map((i) => i * MINUTE)
    // One entry was merged 49 minutes late.
    const timestamps = minutes([...range(0, 300), 250, ...range(300, 700)])
    const log = await logAt(timestamps, { mmd: 7200 })
    const wanted = indexesWhere(timestamps, (ms) => ms >= 280 * MINUTE)
    const read = async (mergeDelayMs: number | undefined) => {
      const stream = backfill(log, { start: at(280 * MINUTE), ...(mergeDelayMs !== undefined && { mergeDelayMs }) })
      return { indexes: indexesOf(await take(stream)), filtered: stream.status().filtered }
    }
    const exact = await read(undefined)
    const enough = await read(50 * MINUTE)
    expect([exact.indexes, enough.indexes]).toEqual([wanted, wanted])
    expect(enough.filtered).toBeLessThan(exact.filtered)
    // What was merged later than one reckons with can hide what stands before it.
    expect((await read(0)).indexes).toEqual(range(301, 701))
  })

  it('ends a log that takes no more entries without a newer head', async () => {
    const log = await logAt(minutesTo(100), { mmd: 3600 })
    log.publishAt(T + 100 * MINUTE)
    const list = createTestLogList([log])
    for (const entry of list.operators.flatMap(({ logs }) => logs))
      Object.assign(entry, { state: { readonly: { timestamp: new Date(T + 100 * MINUTE).toISOString() } } })
    const stream = ctStream({
      logList: list,
      start: 'beginning',
      end: at(99 * MINUTE),
      checkpoint: false,
      clock: fastClock(20_000),
    })
    expect(indexesOf(await take(stream))).toEqual(range(0, 99))
  })
})

const minutesTo = (count: number) => range(0, count).map((i) => i * MINUTE)
