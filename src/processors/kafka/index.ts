import { kafkaAddress } from '../../kafka/address.js'
import type { QueueSource, QueueSourceOptions } from '../../types/queue.js'
import { EngineSource } from '../engine-source.js'
import { sourceSettings } from '../source-settings.js'
import { KafkaEngine } from './engine.js'

/**
 * Reads entries that a `kafkaSink` with `body: 'leaf'` and the key `log` wrote, as one of several processors.
 *
 * Processors of a group share the partitions of `<prefix>.entries`, so that no more of them have work than there are partitions. Watermarks
 * are in the compacted topic `<prefix>.marks.…` of the group, parked entries in `<prefix>.parked`. `leaseMs` is the session of the consumer
 * group: brokers take 6,000 at least, unless `group.min.session.timeout.ms` says otherwise. `chain()` of an entry of a static-ct log
 * rejects with `CT_SINK_FAILED`; `cursor` is empty.
 *
 * @param url - As for `kafkaSink`, with the same prefix.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; reading: `CT_SINK_FAILED`, `CT_CHECKPOINT_UNUSABLE`, `CT_PEER_MISSING`.
 */
export function kafkaQueueSource(url: string, options: QueueSourceOptions): QueueSource {
  const address = kafkaAddress(url)
  const settings = sourceSettings(options)
  return new EngineSource(new KafkaEngine({ ...settings, address }), settings)
}
