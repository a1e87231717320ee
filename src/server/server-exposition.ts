import type { Exposition } from '../metrics/exposition.js'
import type { ServerFigures } from '../metrics/server-metrics.js'
import type { ServerSource } from './options.js'

/** What `/metrics` answers. Loaded when a server begins: its events are counted from then on. */
export async function expositionOf(source: ServerSource, read: () => ServerFigures): Promise<Exposition> {
  const [{ Exposition }, { registerServerMetrics }] = await Promise.all([
    import('../metrics/exposition.js'),
    import('../metrics/server-metrics.js'),
  ])
  const exposition = new Exposition()
  registerServerMetrics(read, exposition.own)
  if (hasStatus(source)) exposition.attach(source)
  return exposition
}

function hasStatus(source: ServerSource): source is ServerSource & Required<Pick<ServerSource, 'status'>> {
  return source.status !== undefined
}
