import { redisAddress } from '../../redis/address.js'
import type { QueueSource, QueueSourceOptions } from '../../types/queue.js'
import { EngineSource } from '../engine-source.js'
import { sourceSettings } from '../source-settings.js'
import { RedisEngine } from './engine.js'
import { SINK_PARAMETERS } from './parked.js'

/**
 * Reads entries that a `redisSink` with `body: 'leaf'` wrote, as one of several processors.
 *
 * Processors of a group share the streams that the set `<prefix>:streams` names: each is leased to one of them, by the server's clock.
 * Watermarks are in the hash `<prefix>:marks:<group>`, parked entries in `<prefix>:parked:<group>`, gaps in `<prefix>:missed:<group>`.
 * `chain()` of an entry of a static-ct log rejects with `CT_SINK_FAILED`; `cursor` is empty.
 *
 * @param url - As for `redisSink`, with the same prefix; parameters of the sink alone have no effect.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; reading: `CT_SINK_FAILED`, `CT_CHECKPOINT_UNUSABLE`, `CT_PEER_MISSING`.
 */
export function redisQueueSource(url: string, options: QueueSourceOptions): QueueSource {
  const address = redisAddress(url, SINK_PARAMETERS)
  const settings = sourceSettings(options)
  return new EngineSource(new RedisEngine({ ...settings, address }), settings)
}
