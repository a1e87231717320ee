import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TestLog } from '../../src/testing/index.js'
import { logOf } from '../support/logs.js'
import { noAmqp } from './amqp-place.js'
import { amqpQueue } from './amqp-queue.js'
import { QueueProcessors } from './queue-processors.js'
import { write } from './queue-use.js'

/** Faults of a run, two of three kill -9; `CT_STREAM_TEST_PROCESSOR_KILLS=200 npm run test:engines` makes a long one. */
const KILLS = Number(process.env.CT_STREAM_TEST_PROCESSOR_KILLS ?? 6)
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
      const fill = async () => {
        // From the beginning each time, as a sink does that has lost its positions.
        for (const log of logs) await write(queue.url, log).done
      }
      await fill()
      processors.start()
      processors.start()
      // The doubled messages, six times everything before, are left out; what had not been stored comes again.
      await processors.endure(KILLS, logs, fill)
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
