import type { KafkaConsumer } from './client.js'

/** One record of a partition, from a committed transaction. */
export interface CommittedRecord {
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

/** Bits of a batch's attributes. */
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
/** A control record's key is `version: int16, type: int16`; of a commit the type is 1, of an abort 0. */
const COMMIT = 1
/** Isolation level of requests: all records, also of open and aborted transactions. */
const UNCOMMITTED = 0
const LATEST = -1n
const EARLIEST = -2n

/**
 * Reads the records of a partition that are committed at this moment, from its beginning, in the order of commits.
 *
 * A marker follows each transaction that was committed or aborted; one without a marker is still open. This code reads the markers itself,
 * because the client's filter keeps only one range for each producer: with several aborted transactions it delivers some of them and
 * drops what was committed in between. It also ends the process at the marker of a transaction aborted before its first record. Fetches
 * name the partition, because the client's manual assignment joins a group and delivers other partitions too.
 */
export async function* committedRecords(
  consumer: KafkaConsumer,
  topic: string,
  partition = 0,
): AsyncGenerator<CommittedRecord> {
  const end = await offsetOf(consumer, topic, partition, LATEST)
  let next = await offsetOf(consumer, topic, partition, EARLIEST)
  const undecided = new Map<bigint, CommittedRecord[]>()
  while (next < end) {
    for (const batch of await fetchFrom(consumer, topic, partition, next)) {
      if (batch.firstOffset >= end) break
      next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n
      const { producerId } = batch
      if ((batch.attributes & CONTROL) !== 0) {
        if (batch.records[0]?.key?.readInt16BE(2) === COMMIT) yield* undecided.get(producerId) ?? []
        undecided.delete(producerId)
        continue
      }
      const records = batch.records.map(({ offsetDelta, key, value, headers }) => ({
        offset: batch.firstOffset + BigInt(offsetDelta),
        key,
        value,
        headers,
      }))
      if ((batch.attributes & TRANSACTIONAL) === 0) yield* records
      else undecided.set(producerId, [...(undecided.get(producerId) ?? []), ...records])
    }
  }
}

async function offsetOf(consumer: KafkaConsumer, topic: string, partition: number, timestamp: bigint): Promise<bigint> {
  const offsets = await consumer.listOffsets({
    topics: [topic],
    partitions: { [topic]: [partition] },
    timestamp,
    isolationLevel: UNCOMMITTED,
  })
  return offsets.get(topic)?.[partition] ?? 0n
}

async function fetchFrom(consumer: KafkaConsumer, topic: string, partition: number, from: bigint) {
  const place = (await consumer.metadata({ topics: [topic] })).topics.get(topic)
  const response = await consumer.fetch({
    node: place?.partitions[partition]?.leader ?? -1,
    isolationLevel: UNCOMMITTED,
    maxWaitTime: 500,
    topics: [
      {
        topicId: place?.id ?? '',
        partitions: [
          { partition, fetchOffset: from, currentLeaderEpoch: -1, lastFetchedEpoch: -1, partitionMaxBytes: 2 ** 23 },
        ],
      },
    ],
  })
  return response.responses[0]?.partitions[0]?.records ?? []
}
