import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient } from './client.js'
import { withDeadline } from './deadline.js'

/** Names of the topics of a prefix that go on with `rest`, such as `positions.`: one for each unit that was ever written. */
export async function topicNames(
  kafka: KafkaClient,
  address: KafkaAddress,
  clock: Clock,
  rest: string,
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
    return topics.filter((name) => name.startsWith(`${address.prefix}.${rest}`))
  } finally {
    giveUp()
  }
}
