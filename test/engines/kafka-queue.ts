import { Admin, Consumer, murmur2, Producer } from '@platformatic/kafka'
import { kafkaAddress } from '../../src/kafka/address.js'
import { committedRecords } from '../../src/kafka/committed-records.js'
import { marksName } from '../../src/kafka/group-marks.js'
import { openParked } from '../../src/processors/index.js'
import { kafkaQueueSource } from '../../src/processors/kafka/index.js'
import { kafkaSink } from '../../src/sinks/kafka.js'
import { MessageEncoder } from '../../src/sinks/message.js'
import type { QueuePlace } from '../support/source-contract.js'
import { headerOf, kafkaPlace } from './kafka-place.js'

/** Of the entries' topic: with two processors each has one. */
const PARTITIONS = 2

/** An empty queue in a prefix of its own. @param server - Default: that of these tests. */
export function kafkaQueue(
  server?: string,
): QueuePlace & { readonly place: ReturnType<typeof kafkaPlace>; readonly url: string } {
  const place = kafkaPlace(server, PARTITIONS)
  const { url } = place
  /** As Java's clients choose it. */
  const partitionOf = (logId: string) => (murmur2(Buffer.from(logId)) & 0x7fffffff) % PARTITIONS
  const reading = async <T>(read: (consumer: Consumer<Buffer, Buffer, Buffer, Buffer>) => Promise<T>): Promise<T> => {
    const consumer = new Consumer({ ...place.client, groupId: `${place.prefix}.test` })
    try {
      return await read(consumer)
    } finally {
      await consumer.close(true)
    }
  }
  return {
    place,
    url,
    sink: (options) => kafkaSink(url, { body: 'leaf', ...options }),
    source: (options) => kafkaQueueSource(url, options),
    async forge({ logId }, entry, index, otherBody) {
      const { headers, body } = new MessageEncoder({ body: 'leaf' }).encode(entry, 1)
      const named = Object.entries({ ...headers, 'ct-index': String(index) })
      const record = { topic: place.topic, key: Buffer.from(logId), value: Buffer.from(otherBody ?? body) }
      const bytes = named.map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const)
      const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(place.client)
      await producer.send({ messages: [{ ...record, partition: partitionOf(logId), headers: new Map(bytes) }] })
      await producer.close()
    },
    async retain(logId, below) {
      const partition = partitionOf(logId)
      let offset = 0n
      await reading(async (consumer) => {
        for await (const record of committedRecords(consumer, place.topic, partition))
          if (headerOf(record, 'ct-log') === logId && Number(headerOf(record, 'ct-index')) < below)
            offset = record.offset + 1n
      })
      const admin = new Admin(place.client)
      await admin.deleteRecords({ topics: [{ name: place.topic, partitions: [{ partition, offset }] }] })
      await admin.close()
    },
    parked: () => openParked(url),
    async missed(group) {
      const found: { logId: string; start: number; end: number }[] = []
      const topic = marksName(kafkaAddress(url), group)
      await reading(async (consumer) => {
        for (let partition = 0; partition < PARTITIONS; partition++)
          for await (const { key, value } of committedRecords(consumer, topic, partition)) {
            if (!String(key).startsWith('gap:')) continue
            const { log, start, end } = JSON.parse(String(value))
            found.push({ logId: log.id, start, end })
          }
      })
      return found
    },
    halfOf: async (logId) => (partitionOf(logId) === 0 ? 0 : 1),
    remove: () => place.remove(),
  }
}
