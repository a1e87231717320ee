import type { KafkaConsumer } from './client.js'
import { DecidedRecords, type RecordBatch } from './decided-records.js'

/** One record of a partition, from a committed transaction. */
export interface CommittedRecord {
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

/** Isolation level of requests: all records, also of open and aborted transactions. */
const UNCOMMITTED = 0
export const LATEST = -1n
export const EARLIEST = -2n
const MAX_BYTES = 2 ** 23

/**
 * Reads the records of a partition that are committed at this moment, from its beginning, in the order of commits.
 *
 * Fetches name the partition, because the client's manual assignment joins a group and delivers other partitions too.
 *
 * @param from - First offset. Default: the first there is.
 */
export async function* committedRecords(
  consumer: KafkaConsumer,
  topic: string,
  partition = 0,
  from?: bigint,
): AsyncGenerator<CommittedRecord> {
  const end = await offsetOf(consumer, topic, partition, LATEST)
  const first = await offsetOf(consumer, topic, partition, EARLIEST)
  let next = from === undefined || from < first ? first : from
  const decided = new DecidedRecords()
  while (next < end) {
    const [fetched] = await fetchFrom(consumer, topic, new Map([[partition, next]]))
    for (const batch of fetched?.batches ?? []) {
      if (batch.firstOffset >= end) break
      next = behind(batch)
      yield* decided.take(batch)
    }
  }
}

/** The first offset behind a batch. */
export const behind = ({ firstOffset, lastOffsetDelta }: RecordBatch): bigint =>
  firstOffset + BigInt(lastOffsetDelta) + 1n

/** The offset at a time: {@link LATEST} or {@link EARLIEST}. */
export async function offsetOf(
  consumer: KafkaConsumer,
  topic: string,
  partition: number,
  timestamp: bigint,
): Promise<bigint> {
  const offsets = await consumer.listOffsets({
    topics: [topic],
    partitions: { [topic]: [partition] },
    timestamp,
    isolationLevel: UNCOMMITTED,
  })
  return offsets.get(topic)?.[partition] ?? 0n
}

/** What one fetch found in a partition. */
export interface FetchedPartition {
  readonly partition: number
  readonly batches: readonly RecordBatch[]
  /** Exclusive end of the partition. */
  readonly end: bigint
}

/**
 * Fetches what follows these offsets, of each partition from its leader; waits for something to come.
 *
 * @param waitMs - Longest wait. Milliseconds.
 */
export async function fetchFrom(
  consumer: KafkaConsumer,
  topic: string,
  from: ReadonlyMap<number, bigint>,
  waitMs = 500,
): Promise<readonly FetchedPartition[]> {
  const place = (await consumer.metadata({ topics: [topic] })).topics.get(topic)
  const byLeader = new Map<number, { partition: number; fetchOffset: bigint }[]>()
  for (const [partition, fetchOffset] of from) {
    const leader = place?.partitions[partition]?.leader ?? -1
    byLeader.set(leader, [...(byLeader.get(leader) ?? []), { partition, fetchOffset }])
  }
  const responses = [...byLeader].map(([node, partitions]) =>
    consumer.fetch({
      node,
      isolationLevel: UNCOMMITTED,
      minBytes: 1,
      maxBytes: MAX_BYTES * 2,
      maxWaitTime: waitMs,
      topics: [
        {
          topicId: place?.id ?? '',
          partitions: partitions.map((each) => ({
            ...each,
            currentLeaderEpoch: -1,
            lastFetchedEpoch: -1,
            partitionMaxBytes: MAX_BYTES,
          })),
        },
      ],
    }),
  )
  return (await Promise.all(responses)).flatMap(({ responses: [found] }) =>
    (found?.partitions ?? []).map(({ partitionIndex, records, highWatermark }) => ({
      partition: partitionIndex,
      batches: records ?? [],
      end: highWatermark,
    })),
  )
}
