import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient } from './client.js'
import { committedRecords } from './committed-records.js'
import { withDeadline } from './deadline.js'
import { topicNames } from './topic-names.js'
import { placeOf } from './unit-place.js'

/**
 * Refuses a prefix that is written in the other way: by a process alone, or by a cluster. Each has its own positions and does not see the
 * other's, so that both together would write every entry twice.
 *
 * @param isAlone - Whether the caller writes alone.
 * @throws {@link CtStreamError} `CT_CHECKPOINT_CONFLICT`; else as `kafkaError` makes it.
 */
export async function refuseOtherMode(
  kafka: KafkaClient,
  address: KafkaAddress,
  isAlone: boolean,
  clock: Clock,
): Promise<void> {
  const alone = placeOf(address, undefined).positions
  const positions = await topicNames(kafka, address, clock, 'positions.')
  const consumer = new kafka.Consumer({ ...clientOptions(address), groupId: `${address.prefix}.positions` })
  const giveUp = () => void Promise.resolve(consumer.close(true)).catch(() => {})
  const find = async () => {
    for (const topic of positions)
      if ((topic === alone) !== isAlone) for await (const _ of committedRecords(consumer, topic)) return topic
    return undefined
  }
  try {
    const found = await withDeadline(find(), { doing: 'see who writes', address, clock, giveUp })
    if (found === undefined) return
    throw new CtStreamError(
      'CT_CHECKPOINT_CONFLICT',
      `${isAlone ? 'several processes share' : 'a process alone writes'} ${address.shown} (it has the topic ${found}): use another prefix in the URL`,
    )
  } finally {
    giveUp()
  }
}
