import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer, type KafkaProducer, NEW_ID } from './client.js'
import { closeClients } from './close-clients.js'
import { type CommittedRecord, committedRecords, fetchFrom } from './committed-records.js'
import { withDeadline } from './deadline.js'
import { recordsOf } from './decided-records.js'
import { type OpenPartition, openPartitions } from './open-partitions.js'

type Transaction = Awaited<ReturnType<KafkaProducer['beginTransaction']>>

/** A record to be written. */
export interface NewRecord {
  readonly topic: string
  readonly key: Buffer
  readonly value: Buffer
  readonly headers?: Map<Buffer, Buffer>
  /** Default: by the key, as Java's clients choose it. */
  readonly partition?: number
}

/** Below the 1 MiB that brokers accept, as a batch is larger than its records. Bytes. */
const MAX_BATCH_BYTES = 900_000
/** Between looks at whether markers are written. */
const MARKED_MS = 5
/** Upper bound of the bytes that lengths and deltas add to a record, or to a header. */
const RECORD_OVERHEAD = 64
/**
 * The only writer of a shard: opening one shuts out all earlier ones.
 *
 * Each send is awaited before the next: of ten at once, this client reported ten as acknowledged while the broker had stored one. After any
 * error, open another producer.
 */
export class FencedProducer {
  private readonly kafka: KafkaClient
  private readonly producer: KafkaProducer
  private readonly consumer: KafkaConsumer
  private readonly address: KafkaAddress
  private readonly clock: Clock
  private transaction: Transaction | undefined
  /**
   * Whether a connection to a broker has ended since this was made. The broker may have been killed in the middle of the commit before, and have
   * left some of it open ({@link openPartitions}), which would be lost with the next transaction if that is aborted.
   */
  isDoubtful = false

  constructor(kafka: KafkaClient, address: KafkaAddress, transactionalId: string, clock: Clock) {
    this.kafka = kafka
    this.address = address
    this.clock = clock
    this.producer = new kafka.Producer({
      ...clientOptions(address),
      ...NEW_ID,
      idempotent: true,
      transactionalId,
      partitioner: rememberedPartitioner(kafka),
    })
    this.producer.on('client:broker:disconnect', () => {
      this.isDoubtful = true
    })
    // Fetches by partition, without joining a group.
    this.consumer = new kafka.Consumer({ ...clientOptions(address), groupId: `${address.prefix}.positions` })
  }

  /** Begins a transaction, if none has begun. The first one shuts out every earlier producer of the same id; the broker aborts what that has open. */
  async begin(): Promise<void> {
    this.transaction ??= await this.step('become the writer', this.producer.beginTransaction(NEW_ID))
  }

  /** The committed records of a partition. Final only after {@link FencedProducer.begin}: before it, others may write. */
  async read(topic: string, partition = 0): Promise<readonly CommittedRecord[]> {
    return this.step('read the positions', collect(committedRecords(this.consumer, topic, partition)))
  }

  /** The partitions of these topics in which a transaction of this writer was left open ({@link openPartitions}). After {@link FencedProducer.begin}. */
  async leftOpen(topics: readonly string[]): Promise<readonly OpenPartition[]> {
    return this.step('see which transactions are open', this.open(topics))
  }

  /** Has what is open in these partitions take effect, or none of it; waits until it is so. */
  async end(how: 'commit' | 'abort', open: readonly OpenPartition[]): Promise<void> {
    if (open.length === 0) return
    const transaction = await this.begun()
    const topics = [...new Set(open.map(({ topic }) => topic))]
    const isOpen = async () => (await this.open(topics)).some((now) => open.some((each) => isSame(now, each)))
    const end = async () => {
      // Of a message it looks only at where it belongs.
      await transaction.addPartitions(await this.consumer.metadata({ topics }), open.map(placeOf) as never)
      await transaction[how]()
      // The broker answers before its markers are written.
      while (await isOpen()) await this.clock.sleep(MARKED_MS)
    }
    await this.step('end a transaction that was left open', end())
  }

  /** The first record that is open in a partition. */
  async firstOf({ topic, partition, from }: OpenPartition): Promise<CommittedRecord | undefined> {
    const fetched = fetchFrom(this.consumer, topic, new Map([[partition, from]]))
    const [batch] = (await this.step('read what was left open', fetched))[0]?.batches ?? []
    return batch && recordsOf(batch)[0]
  }

  /** Writes records in one transaction, so that all become visible at once. */
  async commit(records: readonly NewRecord[]): Promise<void> {
    const transaction = await this.begun()
    for (const batch of batches(records)) await this.step('write entries', transaction.send({ messages: [...batch] }))
    await this.step('commit entries', transaction.commit())
  }

  async close(): Promise<void> {
    await closeClients(this.clock, this.producer, this.consumer)
  }

  private async begun(): Promise<Transaction> {
    await this.begin()
    const transaction = this.transaction as Transaction
    this.transaction = undefined
    return transaction
  }

  private open(topics: readonly string[]): Promise<readonly OpenPartition[]> {
    const { kafka, consumer, clock, producer } = this
    return openPartitions(kafka, consumer, producer.producerId ?? -1n, topics, clock)
  }

  private step<T>(doing: string, work: Promise<T>): Promise<T> {
    const { address, clock } = this
    return withDeadline(work, { doing, address, clock, giveUp: () => void this.close() })
  }
}

/**
 * The hash that Java's clients choose a partition by; the default of this client differs where the number of partitions is no power of two. It
 * is computed with big integers: once for a key that is the same object in many records.
 */
export function rememberedPartitioner({
  compatibilityPartitioner,
}: Pick<KafkaClient, 'compatibilityPartitioner'>): (message: unknown, key?: Buffer) => number {
  const known = new WeakMap<Buffer, number>()
  return (message, key) => {
    if (key === undefined) return 0
    const found = known.get(key) ?? compatibilityPartitioner(message as never, key)
    known.set(key, found)
    return found
  }
}

/** Splits records by size: a send is one batch for each partition, and the broker limits the size of a batch. */
export function* batches(
  records: readonly NewRecord[],
  max: number = MAX_BATCH_BYTES,
): Generator<readonly NewRecord[]> {
  let from = 0
  let bytes = 0
  for (const [i, record] of records.entries()) {
    const size = sizeOf(record)
    if (i > from && bytes + size > max) {
      yield records.slice(from, i)
      from = i
      bytes = 0
    }
    bytes += size
  }
  if (from < records.length) yield records.slice(from)
}

function sizeOf({ key, value, headers }: NewRecord): number {
  let size = RECORD_OVERHEAD + key.length + value.length
  for (const [name, text] of headers ?? []) size += name.length + text.length + 8
  return size
}

const placeOf = ({ topic, partition }: OpenPartition) => ({ topic, partition })

const isSame = (one: OpenPartition, other: OpenPartition): boolean =>
  one.topic === other.topic && one.partition === other.partition

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
