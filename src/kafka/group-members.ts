import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient } from './client.js'
import { withDeadline } from './deadline.js'

/** A member of a consumer group, as the broker reports it. */
export interface GroupMemberState {
  /** Its client id. */
  readonly name: string
  /** The partitions that it was assigned. */
  readonly share: ReadonlySet<number>
}

const DESCRIBE_MS = 3000

/**
 * Members that the broker has heard of within their session, with their partitions of a topic.
 *
 * @returns `undefined` while they are being shared anew.
 * @throws {@link CtStreamError} as `withDeadline`.
 */
export async function groupMembers(
  kafka: KafkaClient,
  address: KafkaAddress,
  { group, topic, clock }: { readonly group: string; readonly topic: string; readonly clock: Clock },
): Promise<readonly GroupMemberState[] | undefined> {
  const admin = new kafka.Admin(clientOptions(address))
  const giveUp = () => void admin.close().catch(() => {})
  try {
    const work = admin.describeGroups({ groups: [group] })
    const groups = await withDeadline(work, { doing: 'see who works', address, clock, giveUp, timeoutMs: DESCRIBE_MS })
    const found = groups.get(group)
    if (found === undefined || found.state === 'DEAD' || found.state === 'EMPTY') return []
    if (found.state !== 'STABLE') return undefined
    return [...found.members.values()].map(({ clientId, assignments }) => ({
      name: clientId,
      share: new Set(assignments?.get(topic)?.partitions),
    }))
  } finally {
    giveUp()
  }
}
