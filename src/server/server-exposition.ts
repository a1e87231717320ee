import type { Exposition } from '../metrics/exposition.js'
import type { ServerFigures } from '../metrics/server-metrics.js'
import type { ServerSettings, ServerSource } from './options.js'

/** Makes the answer of `/metrics`. Loaded when a server starts, as events are counted from then on. */
export async function expositionOf(
  source: ServerSource,
  read: () => ServerFigures,
  { cluster, queue }: Pick<ServerSettings, 'cluster' | 'queue'>,
): Promise<Exposition> {
  const [{ Exposition }, { registerServerMetrics }, { registerClusterMetrics }, { registerQueueMetrics }] =
    await Promise.all([
      import('../metrics/exposition.js'),
      import('../metrics/server-metrics.js'),
      import('../metrics/cluster-metrics.js'),
      import('../metrics/queue-metrics.js'),
    ])
  const exposition = new Exposition()
  registerServerMetrics(read, exposition.own)
  if (queue !== undefined) registerQueueMetrics(queue, exposition.own)
  if (cluster !== undefined) registerClusterMetrics(() => cluster.latest, exposition.own)
  if (hasStatus(source)) exposition.attach(source)
  return exposition
}

function hasStatus(source: ServerSource): source is ServerSource & Required<Pick<ServerSource, 'status'>> {
  return source.status !== undefined
}
