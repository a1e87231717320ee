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
 * group: brokers take 6,000 at least, unless `group.min.session.timeout.ms` says otherwise. `chain()` returns issuers that are in
 * `<prefix>.issuers`: all those of RFC 6962 logs, and of static-ct logs those that a stream which keeps its positions there has fetched; it rejects with
 * `CT_SINK_FAILED` for others. `cursor` is empty.
 *
 * @param url - As for `kafkaSink`, with the same prefix. With `backfilled=true` also what backfills with the same parameter have written to
 * `<prefix>.backfilled`: each entry once, in the order of its range; one that collectors have written as well comes a second time.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; reading: `CT_SINK_FAILED`, `CT_CHECKPOINT_UNUSABLE`, `CT_PEER_MISSING`.
 */
export function kafkaQueueSource(url: string, options: QueueSourceOptions): QueueSource {
  const address = kafkaAddress(url)
  const settings = sourceSettings(options)
  return new EngineSource(new KafkaEngine({ ...settings, address }), settings)
}
