import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { LogInfo } from '../types/log.js'
import { messageOf } from '../util/message-of.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer, type KafkaProducer, NEW_ID } from './client.js'
import { closeClients } from './close-clients.js'
import { committedRecords } from './committed-records.js'
import { withDeadline } from './deadline.js'

/** The shard that a log was put into when it was first seen. */
interface Place {
  readonly shard: string
  readonly operator: string
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
  private readonly address: KafkaAddress
  private readonly clock: Clock
  private readonly consumer: KafkaConsumer
  private readonly producer: KafkaProducer
  /** Runs steps one after another: the producer must have only one send in flight. */
  private turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: KafkaClient, address: KafkaAddress, topic: string, clock: Clock) {
    this.topic = topic
    this.address = address
    this.clock = clock
    this.consumer = new kafka.Consumer({ ...clientOptions(address, 30_000), groupId: `${address.prefix}.assign` })
    this.producer = new kafka.Producer({ ...clientOptions(address, 30_000), ...NEW_ID, idempotent: true })
  }

  /** The operators of the logs in a shard. */
  operatorsOf(shard: string): ReadonlySet<string> {
    const operators = new Set<string>()
    for (const place of this.logs.values()) if (place.shard === shard) operators.add(place.operator)
    return operators
  }

  /** Adds a log to a shard, unless it is in one already. */
  put(log: LogInfo, shard: string): Promise<string> {
    const put = async () => {
      const known = this.logs.get(log.id)
      if (known !== undefined) return known.shard
      const value = Buffer.from(JSON.stringify({ shard, operator: log.operator }))
      const messages = [{ topic: this.topic, partition: 0, key: Buffer.from(log.id), value }]
      await this.step('put a log into a shard', this.producer.send({ messages }))
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
    await closeClients(this.clock, this.producer, this.consumer)
  }

  private next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => undefined)
    return done
  }

  private async load(): Promise<void> {
    const logs = new Map<string, Place>()
    await this.step('read which log is in which shard', this.collect(logs))
    this.logs = logs
    this.shards = [...new Set([...logs.values()].map(({ shard }) => shard))]
  }

  private async collect(logs: Map<string, Place>): Promise<void> {
    for await (const { key, value } of committedRecords(this.consumer, this.topic)) {
      const logId = key?.toString('utf8') ?? ''
      if (!logs.has(logId)) logs.set(logId, placeFrom(value, this.topic))
    }
  }

  private step<T>(doing: string, work: Promise<T>): Promise<T> {
    const { address, clock } = this
    return withDeadline(work, { doing, address, clock, giveUp: () => void this.close() })
  }
}

function placeFrom(value: Buffer | null, topic: string): Place {
  try {
    const { shard, operator } = JSON.parse(String(value)) as Record<string, unknown>
    if (typeof shard !== 'string' || typeof operator !== 'string') throw new TypeError('neither shard nor operator')
    return { shard, operator }
  } catch (cause) {
    throw new CtStreamError(
      'CT_CHECKPOINT_UNUSABLE',
      `the Kafka topic ${topic} has a record that puts no log into a shard (${messageOf(cause)}): use another prefix in the URL`,
      { cause },
    )
  }
}
