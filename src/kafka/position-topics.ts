import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient } from './client.js'
import { withDeadline } from './deadline.js'

/** Names of the topics of positions that a prefix has: one for each unit that was ever written. */
export async function positionTopics(
  kafka: KafkaClient,
  address: KafkaAddress,
  clock: Clock,
): Promise<readonly string[]> {
  const admin = new kafka.Admin(clientOptions(address))
  const giveUp = () => void admin.close().catch(() => {})
  try {
    const topics = await withDeadline(admin.listTopics({ includeInternals: false }), {
      doing: 'see which topics there are',
      address,
      clock,
      giveUp,
    })
    return topics.filter((name) => name.startsWith(`${address.prefix}.positions.`))
  } finally {
    giveUp()
  }
}
