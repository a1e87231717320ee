import { Consumer, Producer } from '@platformatic/kafka'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { committedRecords } from '../../src/kafka/committed-records.js'
import { kafkaQueueSource } from '../../src/processors/kafka/index.js'
import { pump } from '../../src/sinks/index.js'
import { kafkaSink } from '../../src/sinks/kafka.js'
import type { TestLog } from '../../src/testing/index.js'
import { sha256Hex } from '../../src/util/hash.js'
import { fastClock } from '../support/fast-clock.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { kafkaPlace, noKafka } from './kafka-place.js'

describe.skipIf(noKafka)('issuers in Kafka', () => {
  let place: ReturnType<typeof kafkaPlace>
  beforeEach(() => {
    place = kafkaPlace()
  })
  afterEach(() => place.remove())

  const topic = () => `${place.prefix}.issuers`
  const collect = (log: TestLog, body: 'leaf' | 'json' = 'leaf') =>
    pump({
      sink: kafkaSink(place.url, { body }),
      clock: fastClock(20_000),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })
  /** What the topic has, in its order. */
  const written = async () => {
    const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...place.client, groupId: `${place.prefix}.test` })
    const found: { key: string; value: Buffer }[] = []
    for await (const { key, value } of committedRecords(consumer, topic()))
      found.push({ key: String(key), value: value as Buffer })
    await consumer.close(true)
    return found
  }
  const wanted = async (log: TestLog) => {
    const issuers = new Map<string, Uint8Array>()
    for await (const certificate of backfill(log))
      for (const der of await certificate.chain()) issuers.set(sha256Hex(der), der)
    return issuers
  }
  const source = (group: string) => kafkaQueueSource(place.url, { group, end: 'head', leaseMs: 6000 })

  it('are there as soon as an entry that names them is, each written once by a sink', async () => {
    const log = await logOf(400)
    await collect(log)
    const issuers = await wanted(log)
    const found = await written()
    expect(issuers.size).toBeGreaterThan(0)
    expect(new Map(found.map(({ key, value }) => [key, new Uint8Array(value)]))).toEqual(issuers)
    expect(found).toHaveLength(issuers.size)
    // Another sink does not know what is there; the last record of a key counts.
    grow(log, 300)
    await collect(log)
    expect(new Set((await written()).map(({ key }) => key))).toEqual(new Set((await wanted(log)).keys()))
  })

  it('are not written where messages do not name them', async () => {
    await collect(await logOf(50), 'json')
    expect(await place.topics()).not.toContain(topic())
  })

  it('are taken from nobody else: what does not hash to its key is left out', async () => {
    const log = await logOf(30)
    await collect(log)
    const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(place.client)
    const forged = (await written()).map(({ key }) => key)
    for (const key of [...forged, 'x'])
      await producer.send({
        messages: [{ topic: topic(), partition: 0, key: Buffer.from(key), value: Buffer.from('no') }],
      })
    await producer.close()
    const reading = source('one')
    const issuers = await wanted(log)
    let count = 0
    for await (const certificate of reading)
      for (const der of await certificate.chain()) {
        expect(issuers.get(sha256Hex(der))).toEqual(der)
        count++
      }
    await reading.close()
    expect(count).toBeGreaterThanOrEqual(30)
  })
})
