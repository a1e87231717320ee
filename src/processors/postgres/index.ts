import { postgresTarget } from '../../postgres/target.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { QueueSource, QueueSourceOptions } from '../../types/queue.js'
import type { Effects } from '../engine.js'
import { EngineSource } from '../engine-source.js'
import { sourceSettings } from '../source-settings.js'
import { PostgresEngine } from './engine.js'

export type { EffectQuery, Effects } from '../engine.js'

/** A queue source that can run your statements in its own transaction. */
export interface PostgresQueueSource extends QueueSource {
  /**
   * Acknowledges a certificate, and everything before it in its log, in the same transaction as your statements: both take effect or
   * neither does, exactly once, even if a process is killed at any point.
   *
   * For one module of a group: the only one of its run that entries wait for (`acknowledge: true`, `limits.concurrency` 1), in `onBatch` or
   * `onCertificate`. A second module with effects has a group of its own. Without `runModules`: in the order of each log.
   *
   * @param effects - Runs statements in that transaction; called again after a rollback. Must end within the lease.
   * @throws {@link CtStreamError} `CT_LEASE_LOST` when another processor has the log now: nothing was done, and the other one will do it;
   * `CT_SINK_FAILED` for a statement that is refused; `CT_MODULE_FAILED` for what `effects` throws, as its `cause`; `CT_MODULE_INVALID` for
   * an entry that is already acknowledged, and for a module that is not the only one: nothing was done, and the run ends.
   * @example
   * async onBatch(certificates) {
   *   await source.finishWith(certificates.at(-1), (query) => query('INSERT INTO …', […]))
   * }
   */
  finishWith(certificate: CtCertificate, effects: Effects): Promise<void>
}

/**
 * Reads entries from the database of a `postgresSink` with `queue: true`, as one of several processors.
 *
 * `chain()` of a certificate returns issuers that are in the database: all those of RFC 6962 logs, and of static-ct logs those fetched by a
 * stream that keeps its positions there; it rejects with `CT_SINK_FAILED` for others. `cursor` is empty.
 *
 * @param url - As for `postgresSink`, with the same schema.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; reading: `CT_SINK_FAILED`, `CT_CHECKPOINT_VERSION`, `CT_PEER_MISSING`.
 */
export function postgresQueueSource(url: string, options: QueueSourceOptions): PostgresQueueSource {
  const target = postgresTarget(url)
  const settings = sourceSettings(options)
  return new EngineSource(new PostgresEngine({ ...settings, target }), settings)
}
