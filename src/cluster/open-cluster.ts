import { CtStreamError } from '../errors.js'
import { sinkParts } from '../sinks/open-sink.js'
import type { Coordinator, Sink } from '../types/cluster.js'
import type { KafkaClusterView } from './kafka-view.js'
import type { ClusterView } from './view.js'

/** The engine that processes share: it coordinates them and takes the entries. */
export interface ClusterEngine {
  /** URL of the engine, without parameters that only concern entries. */
  readonly url: string
  /** Makes a coordinator, not joined. */
  coordinator(): Coordinator
  /** Makes a sink, not opened. */
  sink(): Promise<Sink>
  /** Reads what the engine has of the cluster, from outside; of a database it can search, too. */
  view(): Promise<ClusterView | KafkaClusterView>
}

/** Whether processes can share logs by the engine of this URL; others only take entries, or have them read again. */
export const canCoordinate = (url: string): boolean => /^(?:postgres(?:ql)?|kafkas?):\/\//i.test(url)

/**
 * The engine that a URL names. Loads its client, without connecting.
 *
 * @param url - As for `openSink`: `postgres://user:password@host/database?schema=ct_stream&entries=first&der=false`, or
 * `kafka://host:9092/prefix`.
 * @param leaseMs - How long a silent member keeps its units; the same for all members. Milliseconds, 300 to 600,000.
 * @param withQueue - Whether to store entries for processors even if the URL does not ask for it.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for another URL, which the message does not show: it may contain a password.
 */
export async function openCluster(url: string, leaseMs: number, withQueue = false): Promise<ClusterEngine> {
  const { engine, rest, options } = sharedParts(url)
  const isKafka = engine.schemes.includes('kafka')
  if (isKafka) {
    const wanted = { ...(withQueue && { body: 'leaf' }), ...options }
    if (withQueue) refuseForQueue(wanted)
    const sink = () => engine.open(rest, wanted)
    // Throws for a URL or an option that is wrong.
    await sink()
    const { kafkaCoordinator } = await import('./kafka.js')
    const view = async () => new (await import('./kafka-view.js')).KafkaClusterView(rest)
    return { url: rest, coordinator: () => kafkaCoordinator(rest, { leaseMs }), sink, view }
  }
  const sink = () => engine.open(rest, { ...options, ...(withQueue && { queue: true }), leaseMs })
  await sink()
  const { postgresCoordinator } = await import('./postgres.js')
  const view = async () => new (await import('./view.js')).ClusterView(rest)
  return { url: rest, coordinator: () => postgresCoordinator(rest, { leaseMs }), sink, view }
}

/** As `sinkParts`. @throws {@link CtStreamError} `CT_OPTION_INVALID`, also for the URL of an engine that several processes cannot share. */
export function sharedParts(url: string): ReturnType<typeof sinkParts> {
  const parts = sinkParts(url)
  if (canCoordinate(url)) return parts
  throw new CtStreamError(
    'CT_OPTION_INVALID',
    'it must be the URL of a Postgres database or a Kafka cluster: postgres://host/database, kafka://host:9092/prefix',
  )
}

/** Processors read whole entries, of a log in the order of its messages. @throws {@link CtStreamError} `CT_OPTION_INVALID` */
export function refuseForQueue({
  body = 'json',
  key = 'log',
}: {
  readonly body?: unknown
  readonly key?: unknown
}): void {
  if (body === 'leaf' && key === 'log') return
  throw new CtStreamError(
    'CT_OPTION_INVALID',
    'processors need body=leaf and key=log in the URL: other messages do not hold the whole entry, or not in order',
  )
}
