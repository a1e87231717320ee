import { ownerRecord } from '../checkpoint/keyed-records.js'
import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import type { KafkaClient } from './client.js'
import { FencedProducer } from './fenced-producer.js'
import { refuseOtherMode } from './other-mode.js'
import { positionsRecord, ShardState } from './shard-state.js'
import { makeTopics, placeOf, positionsTopic } from './topics.js'

/**
 * Takes a shard for a new owner: shuts out the one before, and raises the epoch. No two callers get the same epoch.
 *
 * @returns The new epoch.
 * @throws {@link CtStreamError} `CT_LEASE_LOST` when another owner took it at the same time; `CT_CHECKPOINT_CONFLICT` where a process
 * writes alone; else as {@link KafkaShard.open}.
 */
export async function takeShard(
  kafka: KafkaClient,
  address: KafkaAddress,
  unit: string,
  clock: Clock,
): Promise<number> {
  const { positions, transactionalId } = placeOf(address, unit)
  await refuseOtherMode(kafka, address, false, clock)
  await makeTopics(kafka, address, [positionsTopic(positions)], clock)
  const producer = new FencedProducer(kafka, address, transactionalId, clock)
  try {
    await producer.begin()
    const { owner } = new ShardState(positions, await producer.read(positions))
    const epoch = owner.epoch + 1
    await producer.commit([positionsRecord(positions, ownerRecord({ epoch, name: '' }))])
    return epoch
  } finally {
    await producer.close()
  }
}
