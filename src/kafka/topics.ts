import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaAdmin, type KafkaClient } from './client.js'
import { withDeadline } from './deadline.js'
import { apiIds } from './errors.js'

/** How a missing topic is made. One that exists is not changed. */
export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly configs?: Readonly<Record<string, string>>
}

export const entriesTopic = (name: string, { partitions }: KafkaAddress): NewTopic => ({ name, partitions })

/** Compacted, as only the last record of a key counts; in small segments, as opening a shard reads all of it. */
export const positionsTopic = (name: string): NewTopic => ({
  name,
  partitions: 1,
  configs: { 'cleanup.policy': 'compact', 'segment.bytes': String(2 ** 24), 'min.cleanable.dirty.ratio': '0.1' },
})

/** How far each group of processors is: one partition for each of the entries' topic. */
export const marksTopic = (name: string, partitions: number): NewTopic => ({ ...positionsTopic(name), partitions })

/** The issuers that whole entries name: DER by the hex of its SHA-256. */
export const issuersTopic = ({ prefix }: KafkaAddress): NewTopic => positionsTopic(`${prefix}.issuers`)

/** What processors have set aside: the last record of a key counts. */
export const parkedTopic = ({ prefix }: KafkaAddress): NewTopic => positionsTopic(`${prefix}.parked`)

/** Most shards that are assigned one by one; when there are more, several share a slot. */
export const SLOTS = 64

const keptForEver = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' } as const

/** Its first partition records which log is in which shard; the group assigns its partitions, one for each slot. */
export const assignTopic = ({ prefix }: KafkaAddress): NewTopic => ({
  name: `${prefix}.assign`,
  partitions: SLOTS,
  configs: keptForEver,
})

/** Which backfills there are, and which of them ended: the first record counts. */
export const backfillsTopic = ({ prefix }: KafkaAddress): NewTopic => ({
  name: `${prefix}.backfills`,
  partitions: 1,
  configs: keptForEver,
})

/**
 * Makes the topics that are missing. Which are there, any broker can tell; whether one can be made, only the controller, for which brokers wait
 * half a minute when it is suspended.
 */
export async function makeTopics(
  kafka: KafkaClient,
  address: KafkaAddress,
  topics: readonly NewTopic[],
  clock: Clock,
): Promise<void> {
  const admin = new kafka.Admin(clientOptions(address))
  const make = async () => {
    const there = new Set(await admin.listTopics({ includeInternals: false }))
    for (const topic of topics) if (!there.has(topic.name)) await ensureTopic(admin, address, topic)
  }
  try {
    await withDeadline(make(), {
      doing: 'make the topics',
      address,
      clock,
      giveUp: () => void admin.close().catch(() => {}),
    })
  } finally {
    await admin.close().catch(() => {})
  }
}

/** Has a topic have so many partitions; one with more is not changed. Logs stay where they are: what is in it goes by partition, not by key. */
export async function widenTopic(
  kafka: KafkaClient,
  address: KafkaAddress,
  { name, partitions }: NewTopic,
  clock: Clock,
): Promise<void> {
  const admin = new kafka.Admin(clientOptions(address))
  const isNarrow = async () => {
    const { topics } = await admin.metadata({ topics: [name], forceUpdate: true })
    return (topics.get(name)?.partitions.length ?? 0) < partitions
  }
  const widen = async () => {
    if (!(await isNarrow())) return
    try {
      await admin.createPartitions({ topics: [{ name, count: partitions }] })
    } catch (error) {
      // Another processor may have done it meanwhile.
      if (await isNarrow()) throw error
    }
  }
  try {
    await withDeadline(widen(), {
      doing: `add partitions to ${name}, which takes the right to alter it`,
      address,
      clock,
      giveUp: () => void admin.close().catch(() => {}),
    })
  } finally {
    await admin.close().catch(() => {})
  }
}

async function ensureTopic(admin: KafkaAdmin, address: KafkaAddress, topic: NewTopic): Promise<void> {
  try {
    await admin.createTopics({
      topics: [topic.name],
      partitions: topic.partitions,
      replicas: address.replication ?? -1,
      ...(topic.configs !== undefined && {
        configs: Object.entries(topic.configs).map(([name, value]) => ({ name, value })),
      }),
    })
  } catch (error) {
    if (![...apiIds(error)].includes('TOPIC_ALREADY_EXISTS')) throw error
  }
}
