import { kafkaAddress } from '../kafka/address.js'
import type { Clock } from '../types/clock.js'
import type { BackfillPlace } from './backfill-place.js'
import { refuseForQueue, sharedParts } from './open-cluster.js'

/** Who takes part in backfills. */
export interface BackfillMember {
  /** Unique among processes. */
  readonly member: string
  /** How long a silent member keeps its range; the same for all members. Milliseconds. */
  readonly leaseMs: number
  readonly clock: Clock
}

/**
 * The backfills of an engine, for one member. Loads its client and connects.
 *
 * @param url - As for `openSink`, of a Postgres database or a Kafka cluster. With `backfilled=true` in that of Kafka, entries are written as
 * processors read them.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for another URL, which the message does not show: it may contain a password; else as the
 * engine.
 */
export async function openBackfills(url: string, { member, leaseMs, clock }: BackfillMember): Promise<BackfillPlace> {
  const { engine, rest, options } = sharedParts(url)
  if (engine.schemes.includes('kafka')) {
    const { KafkaBackfills } = await import('./kafka-backfills.js')
    const sink = kafkaAddress(rest).backfilled ? { body: 'leaf', ...options } : options
    if (sink !== options) refuseForQueue(sink)
    return KafkaBackfills.open({ url: rest, sink, member, leaseMs, clock })
  }
  const { PostgresBackfills } = await import('./postgres-backfills.js')
  return PostgresBackfills.open(rest, options, { member, leaseMs, now: () => clock.now() })
}
