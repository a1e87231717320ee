import { natsAddress } from '../../nats/address.js'
import type { QueueSource, QueueSourceOptions } from '../../types/queue.js'
import { EngineSource } from '../engine-source.js'
import { sourceSettings } from '../source-settings.js'
import { NatsEngine } from './engine.js'

/**
 * Reads entries that a `natsSink` with `body: 'leaf'` wrote, as one of several processors.
 *
 * Processors of a group share the logs. Their leases and watermarks, what is parked and what is missing are records of the stream
 * `<prefix>_group_…` of the group. When a lease has expired, the server's clock says. `chain()` of an entry of a static-ct log rejects with
 * `CT_SINK_FAILED`; `cursor` is empty.
 *
 * @param url - As for `natsSink`, with the same prefix; `replicas` is that of the group's stream.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; reading: `CT_SINK_FAILED`, `CT_CHECKPOINT_UNUSABLE`, `CT_PEER_MISSING`.
 */
export function natsQueueSource(url: string, options: QueueSourceOptions): QueueSource {
  const address = natsAddress(url)
  const settings = sourceSettings(options)
  return new EngineSource(new NatsEngine({ ...settings, address }), settings)
}
