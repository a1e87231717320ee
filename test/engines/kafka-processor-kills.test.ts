import { Consumer } from '@platformatic/kafka'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kafkaAddress } from '../../src/kafka/address.js'
import { committedRecords } from '../../src/kafka/committed-records.js'
import { marksName } from '../../src/kafka/group-marks.js'
import { openParked } from '../../src/processors/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { logOf } from '../support/logs.js'
import { Collectors } from './collectors.js'
import { kafkaPlace, noKafka } from './kafka-place.js'
import { QueueProcessors } from './queue-processors.js'

/** Faults of a run, two of three kill -9; `CT_STREAM_TEST_PROCESSOR_KILLS=200 npm run test:engines` makes a long one. */
const KILLS = Number(process.env.CT_STREAM_TEST_PROCESSOR_KILLS ?? 4)
/** Brokers take no shorter session unless they are told to. */
const LEASE_MS = 6000
const PARTITIONS = 3

describe.skipIf(noKafka)('processors on Kafka', () => {
  let place: ReturnType<typeof kafkaPlace>
  let logs: TestLog[]
  let collectors: Collectors
  let processors: QueueProcessors
  beforeEach(async () => {
    place = kafkaPlace()
    logs = await Promise.all([logOf(300), logOf(300, { kind: 'static-ct' }), logOf(300), logOf(300)])
    collectors = new Collectors({ url: place.url, sink: `${place.url}&body=leaf`, leaseMs: LEASE_MS }, logs)
    processors = new QueueProcessors(place.url, LEASE_MS)
  })
  afterEach(async () => {
    await processors.remove()
    await collectors.stopAll()
    await place.remove()
  })

  /** Each watermark of each log, in the order in which they were committed. */
  const watermarks = async () => {
    const consumer = new Consumer({ ...place.client, groupId: `${place.prefix}.test` })
    const found = new Map<string, number[]>()
    for (let partition = 0; partition < PARTITIONS; partition++)
      for await (const { key, value } of committedRecords(
        consumer,
        marksName(kafkaAddress(place.url), 'effects'),
        partition,
      )) {
        if (!String(key).startsWith('log:')) continue
        const { log, mark } = JSON.parse(String(value))
        found.set(log.id, [...(found.get(log.id) ?? []), mark.next])
      }
    await consumer.close(true)
    return found
  }

  it(
    `gives each entry to one, and no watermark goes back, in ${KILLS} kills and stops of two processors`,
    async () => {
      collectors.start()
      processors.start()
      processors.start()
      await processors.endure(
        KILLS,
        logs,
        async () => {},
        () => collectors.said,
      )
      // What a killed one had in its hands is given again, and finished with.
      await expect
        .poll(async () => [...(await watermarks()).values()].map((moves) => moves.at(-1)).sort(), { timeout: 60_000 })
        .toEqual(logs.map((log) => log.size).sort())
      await processors.stop()
      const marks = await watermarks()
      for (const log of logs) {
        const moves = marks.get(log.logId) ?? []
        expect(moves).toEqual([...moves].sort((a, b) => a - b))
        expect(moves.at(-1)).toBe(log.size)
      }
      await using parked = await openParked(place.url)
      expect(await parked.list()).toEqual([])
    },
    120_000 + KILLS * 30_000,
  )
})
