import type { Sink } from '../types/cluster.js'
import { PostgresSink, type PostgresSinkOptions } from './postgres-sink.js'

export { type PostgresCheckpointOptions, postgresCheckpoint } from './postgres-checkpoint.js'

export {
  type CertificateSearchOptions,
  type CoverageOptions,
  coverage,
  type FoundCertificate,
  type IndexRange,
  type LogCoverage,
  type NewName,
  newNames,
  type Pruned,
  type PruneOptions,
  prune,
  searchCertificates,
} from './postgres-queries.js'

export type { PostgresSinkOptions } from './postgres-sink.js'

/**
 * A sink to Postgres: certificates, their names, and the positions of the logs, in one transaction.
 *
 * @param url - Such as `postgres://user:password@host/database?schema=ct_stream`; the tables are made in that schema.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 * @example
 * await pump({
 *   sink: postgresSink('postgres://localhost/ct'),
 *   stream: (checkpoint) => ctStream({ checkpoint, commit: 'manual' }),
 * })
 */
export function postgresSink(url: string, options: PostgresSinkOptions = {}): Sink {
  return new PostgresSink(url, options)
}
