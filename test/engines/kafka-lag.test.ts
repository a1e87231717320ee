import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { pump } from '../../src/sinks/index.js'
import type { TestLog } from '../../src/testing/index.js'
import type { QueueSourceOptions } from '../../src/types/queue.js'
import type { CtStreamOptions } from '../../src/types/stream-options.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { noKafka } from './kafka-place.js'
import { kafkaQueue } from './kafka-queue.js'

/** Longer than two looks at what the broker has. */
const SEEN = { timeout: 20_000, interval: 50 }

async function begin() {
  const queue = kafkaQueue()
  onTestFinished(() => queue.remove())
  /** Two logs that share a partition. */
  const neighbours = async (size: number): Promise<[TestLog, TestLog]> => {
    const first = await logOf(size)
    for (;;) {
      const second = await logOf(size)
      if ((await queue.halfOf?.(second.logId)) === (await queue.halfOf?.(first.logId))) return [first, second]
    }
  }
  const fill = (log: TestLog, options: CtStreamOptions = {}) =>
    pump({
      sink: queue.sink(),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual', ...options }),
    })
  const source = (options: Partial<QueueSourceOptions> = {}) => {
    const made = queue.source({ group: 'g', pageEntries: 100, leaseMs: 6000, commitIntervalMs: 20, ...options })
    onTestFinished(() => made.close())
    /** By log: `next` and `lag`. */
    const lags = () => new Map(made.status().logs.map(({ log, next, lag }) => [log.id, [next, lag]]))
    const pages = made.batches()
    /** The next page, acknowledged. */
    const page = async () => {
      const { value } = await pages.next()
      for (const certificate of value ?? []) made.acknowledge(certificate)
      return value ?? []
    }
    return { made, lags, page }
  }
  return { queue, neighbours, fill, source }
}

describe.skipIf(noKafka)('the lag of a queue in Kafka', () => {
  it('counts all that the broker has of a log, however little of it was read', async () => {
    const { neighbours, fill, source } = await begin()
    const [log, other] = await neighbours(900)
    await fill(log)
    await fill(other)
    const { lags, page } = source()
    await page()
    await vi.waitFor(() => expect(lags().get(log.logId)).toEqual([100, 800]), SEEN)
    // Nobody reads, and there is more.
    grow(log, 300)
    await fill(log)
    await vi.waitFor(() => expect(lags().get(log.logId)).toEqual([100, 1100]), SEEN)
    for (let read = 100; read < 2100; ) read += (await page()).length
    await vi.waitFor(
      () =>
        expect(lags()).toEqual(
          new Map([
            [log.logId, [1200, 0]],
            [other.logId, [900, 0]],
          ]),
        ),
      SEEN,
    )
  })

  it('is that of a log which the group has read before, when none of its messages was read again', async () => {
    const { neighbours, fill, source } = await begin()
    const [log, other] = await neighbours(300)
    await fill(log)
    await fill(other)
    const first = source()
    for (let read = 0; read < 600; ) read += (await first.page()).length
    await first.made.close()
    grow(log, 2000)
    grow(other, 150)
    await fill(log)
    await fill(other)
    const { lags, page } = source()
    await page()
    await vi.waitFor(() => expect(lags().get(other.logId)).toEqual([300, 150]), SEEN)
  })

  it('begins where the log was begun', async () => {
    const { neighbours, fill, source } = await begin()
    const [log] = await neighbours(800)
    await fill(log, { start: { index: 500 } })
    const { lags, page, made } = source({ pageEntries: 50 })
    const [certificate] = await page()
    expect(certificate?.index).toBe(500)
    await vi.waitFor(() => expect(lags().get(log.logId)).toEqual([550, 250]), SEEN)
    const late = source({ group: 'late', pageEntries: 50 })
    for await (const _ of late.made.batches()) break
    await vi.waitFor(() => expect(late.lags().get(log.logId)).toEqual([500, 300]), SEEN)
    await made.close()
  })

  it('is nothing at the end, although the collector left out the last entries of the log', async () => {
    const { neighbours, fill, source } = await begin()
    const [log] = await neighbours(600)
    await fill(log, { filter: { match: ({ index }) => index < 400 } })
    const { lags, page } = source()
    for (let read = 0; read < 400; ) read += (await page()).length
    await vi.waitFor(() => expect(lags().get(log.logId)).toEqual([400, 0]), SEEN)
  })
})
