import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { LogCheckpoint } from '../../../src/types/checkpoint.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, certificates, grow, logOf } from '../../support/logs.js'

describe.each(['rfc6962', 'static-ct'] as const)('a %s log', (kind) => {
  describe.each(['full', 'signatures-only', 'none-unverified'] as const)('read with verify: %s', (verify) => {
    it.each([
      ['head', 'head' as const],
      ['an index in the log', { index: 200 }],
      ['an index ahead of it, but not of the start', { index: 400 }],
      ['a time', { time: new Date(Date.UTC(2020, 0, 1)) }],
    ])('has nothing to read from ahead of its head to %s', async (_, end) => {
      const log = await logOf(300, { kind })
      const checkpoint = new MemoryCheckpointStore()
      expect(await take(backfill(log, { verify, start: { index: 500 }, end, checkpoint }))).toEqual([])
      // The next run takes it up there, once the log is that large.
      grow(log, 300)
      expect(indexesOf(await take(backfill(log, { verify, checkpoint })))).toEqual(range(500, 600))
    })

    it('is waited for where it is not that large yet', async () => {
      const log = await logOf(300, { kind })
      const stream = ctStream({
        logs: [log.spec],
        verify,
        start: { index: 500 },
        checkpoint: false,
        clock: fastClock(20_000),
      })
      const reading = take(stream, 100)
      for (let i = 0; i < 3; i++) {
        await new Promise((resolve) => setTimeout(resolve, 30))
        grow(log, 100)
      }
      expect(indexesOf(await reading)).toEqual(range(500, 600))
    })

    it('goes on from a cursor that a lagging replica has not reached', async () => {
      const log = await logOf(300, { kind })
      grow(log, 300)
      const { cursor } = (await take(backfill(log, { verify }))).at(450) ?? {}
      log.fault({ on: ['get-sth', 'checkpoint'], stale: 1, times: 2 })
      const stream = ctStream({
        logs: [log.spec],
        verify,
        ...(cursor !== undefined && { resume: cursor }),
        checkpoint: false,
        clock: fastClock(20_000),
      })
      expect(indexesOf(await take(stream, 149))).toEqual(range(451, 600))
    })
  })
})

describe('a stream that ends at a time to come', () => {
  it('does not read past it while it works on a backlog', async () => {
    const clock = fastClock(2000)
    const log = await logOf(3000, { pageSize: 8, align: 'always', clock })
    log.fault({ on: 'get-entries', delayMs: 4000 })
    const time = new Date(clock.now() + 30_000)
    const stream = backfill(log, { end: { time }, mergeDelayMs: 5_000, clock, pollIntervalMs: 3_600_000 })
    let grown = false
    const read: number[] = []
    for await (const { index, timestamp } of stream) {
      read.push(index)
      expect(timestamp?.getTime()).toBeLessThan(time.getTime())
      if (!grown && clock.now() > time.getTime() + 10_000) {
        grown = true
        grow(log, 500)
      }
    }
    expect(grown).toBe(true)
    expect(read).toEqual(range(0, 3000))
  })
})

describe('an entry at or after the end that stands before earlier ones', () => {
  const time = new Date(Date.UTC(2026, 0, 1))
  /** 50 entries before the end, one at it, 20 before it, and 10 at it. */
  const misordered = async () => {
    const log = await logOf(0)
    for (const [count, offset] of [
      [50, -1],
      [1, 0],
      [20, -1],
      [10, 0],
    ] as const)
      log.add(certificates(count), { timestamp: time.getTime() + offset })
    log.publish()
    return log
  }
  class Store extends MemoryCheckpointStore {
    readonly rows: LogCheckpoint[] = []
    readonly ordered: boolean
    constructor(ordered: boolean) {
      super()
      this.ordered = ordered
    }
    override commit(rows: readonly LogCheckpoint[]): void {
      this.rows.push(...rows)
      super.commit(rows)
    }
  }

  it('keeps the position, and the store gets to know what was acknowledged behind it', async () => {
    const log = await misordered()
    const store = new Store(false)
    const run = () => take(backfill(log, { end: { time }, checkpoint: store }))
    expect(indexesOf(await run())).toEqual([...range(0, 50), ...range(51, 71)])
    expect(store.rows.at(-1)).toMatchObject({ position: 50, acknowledged: 81 })
    store.open()
    expect(store.load()).toEqual([expect.not.objectContaining({ acknowledged: expect.anything() })])
    store.close()
    expect(indexesOf(await run())).toEqual(range(51, 71))
  })

  it('is delivered where the store takes no entry behind a later one', async () => {
    const log = await misordered()
    const store = new Store(true)
    const run = () => take(backfill(log, { end: { time }, checkpoint: store }))
    expect(indexesOf(await run())).toEqual(range(0, 81))
    expect(store.rows.at(-1)).toMatchObject({ position: 81 })
    expect(await run()).toEqual([])
  })
})
