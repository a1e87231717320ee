import { postgresTarget } from '../postgres/target.js'
import type { CtCertificate } from '../types/certificate.js'
import type { QueueSource, QueueSourceOptions } from '../types/queue.js'
import type { Effects } from './engine.js'
import { EngineSource } from './engine-source.js'
import { PostgresEngine } from './postgres-engine.js'
import { sourceSettings } from './source-settings.js'

export type { EffectQuery, Effects } from './engine.js'

/** A queue source that can have effects in its own transaction. */
export interface PostgresQueueSource extends QueueSource {
  /**
   * Does something in the database together with moving the watermark behind a certificate: both, or neither, and once, whoever is killed
   * when. It acknowledges the certificate, and all of its log before it.
   *
   * @param effects - Its statements run in that transaction. They may run again when nothing of them was kept. To be done within the lease.
   * @throws {@link CtStreamError} `CT_LEASE_LOST` when the log is another processor's by now: nothing was done, and the other one does it;
   * `CT_SINK_FAILED` for a statement that is refused; `CT_MODULE_FAILED` for what `effects` throws, as its `cause`.
   * @example
   * async onBatch(certificates) {
   *   await source.finishWith(certificates.at(-1), (query) => query('INSERT INTO …', […]))
   * }
   */
  finishWith(certificate: CtCertificate, effects: Effects): Promise<void>
}

/**
 * Entries out of the database of a `postgresSink` with `queue: true`, for one of several processors.
 *
 * `chain()` of a certificate has the issuers that the database has: those of RFC 6962 logs, and of static-ct logs those that a stream
 * which keeps its positions there has fetched; it rejects with `CT_SINK_FAILED` for others. `cursor` is empty.
 *
 * @param url - As of `postgresSink`, with the same schema.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; reading: `CT_SINK_FAILED`, `CT_CHECKPOINT_VERSION`, `CT_PEER_MISSING`.
 */
export function postgresQueueSource(url: string, options: QueueSourceOptions): PostgresQueueSource {
  const target = postgresTarget(url)
  const settings = sourceSettings(options)
  return new EngineSource(new PostgresEngine({ ...settings, target }), settings)
}
