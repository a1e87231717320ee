import type { KafkaAddress } from './address.js'
import type { KafkaAdmin } from './client.js'
import { apiIds } from './errors.js'

/**
 * Makes a topic unless it is there. One made by hand stays as it is.
 *
 * @param compacted - Whether the last record of a key is what counts. Segments are small then: all of it is read when a sink is opened.
 */
export async function ensureTopic(
  admin: KafkaAdmin,
  address: KafkaAddress,
  topic: string,
  partitions: number,
  compacted: boolean,
): Promise<void> {
  try {
    await admin.createTopics({
      topics: [topic],
      partitions,
      replicas: address.replication ?? -1,
      ...(compacted && {
        configs: [
          { name: 'cleanup.policy', value: 'compact' },
          { name: 'segment.bytes', value: String(2 ** 24) },
          { name: 'min.cleanable.dirty.ratio', value: '0.1' },
        ],
      }),
    })
  } catch (error) {
    if (![...apiIds(error)].includes('TOPIC_ALREADY_EXISTS')) throw error
  }
}
