import { type KeyedRecord, KeyedState } from '../checkpoint/keyed-records.js'
import type { CommittedRecord } from './committed-records.js'
import type { NewRecord } from './fenced-producer.js'
import type { UnitPlace } from './unit-place.js'

/** Owner and positions of a shard, from its topic of positions. */
export class ShardState extends KeyedState {
  /** @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for a topic that another program has written. */
  constructor({ positions, keys }: UnitPlace, records: Iterable<Pick<CommittedRecord, 'key' | 'value'>>) {
    super(`the Kafka topic ${positions}`, keyedRecords(keys, records))
  }
}

function* keyedRecords(
  keys: string,
  records: Iterable<Pick<CommittedRecord, 'key' | 'value'>>,
): Generator<KeyedRecord> {
  for (const { key, value } of records) {
    const name = String(key ?? '')
    if (key !== null && value !== null && name.startsWith(keys))
      yield { key: name.slice(keys.length), value: value.toString('utf8') }
  }
}

/** As it stands in the topic of positions. */
export const positionsRecord = ({ positions, keys }: UnitPlace, { key, value }: KeyedRecord): NewRecord => ({
  topic: positions,
  partition: 0,
  key: Buffer.from(keys + key),
  value: Buffer.from(value),
})
