import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { LogInfo } from '../types/log.js'
import { messageOf } from '../util/message-of.js'
import type { KafkaAddress } from './address.js'
import type { KafkaClient } from './client.js'
import { RecordList } from './record-list.js'

/** The shard that a log was put into when it was first seen. */
interface Place {
  readonly shard: string
  readonly operator: string
  /** As its list had it then; empty in a record of an earlier version. */
  readonly description: string
  readonly url: string
}

/**
 * Which log is in which shard, permanently: a list where the first record of each log counts. Shards are numbered in the order in which they
 * appear.
 */
export class ShardDirectory {
  /** Names of shards, by number. */
  shards: readonly string[] = []
  private logs: ReadonlyMap<string, Place> = new Map()
  private readonly topic: string
  private readonly list: RecordList

  constructor(kafka: KafkaClient, address: KafkaAddress, topic: string, clock: Clock) {
    this.topic = topic
    this.list = new RecordList(kafka, address, topic, clock)
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
  async put(log: LogInfo, shard: string): Promise<string> {
    const known = this.logs.get(log.id)
    if (known !== undefined) return known.shard
    const { operator, description, url } = log
    await this.list.append('put a log into a shard', log.id, { shard, operator, description, url })
    await this.read()
    return this.logs.get(log.id)?.shard ?? shard
  }

  /** Reads what other members have added. */
  async read(): Promise<void> {
    const logs = new Map<string, Place>()
    for (const { key, value } of await this.list.read('read which log is in which shard')) {
      const logId = String(key ?? '')
      if (!logs.has(logId)) logs.set(logId, placeFrom(value, this.topic))
    }
    this.logs = logs
    this.shards = [...new Set([...logs.values()].map(({ shard }) => shard))]
  }

  close(): Promise<void> {
    return this.list.close()
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
