import { KeyedStore } from '../checkpoint/keyed-store.js'
import type { KafkaShard } from '../kafka/shard.js'

/** Stores the positions of a shard, for sinks that keep none. */
export class LeasedStore extends KeyedStore {
  private readonly shard: KafkaShard

  constructor(shard: KafkaShard) {
    super({
      get state() {
        return shard.state
      },
      commit: (rows) => shard.commit(rows, () => ({ records: [] })),
      put: (record) => shard.put(record),
    })
    this.shard = shard
  }

  override open(): Promise<void> {
    return this.shard.open(false)
  }

  override close(): Promise<void> {
    return this.shard.close()
  }
}
