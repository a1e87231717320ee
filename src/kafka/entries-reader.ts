import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer } from './client.js'
import {
  byLeader,
  EARLIEST,
  type FetchedPartition,
  fetchFrom,
  LATEST,
  offsetOf,
  offsetsOf,
  topicIdOf,
} from './committed-records.js'
import type { LogDirectory } from './log-directory.js'
import { RenewedClient } from './renewed-client.js'
import { topicNames } from './topic-names.js'

/** What there is of a partition. */
export interface EntriesBounds {
  /** As `FetchedPartition.topicId`. */
  readonly topicId: string
  readonly earliest: bigint
  /** Exclusive. */
  readonly latest: bigint
}

/** Reads partitions of the entries' topic, by their numbers and offsets. */
export class EntriesReader {
  private readonly kafka: KafkaClient
  private readonly address: KafkaAddress
  private readonly topic: string
  private readonly clock: Clock
  private readonly consumer: RenewedClient<KafkaConsumer>

  constructor(kafka: KafkaClient, address: KafkaAddress, topic: string, clock: Clock) {
    this.kafka = kafka
    this.address = address
    this.topic = topic
    this.clock = clock
    const options = { ...clientOptions(address), groupId: `${address.prefix}.reading` }
    this.consumer = new RenewedClient(address, clock, () => new kafka.Consumer(options))
  }

  /** How many partitions there are. */
  partitions(): Promise<number> {
    return this.consumer.use('see the partitions', async (consumer) => {
      const { topics } = await consumer.metadata({ topics: [this.topic], forceUpdate: true })
      return topics.get(this.topic)?.partitions.length ?? 0
    })
  }

  /** The first offset that is there, and the exclusive end. */
  bounds(partition: number): Promise<EntriesBounds> {
    return this.consumer.use('see what there is', async (consumer) => ({
      // First: should another one take its place meanwhile, that is seen the next time.
      topicId: await topicIdOf(consumer, this.topic, true),
      earliest: await offsetOf(consumer, this.topic, partition, EARLIEST),
      latest: await offsetOf(consumer, this.topic, partition, LATEST),
    }))
  }

  /** The exclusive ends of partitions, by number. */
  ends(partitions: readonly number[]): Promise<ReadonlyMap<number, bigint>> {
    return this.consumer.use('see what there is', (consumer) => offsetsOf(consumer, this.topic, partitions, LATEST))
  }

  /** As {@link byLeader}. */
  byLeader(partitions: Iterable<number>): Promise<ReadonlyMap<number, readonly number[]>> {
    return this.consumer.use('see who leads', (consumer) => byLeader(consumer, this.topic, partitions))
  }

  /** As {@link fetchFrom}. */
  fetch(from: ReadonlyMap<number, bigint>, waitMs: number): Promise<readonly FetchedPartition[]> {
    return this.consumer.use('read entries', (consumer) => fetchFrom(consumer, this.topic, from, waitMs))
  }

  /** Reads again which logs there are. */
  async readLogs(logs: LogDirectory): Promise<void> {
    const topics = await topicNames(this.kafka, this.address, this.clock, 'positions.')
    return this.consumer.use('read which logs there are', (consumer) => logs.read(topics, consumer))
  }

  /** Reads again how far one log was written. */
  readLog(logs: LogDirectory, logId: string): Promise<void> {
    return this.consumer.use('read how far a log was written', (consumer) => logs.readOne(logId, consumer))
  }

  async close(): Promise<void> {
    await this.consumer.close()
  }
}
