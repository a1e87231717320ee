import type { KafkaConsumer } from './client.js'

/** One record of a partition, of a transaction that was committed. */
export interface CommittedRecord {
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

const CONTROL = 0x20
const COMMITTED = 1
const LATEST = -1n
const EARLIEST = -2n

/**
 * Reads what is committed in a partition at this moment, from its beginning.
 *
 * Fetches name the partition: what the client calls manual assignment joins a group and delivers others too. Brokers deliver the records
 * of aborted transactions along with a list of these, and leave it to clients to drop them; of several transactions of one producer this client
 * drops the last only.
 */
export async function* committedRecords(
  consumer: KafkaConsumer,
  topic: string,
  partition = 0,
): AsyncGenerator<CommittedRecord> {
  const end = await offsetOf(consumer, topic, partition, LATEST)
  let next = await offsetOf(consumer, topic, partition, EARLIEST)
  while (next < end) {
    const found = await fetchFrom(consumer, topic, partition, next)
    for (const record of found.records) if (record.offset >= next && record.offset < end) yield record
    next = found.next
  }
}

async function offsetOf(consumer: KafkaConsumer, topic: string, partition: number, timestamp: bigint): Promise<bigint> {
  const offsets = await consumer.listOffsets({
    topics: [topic],
    partitions: { [topic]: [partition] },
    timestamp,
    isolationLevel: COMMITTED,
  })
  return offsets.get(topic)?.[partition] ?? 0n
}

async function fetchFrom(consumer: KafkaConsumer, topic: string, partition: number, from: bigint) {
  const place = (await consumer.metadata({ topics: [topic] })).topics.get(topic)
  const response = await consumer.fetch({
    node: place?.partitions[partition]?.leader ?? -1,
    isolationLevel: COMMITTED,
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
  const [found] = response.responses[0]?.partitions ?? []
  const records: CommittedRecord[] = []
  let next = from
  const aborted = [...(found?.abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  const dropped = new Set<bigint>()
  for (const batch of found?.records ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    next = last + 1n
    while (aborted[0] !== undefined && aborted[0].firstOffset <= last)
      dropped.add((aborted.shift() as never as { producerId: bigint }).producerId)
    // The marker at the end of a transaction: later ones of the same producer may be committed.
    if ((batch.attributes & CONTROL) !== 0) dropped.delete(batch.producerId)
    else if (!dropped.has(batch.producerId))
      for (const { offsetDelta, key, value, headers } of batch.records)
        records.push({ offset: batch.firstOffset + BigInt(offsetDelta), key, value, headers })
  }
  return { records, next }
}
