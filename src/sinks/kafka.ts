import type { Sink } from '../types/cluster.js'
import { KafkaSink, type KafkaSinkOptions } from './kafka-sink.js'

export type { KafkaSinkOptions }

/**
 * A sink to Kafka: entries, and the positions of the logs, in one transaction. Consumers read with `isolation.level=read_committed`.
 *
 * Topics are made where they are missing: `<prefix>.entries`, and for each unit of work a compacted `<prefix>.positions.…` of one partition.
 * Without a lease the process that opens the sink last is the one that writes; the one before ends with `CT_CHECKPOINT_CONFLICT`.
 *
 * @param url - `kafka://[user:password@]host[:port][,…][/prefix]`, or `kafkas://` for TLS; parameters `sasl` (`plain`, `scram-sha-256`,
 * `scram-sha-512`), `ca`, `cert`, `key` (files, PEM), `servername`, and `partitions` (default 12) and `replication` of topics that are made; `backfilled=true` is for
 * processors and backfills.
 * Default prefix `ct`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 * @example
 * await pump({
 *   sink: kafkaSink('kafka://localhost:9092/ct'),
 *   stream: (checkpoint) => ctStream({ checkpoint, commit: 'manual' }),
 * })
 */
export function kafkaSink(url: string, options: KafkaSinkOptions = {}): Sink {
  return new KafkaSink(url, options)
}
