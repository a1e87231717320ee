import { describe, expect, it } from 'vitest'
import { KEPT_ISSUERS } from '../../../src/checkpoint/kept-issuers.js'
import { kafkaAddress } from '../../../src/kafka/address.js'
import type { KafkaClient } from '../../../src/kafka/client.js'
import { KafkaIssuers } from '../../../src/kafka/issuers.js'
import { sha256, sha256Hex } from '../../../src/util/hash.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const PAGE = 1000

interface Stored {
  readonly offset: number
  readonly key: string
  readonly value: Uint8Array
}

/** A topic of one partition, each record a batch of its own. */
class Topic {
  records: Stored[] = []
  end = 0
  /** How many records were fetched. */
  fetched = 0

  write(value: Uint8Array, key = sha256Hex(value)): void {
    this.records.push({ offset: this.end++, key, value })
  }

  /** Leaves the last record of each key. */
  compact(): void {
    const last = new Map(this.records.map((record) => [record.key, record]))
    this.records = this.records.filter((record) => last.get(record.key) === record)
  }

  /** As a broker that lost its tail. */
  rollBack(end: number): void {
    this.records = this.records.filter(({ offset }) => offset < end)
    this.end = end
  }

  /** As a broker that deletes what is old. */
  deleteBefore(offset: number): void {
    this.records = this.records.filter((record) => record.offset >= offset)
  }

  issuers(clock = new VirtualClock()): KafkaIssuers {
    const topic = this
    class Consumer {
      async metadata() {
        return { topics: new Map([['ct.issuers', { id: '', partitions: [{ leader: 1 }] }]]) }
      }
      async listOffsets({ timestamp }: { timestamp: bigint }) {
        return new Map([
          ['ct.issuers', [BigInt(timestamp === -1n ? topic.end : (topic.records[0]?.offset ?? topic.end))]],
        ])
      }
      async fetch({ topics }: { topics: { partitions: { fetchOffset: bigint }[] }[] }) {
        const from = Number(topics[0]?.partitions[0]?.fetchOffset)
        if (from < (topic.records[0]?.offset ?? topic.end) || from > topic.end) throw new Error('OFFSET_OUT_OF_RANGE')
        const found = topic.records.filter(({ offset }) => offset >= from).slice(0, PAGE)
        topic.fetched += found.length
        const records = found.map(({ offset, key, value }) => ({
          ...{ firstOffset: BigInt(offset), lastOffsetDelta: 0, attributes: 0, producerId: 1n, crc: 0 },
          records: [{ offsetDelta: 0, key: Buffer.from(key), value: Buffer.from(value), headers: [] }],
        }))
        return { responses: [{ partitions: [{ partitionIndex: 0, records, highWatermark: BigInt(topic.end) }] }] }
      }
      close() {}
    }
    return new KafkaIssuers({ Consumer } as unknown as KafkaClient, kafkaAddress('kafka://localhost'), clock)
  }
}

const certificate = (number: number, bytes = 8) => {
  const der = Buffer.alloc(bytes)
  der.writeUInt32BE(number)
  return new Uint8Array(der)
}
const name = (der: Uint8Array) => sha256(der)
const MISSING = {
  code: 'CT_SINK_FAILED',
  retryable: false,
  message: expect.stringContaining('does not have the issuer'),
}

/** A topic with more issuers than are kept in memory. */
function fullTopic() {
  const topic = new Topic()
  for (let i = 0; i < KEPT_ISSUERS.count + 10; i++) topic.write(certificate(i))
  return topic
}

describe('issuers in Kafka', () => {
  it('are returned that are in memory no more, each by a fetch of its own', async () => {
    const topic = fullTopic()
    const issuers = topic.issuers()
    // Also the one for which the topic is read first.
    expect(await issuers.get(name(certificate(0)))).toEqual(certificate(0))
    topic.fetched = 0
    expect(await issuers.get(name(certificate(1)))).toEqual(certificate(1))
    expect(topic.fetched).toBeLessThanOrEqual(PAGE)
    topic.fetched = 0
    expect(await issuers.get(name(certificate(1)))).toEqual(certificate(1))
    expect(topic.fetched).toBe(0)
    await issuers.close()
  })

  it('are returned where they take more memory than is kept', async () => {
    const topic = new Topic()
    for (let i = 0; i < 40; i++) topic.write(certificate(i, 2 ** 20))
    const issuers = topic.issuers()
    for (const i of [0, 39, 0, 1])
      expect(await issuers.get(name(certificate(i, 2 ** 20)))).toEqual(certificate(i, 2 ** 20))
    await issuers.close()
  })

  it('are found where they were written again and the topic was compacted', async () => {
    const topic = fullTopic()
    const issuers = topic.issuers()
    await issuers.get(name(certificate(5)))
    for (let i = 0; i < 4; i++) topic.write(certificate(i))
    topic.compact()
    expect(await issuers.get(name(certificate(2)))).toEqual(certificate(2))
    await issuers.close()
  })

  it('are found where the broker went back, and they were written again at other offsets', async () => {
    const topic = fullTopic()
    const issuers = topic.issuers()
    await issuers.get(name(certificate(5)))
    topic.rollBack(0)
    for (let i = KEPT_ISSUERS.count + 20; i >= 0; i--) topic.write(certificate(i))
    for (const i of [0, 5000, KEPT_ISSUERS.count + 20])
      expect(await issuers.get(name(certificate(i)))).toEqual(certificate(i))
    await issuers.close()
  })

  it('are missing where the broker deleted them, or another certificate stands for them', async () => {
    const topic = fullTopic()
    const issuers = topic.issuers()
    await issuers.get(name(certificate(5)))
    topic.deleteBefore(2)
    await expect(issuers.get(name(certificate(1)))).rejects.toMatchObject(MISSING)
    topic.write(certificate(7), sha256Hex(certificate(2)))
    topic.compact()
    await expect(issuers.get(name(certificate(2)))).rejects.toMatchObject(MISSING)
    await issuers.close()
  })

  it('cost no more than what is new in the topic where nobody has written them, but for once an hour', async () => {
    const clock = new VirtualClock()
    const topic = fullTopic()
    const issuers = topic.issuers(clock)
    await issuers.get(name(certificate(5)))
    topic.fetched = 0
    const missing = (number: number) => expect(issuers.get(name(certificate(number)))).rejects.toMatchObject(MISSING)
    for (let i = 0; i < 20; i++) {
      topic.write(certificate(2_000_000 + i))
      await missing(1_000_000 + i)
    }
    expect(topic.fetched).toBe(20)
    await clock.pass(3_600_000)
    await missing(1_000_000)
    await missing(1_000_001)
    expect(topic.fetched).toBe(20 + topic.records.length)
    topic.write(certificate(1_000_000))
    expect(await issuers.get(name(certificate(1_000_000)))).toEqual(certificate(1_000_000))
    await issuers.close()
  })
})
