import { collectDefaultMetrics, type Registry } from 'prom-client'
import { VERSION } from '../version.js'
import { gauge } from './families.js'

/** Default metrics left out: gauges that are named like counters, and lists whose labels are hardly bounded. */
const left = [
  ...(['nodejs_active_handles', 'nodejs_active_requests', 'nodejs_active_resources'] as const),
  ...(['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'] as const),
]

/**
 * Adds the metrics of this process to a registry of prom-client, `ct_stream_process_*` and `ct_stream_nodejs_*`: processor time, memory,
 * delay of the event loop, garbage collection; and `ct_stream_build_info`. Call it once in a process: the observers cannot be removed.
 */
export function registerProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, prefix: 'ct_stream_' })
  for (const name of left) registry.removeSingleMetric(`ct_stream_${name}`)
  gauge(registry, {
    name: 'build_info',
    help: 'Always 1; the version of ct-stream is a label.',
    labels: ['version'],
    read: () => [[{ version: VERSION }, 1]],
  })
}
