import { CtStreamError } from '../errors.js'
import { sinkParts } from '../sinks/open-sink.js'
import type { Coordinator, Sink } from '../types/cluster.js'

/** The engine that processes share: who works on what, and where entries go. */
export interface ClusterEngine {
  /** Of the engine itself, without what only concerns entries. */
  readonly url: string
  /** A new one, not joined. */
  coordinator(): Coordinator
  /** A new one, not opened. */
  sink(): Promise<Sink>
}

/**
 * The engine that a URL means. What it needs is loaded here, and only then; nothing is connected.
 *
 * @param url - As of `openSink`: `postgres://user:password@host/database?schema=ct_stream&entries=first&der=false`.
 * @param leaseMs - How long a member that is silent keeps its units; the same for all members. Milliseconds, 300 to 600,000.
 * @param withQueue - Whether entries are kept for processors, also where the URL does not say so.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for another URL; the message does not show it, for it may hold a password.
 */
export async function openCluster(url: string, leaseMs: number, withQueue = false): Promise<ClusterEngine> {
  const { engine, rest, options } = sinkParts(url)
  if (!engine.schemes.includes('postgres'))
    throw new CtStreamError('CT_OPTION_INVALID', 'it must be the URL of a Postgres database: postgres://host/database')
  const sink = () => engine.open(rest, { ...options, ...(withQueue && { queue: true }), leaseMs })
  // Complains of what is wrong in it.
  await sink()
  const { postgresCoordinator } = await import('./postgres.js')
  return { url: rest, coordinator: () => postgresCoordinator(rest, { leaseMs }), sink }
}
