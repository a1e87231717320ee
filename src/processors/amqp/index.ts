import { amqpAddress } from '../../amqp/address.js'
import type { QueueSource, QueueSourceOptions } from '../../types/queue.js'
import { EngineSource } from '../engine-source.js'
import { sourceSettings } from '../source-settings.js'
import { AmqpEngine } from './engine.js'

/** An acknowledgement waits no longer by default: the server sends only some pages ahead of what is acknowledged. Milliseconds. */
const COMMIT_INTERVAL_MS = 200

/**
 * Reads entries that a `rabbitMqSink` with `body: 'leaf'` wrote, as one of several processors.
 *
 * A group has a quorum queue, `<prefix>.entries.<group>`, which the sink makes for the groups in its URL; for others their first processor
 * does, and they begin with what comes from then on. One processor of a group at a time gets entries, of all logs; the others stand by. At
 * least once. `leaseMs` is twice the heartbeat. No gaps are recorded: a queue does not say what it has lost. `chain()` of an entry of a static-ct
 * log rejects with `CT_SINK_FAILED`; `cursor` is empty. `commitIntervalMs`: default 200.
 *
 * @param url - As for `rabbitMqSink`, with the same prefix; `groups` is ignored.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, also for a group that is no part of a queue's name; reading: `CT_SINK_FAILED`,
 * `CT_CHECKPOINT_UNUSABLE`, `CT_PEER_MISSING`.
 */
export function amqpQueueSource(url: string, options: QueueSourceOptions): QueueSource {
  const address = amqpAddress(url)
  const settings = sourceSettings({ commitIntervalMs: COMMIT_INTERVAL_MS, ...options })
  return new EngineSource(new AmqpEngine({ ...settings, address }), settings)
}
