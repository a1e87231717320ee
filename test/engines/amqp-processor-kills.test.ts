import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TestLog } from '../../src/testing/index.js'
import { grow, logOf } from '../support/logs.js'
import { noAmqp } from './amqp-place.js'
import { amqpQueue } from './amqp-queue.js'
import { QueueProcessors } from './queue-processors.js'
import { write } from './queue-use.js'

/** Faults of a run, two of three kill -9; `CT_STREAM_TEST_PROCESSOR_KILLS=200 npm run test:engines` makes a long one. */
const KILLS = Number(process.env.CT_STREAM_TEST_PROCESSOR_KILLS ?? 6)
/** Added to each log between two faults. */
const GROWTH = 400
/** Two heartbeats of a second. */
const LEASE_MS = 2000

describe.skipIf(noAmqp)('processors on RabbitMQ', () => {
  let queue: Awaited<ReturnType<typeof amqpQueue>>
  let logs: TestLog[]
  let processors: QueueProcessors
  beforeEach(async () => {
    queue = await amqpQueue(['effects'])
    logs = await Promise.all([logOf(300), logOf(300, { kind: 'static-ct' }), logOf(300)])
    processors = new QueueProcessors(queue.url, LEASE_MS)
  })
  afterEach(async () => {
    await processors.remove()
    await queue.remove()
  })

  it(
    `gives each entry to one, in order, in ${KILLS} kills and stops of two processors`,
    async () => {
      const until = (isReached: (count: number) => boolean) => processors.until(isReached, () => '')
      const fill = async () => {
        // From the beginning each time, as a sink does that has lost its positions.
        for (const log of logs) await write(queue.url, log).done
      }
      await fill()
      processors.start()
      processors.start()
      for (let i = 0; i < KILLS; i++) {
        const before = processors.count
        for (const log of logs) grow(log, GROWTH)
        const filled = fill()
        // In the middle of what came.
        await until((count) => count > before + (i % 5) * 100)
        await processors.harm(i)
        await filled
      }
      const size = logs.reduce((sum, log) => sum + log.size, 0)
      await until((count) => count >= size)
      expect(processors.count).toBe(size)
      // The doubled messages, six times everything before, are left out; what had not been stored comes again.
      expect(processors.given().flat().length).toBeLessThan(size * 1.5)
      for (const lines of processors.given())
        for (const log of logs) {
          const indexes = lines.filter(([logId]) => logId === log.logId).map(([, index]) => Number(index))
          const back = indexes.filter((index, at) => index <= (indexes[at - 1] ?? -1))
          // Back only where its connection had ended.
          expect(back.length).toBeLessThanOrEqual(KILLS)
        }
      await processors.stop()
      // Everything is acknowledged.
      const left = await queue.place.channel.queueDeclare({ queue: `${queue.place.queue}.effects`, passive: true })
      expect(left.messageCount).toBe(0)
      await using parked = await queue.parked()
      expect(await parked.list({ group: 'effects' })).toEqual([])
    },
    120_000 + KILLS * 15_000,
  )
})
