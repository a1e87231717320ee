import type { JetStreamManager } from '@nats-io/jetstream'
import { CtStreamError } from '../errors.js'
import { sha256Hex } from '../util/hash.js'
import type { NatsAddress } from './address.js'
import { streamInfo } from './stream.js'

/** The stream of a group of processors: the last message of each subject is a record. */
export interface GroupStream {
  readonly name: string
  /** All subjects begin with it, and with `.live.` (what processors watch), `.parked.` or `.gap.` behind it. */
  readonly base: string
}

export function groupStream({ prefix }: NatsAddress, group: string): GroupStream {
  const hash = sha256Hex(Buffer.from(group)).slice(0, 16)
  return { name: `${prefix}_group_${hash}`, base: `${prefix}.group.${hash}` }
}

/** The streams of all groups of a prefix. @throws what the client throws. */
export async function groupStreams(
  manager: JetStreamManager,
  { prefix }: NatsAddress,
): Promise<readonly GroupStream[]> {
  const found: GroupStream[] = []
  for await (const name of manager.streams.names(`${prefix}.group.*.parked.>`)) {
    const [, hash] = name.split('_group_')
    if (hash !== undefined && name.startsWith(`${prefix}_group_`)) found.push({ name, base: `${prefix}.group.${hash}` })
  }
  return found
}

/**
 * Makes the stream if it is missing.
 *
 * @throws {@link CtStreamError} `CT_SINK_FAILED` for one that would lose records; what the client throws.
 */
export async function ensureGroupStream(
  manager: JetStreamManager,
  address: NatsAddress,
  { name, base }: GroupStream,
): Promise<void> {
  const config = {
    subjects: [`${base}.>`],
    storage: 'file',
    retention: 'limits',
    max_msgs_per_subject: 1,
    max_age: 0,
    max_msgs: -1,
    max_bytes: -1,
  } as const
  const info =
    (await streamInfo(manager, name)) ??
    (await manager.streams.add({
      ...config,
      name,
      num_replicas: address.replicas,
      duplicate_window: 1_000_000_000,
    } as never))
  for (const [setting, wanted] of Object.entries(config)) {
    const is = info.config[setting as keyof typeof config]
    if (JSON.stringify(is) !== JSON.stringify(wanted))
      throw new CtStreamError(
        'CT_SINK_FAILED',
        `the NATS stream ${name} has ${setting} ${JSON.stringify(is)}: it must be ${JSON.stringify(wanted)}; delete it to begin anew, or use another prefix in the URL`,
      )
  }
}
