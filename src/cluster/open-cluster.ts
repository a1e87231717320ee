import { CtStreamError } from '../errors.js'
import { sinkParts } from '../sinks/open-sink.js'
import type { Coordinator, Sink } from '../types/cluster.js'

/** The engine that processes share: it coordinates them and takes the entries. */
export interface ClusterEngine {
  /** URL of the engine, without parameters that only concern entries. */
  readonly url: string
  /** Makes a coordinator, not joined. */
  coordinator(): Coordinator
  /** Makes a sink, not opened. */
  sink(): Promise<Sink>
}

/**
 * The engine that a URL names. Loads its client, without connecting.
 *
 * @param url - As for `openSink`: `postgres://user:password@host/database?schema=ct_stream&entries=first&der=false`.
 * @param leaseMs - How long a silent member keeps its units; the same for all members. Milliseconds, 300 to 600,000.
 * @param withQueue - Whether to store entries for processors even if the URL does not ask for it.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for another URL, which the message does not show: it may contain a password.
 */
export async function openCluster(url: string, leaseMs: number, withQueue = false): Promise<ClusterEngine> {
  const { engine, rest, options } = sinkParts(url)
  if (!engine.schemes.includes('postgres'))
    throw new CtStreamError('CT_OPTION_INVALID', 'it must be the URL of a Postgres database: postgres://host/database')
  const sink = () => engine.open(rest, { ...options, ...(withQueue && { queue: true }), leaseMs })
  // Throws for a URL or an option that is wrong.
  await sink()
  const { postgresCoordinator } = await import('./postgres.js')
  return { url: rest, coordinator: () => postgresCoordinator(rest, { leaseMs }), sink }
}
