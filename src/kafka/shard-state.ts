import { type KeyedRecord, KeyedState } from '../checkpoint/keyed-records.js'
import type { CommittedRecord } from './committed-records.js'
import type { NewRecord } from './fenced-producer.js'

/** Owner and positions of a shard, from its topic of positions. */
export class ShardState extends KeyedState {
  /** @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for a topic that another program has written. */
  constructor(topic: string, records: readonly CommittedRecord[]) {
    super(`the Kafka topic ${topic}`, keyedRecords(records))
  }
}

function* keyedRecords(records: readonly CommittedRecord[]): Generator<KeyedRecord> {
  for (const { key, value } of records)
    if (key !== null && value !== null) yield { key: key.toString('utf8'), value: value.toString('utf8') }
}

/** A record of a topic of one partition. */
export const positionsRecord = (topic: string, { key, value }: KeyedRecord): NewRecord => ({
  topic,
  partition: 0,
  key: Buffer.from(key),
  value: Buffer.from(value),
})
