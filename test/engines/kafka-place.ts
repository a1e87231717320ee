import { randomUUID } from 'node:crypto'
import { Admin, Consumer, Producer } from '@platformatic/kafka'
import { expect, inject, vi } from 'vitest'
import { type CommittedRecord, committedRecords } from '../../src/kafka/committed-records.js'

const server = inject('kafka')
export const noKafka = server === undefined

/**
 * A prefix of a broker that nothing else uses.
 *
 * @param url - Of the broker. Default: the one of these tests.
 * @param count - Partitions of the entries' topic.
 */
export function kafkaPlace(url = server, count = 3) {
  const hosts = /^kafkas?:\/\/([^/]+)/.exec(url ?? '')?.[1]?.split(',') ?? []
  const client = { clientId: 'test', bootstrapBrokers: hosts, retryDelay: 5, retries: 1000 }
  const prefix = `t${randomUUID().slice(0, 8)}`
  const topic = `${prefix}.entries`
  return {
    url: `kafka://${hosts.join(',')}/${prefix}?partitions=${count}`,
    prefix,
    topic,
    client,
    /** As other clients take them. */
    servers: hosts.join(','),
    /** Writes one message that is none of ours. */
    async put(topic: string, key: string, value: string): Promise<void> {
      const producer = new Producer(client)
      await producer.send({ messages: [{ topic, key: Buffer.from(key), value: Buffer.from(value), partition: 0 }] })
      await producer.close()
    },
    /** Those that were made here. */
    async topics(): Promise<readonly string[]> {
      const admin = new Admin(client)
      const topics = (await admin.listTopics()).filter((name) => name.startsWith(`${prefix}.`))
      await admin.close()
      return topics
    },
    /**
     * What a consumer that reads only what is committed finds. A broker acknowledges a commit before its marker stands in the partitions, so
     * this waits until no transaction is open there, but for tests that keep one open.
     */
    async records({ whileOpen = false } = {}): Promise<readonly CommittedRecord[]> {
      const consumer = new Consumer({ ...client, groupId: prefix })
      const found: CommittedRecord[] = []
      const partitions = Array.from({ length: count }, (_, n) => n)
      const ends = (isolationLevel: 0 | 1) =>
        consumer.listOffsets({ topics: [topic], partitions: { [topic]: partitions }, timestamp: -1n, isolationLevel })
      if (!whileOpen)
        await vi.waitFor(async () => expect(await ends(1)).toEqual(await ends(0)), { timeout: 20_000, interval: 20 })
      for (const partition of partitions)
        for await (const record of committedRecords(consumer, topic, partition)) found.push(record)
      await consumer.close(true)
      return found
    },
    async content(): Promise<ReadonlyMap<string, readonly number[]>> {
      const content = new Map<string, number[]>()
      for (const record of await this.records()) {
        const logId = headerOf(record, 'ct-log')
        const indexes = content.get(logId)
        if (indexes === undefined) content.set(logId, [Number(headerOf(record, 'ct-index'))])
        else indexes.push(Number(headerOf(record, 'ct-index')))
      }
      return content
    },
    async remove(): Promise<void> {
      const topics = await this.topics()
      const admin = new Admin(client)
      if (topics.length > 0) await admin.deleteTopics({ topics: [...topics] })
      await admin.close()
    },
  }
}

export const headerOf = ({ headers }: CommittedRecord, name: string): string =>
  String(headers.find(([found]) => String(found) === name)?.[1] ?? '')
