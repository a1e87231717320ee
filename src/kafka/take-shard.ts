import { type KeyedRecord, type Owner, ownerRecord } from '../checkpoint/keyed-records.js'
import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import type { KafkaClient } from './client.js'
import { FencedProducer } from './fenced-producer.js'
import { endLeftOpen } from './left-open.js'
import { refuseOtherMode } from './other-mode.js'
import { positionsRecord, ShardState } from './shard-state.js'
import { makeTopics, positionsTopic } from './topics.js'
import { placeOf, type ReadUnit, type UnitPlace } from './unit-place.js'

/** What to write for a new owner of a unit, given what the topic has; `undefined`: nothing, the unit is left alone. */
type Taking = (state: ShardState) => { readonly owner: Owner; readonly records?: readonly KeyedRecord[] } | undefined

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
  const place = placeOf(address, unit)
  await refuseOtherMode(kafka, address, false, clock)
  await makeTopics(kafka, address, [positionsTopic(place.positions)], clock)
  const taken = await takeUnit({ kafka, address, clock, place }, ({ owner }) => ({
    owner: { epoch: owner.epoch + 1, name: '' },
  }))
  return (taken as Owner).epoch
}

/**
 * Shuts out the writer of a unit, and writes another owner.
 *
 * @param taking - Decides on what no other process can change meanwhile; also before that, so that nobody is shut out in vain.
 * @param read - Default: reads the whole topic of positions.
 * @returns The new owner; `undefined` where `taking` returned nothing.
 * @throws {@link CtStreamError} `CT_LEASE_LOST` when another process did so at the same time.
 */
export async function takeUnit(
  {
    kafka,
    address,
    clock,
    place,
    read: readRecords,
  }: {
    readonly kafka: KafkaClient
    readonly address: KafkaAddress
    readonly clock: Clock
    readonly place: UnitPlace
    readonly read?: ReadUnit
  },
  taking: Taking,
): Promise<Owner | undefined> {
  const producer = new FencedProducer(kafka, address, place.transactionalId, clock)
  const state = async () => new ShardState(place, await (readRecords?.() ?? producer.read(place.positions)))
  const read = async () => taking(await state())
  try {
    if ((await read()) === undefined) return undefined
    await producer.begin()
    await endLeftOpen(producer, place, [place.positions], state)
    const taken = await read()
    if (taken === undefined) return undefined
    const { owner, records = [] } = taken
    await producer.commit([ownerRecord(owner), ...records].map((record) => positionsRecord(place, record)))
    return owner
  } finally {
    await producer.close()
  }
}
