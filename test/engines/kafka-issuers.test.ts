import { Consumer, Producer } from '@platformatic/kafka'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KEPT_ISSUERS } from '../../src/checkpoint/kept-issuers.js'
import { kafkaAddress } from '../../src/kafka/address.js'
import { loadKafka } from '../../src/kafka/client.js'
import { committedRecords } from '../../src/kafka/committed-records.js'
import { KafkaIssuers } from '../../src/kafka/issuers.js'
import { kafkaQueueSource } from '../../src/processors/kafka/index.js'
import { pump } from '../../src/sinks/index.js'
import { kafkaSink } from '../../src/sinks/kafka.js'
import type { TestLog } from '../../src/testing/index.js'
import { systemClock } from '../../src/util/clock.js'
import { sha256, sha256Hex } from '../../src/util/hash.js'
import { fastClock } from '../support/fast-clock.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { kafkaPlace, noKafka } from './kafka-place.js'
import { range } from './queue-use.js'

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

  it('are returned that are in memory no more', async () => {
    await collect(await logOf(30))
    const certificate = (number: number) => new Uint8Array(Buffer.from(`issuer ${number}`))
    const count = KEPT_ISSUERS.count + 100
    const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(place.client)
    const messages = range(0, count).map((number) => ({
      ...{ topic: topic(), partition: 0 },
      key: Buffer.from(sha256Hex(certificate(number))),
      value: Buffer.from(certificate(number)),
    }))
    for (let at = 0; at < count; at += 1000) await producer.send({ messages: messages.slice(at, at + 1000) })
    await producer.close()
    const issuers = new KafkaIssuers(await loadKafka(), kafkaAddress(place.url), systemClock)
    for (const number of [count - 1, 0, 50, count - 1, 0])
      expect(await issuers.get(sha256(certificate(number)))).toEqual(certificate(number))
    await expect(issuers.get(sha256(certificate(-1)))).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
    })
    await issuers.close()
  })
})
