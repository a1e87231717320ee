import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { registerQueueMetrics } from '../../../src/metrics/queue-metrics.js'
import type { LogInfo } from '../../../src/types/log.js'

const logOf = (id: string): LogInfo => ({
  ...{ id, description: `log ${id}`, operator: 'one' },
  ...({ kind: 'rfc6962', url: `https://${id}.example/` } as const),
})

it('counts a log and its backfilled ranges together in the lag', async () => {
  const [a, b] = [logOf('a'), logOf('b')]
  const logs = [
    { log: a, next: 9000, lag: 3 },
    { log: b, next: 5, lag: 7 },
    { log: a, next: 0, lag: 4096 },
    { log: a, next: 4096, lag: 0 },
  ]
  const registry = new Registry()
  registerQueueMetrics(() => ({ delivered: 0, repeated: 0, parked: 0, missing: 0, logs }), registry)
  const lines = (await registry.getSingleMetricAsString('ct_stream_queue_lag_entries')).split('\n')
  expect(lines.filter((line) => !line.startsWith('#'))).toEqual([
    'ct_stream_queue_lag_entries{log="log a",operator="one"} 4099',
    'ct_stream_queue_lag_entries{log="log b",operator="one"} 7',
  ])
})
