import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { LogInfo } from '../types/log.js'
import { messageOf } from '../util/message-of.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer, type KafkaProducer, NEW_ID } from './client.js'
import { committedRecords } from './committed-records.js'
import { RenewedClient } from './renewed-client.js'

/** The shard that a log was put into when it was first seen. */
interface Place {
  readonly shard: string
  readonly operator: string
  /** As its list had it then; empty in a record of an earlier version. */
  readonly description: string
  readonly url: string
}

/**
 * Which log is in which shard, permanently: records in the first partition of a topic, where the first record of each log counts.
 *
 * No lock is needed: when several members add one log at once, all of them read the records in the same order and agree on the first.
 * Shards are numbered in the order in which they appear.
 */
export class ShardDirectory {
  /** Names of shards, by number. */
  shards: readonly string[] = []
  private logs: ReadonlyMap<string, Place> = new Map()
  private readonly topic: string
  private readonly consumer: RenewedClient<KafkaConsumer>
  private readonly producer: RenewedClient<KafkaProducer>
  /** Runs steps one after another: the producer must have only one send in flight. */
  private turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: KafkaClient, address: KafkaAddress, topic: string, clock: Clock) {
    this.topic = topic
    const options = clientOptions(address)
    const reading = { ...options, groupId: `${address.prefix}.assign` }
    this.consumer = new RenewedClient(address, clock, () => new kafka.Consumer(reading))
    this.producer = new RenewedClient(
      address,
      clock,
      () => new kafka.Producer({ ...options, ...NEW_ID, idempotent: true }),
    )
  }

  /** The operators of the logs in a shard. */
  operatorsOf(shard: string): ReadonlySet<string> {
    const operators = new Set<string>()
    for (const place of this.logs.values()) if (place.shard === shard) operators.add(place.operator)
    return operators
  }

  /** The logs in a shard, in the order in which they were put into it. */
  logsOf(shard: string): readonly Pick<LogInfo, 'id' | 'operator' | 'description' | 'url'>[] {
    return [...this.logs]
      .filter(([, place]) => place.shard === shard)
      .map(([id, { operator, description, url }]) => ({ id, operator, description, url }))
  }

  /** Adds a log to a shard, unless it is in one already. */
  put(log: LogInfo, shard: string): Promise<string> {
    const put = async () => {
      const known = this.logs.get(log.id)
      if (known !== undefined) return known.shard
      const { operator, description, url } = log
      const value = Buffer.from(JSON.stringify({ shard, operator, description, url }))
      const messages = [{ topic: this.topic, partition: 0, key: Buffer.from(log.id), value }]
      await this.producer.use('put a log into a shard', (producer) => producer.send({ messages }))
      await this.load()
      return this.logs.get(log.id)?.shard ?? shard
    }
    return this.next(put)
  }

  /** Reads what other members have added. */
  read(): Promise<void> {
    return this.next(() => this.load())
  }

  async close(): Promise<void> {
    await Promise.all([this.producer.close(), this.consumer.close()])
  }

  private next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => undefined)
    return done
  }

  private async load(): Promise<void> {
    const logs = await this.consumer.use('read which log is in which shard', (consumer) => this.collect(consumer))
    this.logs = logs
    this.shards = [...new Set([...logs.values()].map(({ shard }) => shard))]
  }

  private async collect(consumer: KafkaConsumer): Promise<ReadonlyMap<string, Place>> {
    const logs = new Map<string, Place>()
    for await (const { key, value } of committedRecords(consumer, this.topic)) {
      const logId = key?.toString('utf8') ?? ''
      if (!logs.has(logId)) logs.set(logId, placeFrom(value, this.topic))
    }
    return logs
  }
}

function placeFrom(value: Buffer | null, topic: string): Place {
  try {
    const { shard, operator, description = '', url = '' } = JSON.parse(String(value)) as Record<string, unknown>
    if (typeof shard !== 'string' || typeof operator !== 'string') throw new TypeError('neither shard nor operator')
    return { shard, operator, description: String(description), url: String(url) }
  } catch (cause) {
    throw new CtStreamError(
      'CT_CHECKPOINT_UNUSABLE',
      `the Kafka topic ${topic} has a record that puts no log into a shard (${messageOf(cause)}): use another prefix in the URL`,
      { cause },
    )
  }
}
