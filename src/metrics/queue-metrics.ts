import type { Registry } from 'prom-client'
import type { LogInfo } from '../types/log.js'
import type { QueueStatus } from '../types/queue.js'
import { counter, gauge, oncePerTurn, type Sample, single } from './families.js'
import { LogNames } from './log-labels.js'

/** Adds metrics of a processor's queue, `ct_stream_queue_*`. */
export function registerQueueMetrics(read: () => QueueStatus, registry: Registry): void {
  const names = new LogNames()
  const status = oncePerTurn(read)
  gauge(registry, {
    name: 'queue_lag_entries',
    help: 'Entries that the engine has of the logs of this processor, and that are not acknowledged.',
    labels: ['log', 'operator'],
    read: () => lags(status()).map(([log, lag]): Sample<'log' | 'operator'> => [names.labelsOf(log), lag]),
  })
  const count = (name: string, help: string, of: (status: QueueStatus) => number) =>
    counter(registry, { name: `queue_${name}`, help, read: () => single(of(status())) })
  count('delivered_entries_total', 'Entries given to modules.', (s) => s.delivered)
  count('parked_entries_total', 'Entries that were set aside.', (s) => s.parked)
  count('missing_entries_total', 'Entries that retention deleted before they were read.', (s) => s.missing)
}

/** What is left of each log. A backfilled range of one has a watermark of its own, and the labels of its log. */
function lags({ logs }: QueueStatus): (readonly [LogInfo, number])[] {
  const byId = new Map<string, readonly [LogInfo, number]>()
  for (const { log, lag } of logs) byId.set(log.id, [log, lag + (byId.get(log.id)?.[1] ?? 0)])
  return [...byId.values()]
}
