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
/**
 * Of a fetch; a batch that is larger comes whole. The client looks for each byte that it reads among all pieces in which an answer came, and
 * makes 20 buffers a record, which are alive together: 8 MiB cost a tenth more CPU for each entry.
 */
const MAX_BYTES = 2 ** 21

/**
 * Reads a partition again and again: each time the records that were committed since, in the order of commits.
 *
 * Fetches name the partition, because the client's manual assignment joins a group and delivers other partitions too.
 */
export class CommittedTail {
  private readonly topic: string
  private readonly partition: number
  private readonly onRestart: (() => void) | undefined
  private next: bigint | undefined
  private decided = new DecidedRecords()
  /** The batch that was read last. */
  private last: BatchFacts | undefined

  /**
   * @param from - First offset. Default: the first there is.
   * @param onRestart - Called before all is read anew, because the broker went back to an earlier state: what was read before may be there no
   * more. Whoever gives it has each read compare the batch that was read last, too; else only the ends of the partition are compared, and one
   * that went back and has grown since is not noticed.
   */
  constructor(topic: string, partition = 0, from?: bigint, onRestart?: () => void) {
    this.topic = topic
    this.partition = partition
    this.next = from
    this.onRestart = onRestart
  }

  async *read(consumer: KafkaConsumer): AsyncGenerator<CommittedRecord> {
    const { topic, partition } = this
    const end = await offsetOf(consumer, topic, partition, LATEST)
    const first = await offsetOf(consumer, topic, partition, EARLIEST)
    const { next = first, last } = this
    // Compaction makes batches anew, too, and takes whole ones: then all is read again, though nothing was lost.
    const isAnother = async (known: BatchFacts) => !isSame(known, (await this.fetch(consumer, known.firstOffset))[0])
    if (next < first || next > end || (this.onRestart && last && (await isAnother(last)))) this.restart(first)
    this.next ??= first
    while (this.next < end) {
      for (const batch of await this.fetch(consumer, this.next)) {
        if (batch.firstOffset >= end) break
        this.next = behind(batch)
        const { firstOffset, lastOffsetDelta, crc } = batch
        this.last = { firstOffset, lastOffsetDelta, crc }
        yield* this.decided.take(batch)
      }
    }
  }

  private restart(first: bigint): void {
    this.next = first
    this.last = undefined
    this.decided = new DecidedRecords()
    this.onRestart?.()
  }

  private async fetch(consumer: KafkaConsumer, from: bigint): Promise<readonly RecordBatch[]> {
    const [fetched] = await fetchFrom(consumer, this.topic, new Map([[this.partition, from]]))
    return fetched?.batches ?? []
  }
}

type BatchFacts = Pick<RecordBatch, 'firstOffset' | 'lastOffsetDelta' | 'crc'>

/** Whether two batches are the same bytes at the same offset. */
const isSame = (one: BatchFacts, other: BatchFacts | undefined): boolean =>
  one.firstOffset === other?.firstOffset && one.crc === other.crc && one.lastOffsetDelta === other.lastOffsetDelta

/**
 * Reads the records of a partition that are committed at this moment, from its beginning, in the order of commits.
 *
 * @param from - First offset. Default: the first there is.
 */
export const committedRecords = (
  consumer: KafkaConsumer,
  topic: string,
  partition = 0,
  from?: bigint,
): AsyncGenerator<CommittedRecord> => new CommittedTail(topic, partition, from).read(consumer)

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
  return (await offsetsOf(consumer, topic, [partition], timestamp)).get(partition) ?? 0n
}

/** The same of several partitions, by number. */
export async function offsetsOf(
  consumer: KafkaConsumer,
  topic: string,
  partitions: readonly number[],
  timestamp: bigint,
): Promise<ReadonlyMap<number, bigint>> {
  if (partitions.length === 0) return new Map()
  const offsets = await consumer.listOffsets({
    topics: [topic],
    partitions: { [topic]: [...partitions] },
    timestamp,
    isolationLevel: UNCOMMITTED,
  })
  const found = offsets.get(topic)
  return new Map(partitions.map((partition) => [partition, found?.[partition] ?? 0n]))
}

/** What one fetch found in a partition. */
export interface FetchedPartition {
  readonly partition: number
  /** Of the topic that has it: one that is made anew under the same name has another. */
  readonly topicId: string
  readonly batches: readonly RecordBatch[]
  /** Exclusive end of the partition. */
  readonly end: bigint
}

/** @param isFresh - Whether to ask a broker, rather than take what was seen last. */
export async function topicIdOf(consumer: KafkaConsumer, topic: string, isFresh = false): Promise<string> {
  return (await consumer.metadata({ topics: [topic], forceUpdate: isFresh })).topics.get(topic)?.id ?? ''
}

/** Of brokers that give topics no ids, all are zero, or there is none. */
export const isOtherTopic = (one: string, other: string): boolean =>
  one !== other && [one, other].every((id) => /[1-9a-z]/.test(id))

/** Partitions by the broker that leads them; -1: none does at the moment. */
export async function byLeader(
  consumer: KafkaConsumer,
  topic: string,
  partitions: Iterable<number>,
): Promise<ReadonlyMap<number, readonly number[]>> {
  const place = (await consumer.metadata({ topics: [topic] })).topics.get(topic)
  const found = new Map<number, number[]>()
  for (const partition of partitions) {
    const leader = place?.partitions[partition]?.leader ?? -1
    found.set(leader, [...(found.get(leader) ?? []), partition])
  }
  return found
}

/**
 * Fetches what follows these offsets, of each partition from its leader; waits until each leader has something.
 *
 * @param waitMs - Longest wait. Milliseconds.
 */
export async function fetchFrom(
  consumer: KafkaConsumer,
  topic: string,
  from: ReadonlyMap<number, bigint>,
  waitMs = 500,
): Promise<readonly FetchedPartition[]> {
  const leaders = await byLeader(consumer, topic, from.keys())
  const topicId = await topicIdOf(consumer, topic)
  const responses = [...leaders].map(([node, partitions]) =>
    consumer.fetch({
      node,
      isolationLevel: UNCOMMITTED,
      minBytes: 1,
      maxBytes: MAX_BYTES * 2,
      maxWaitTime: waitMs,
      topics: [
        {
          topicId,
          partitions: partitions.map((partition) => ({
            partition,
            fetchOffset: from.get(partition) ?? 0n,
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
      topicId,
      batches: records ?? [],
      end: highWatermark,
    })),
  )
}
