import type { Registry } from 'prom-client'
import type { LogInfo, LogState } from '../types/log.js'
import type { CtStreamEvents } from '../types/stream-events.js'
import type { LogStatus, StreamStatus } from '../types/stream-status.js'
import { counter, gauge, oncePerTurn, type Sample, single } from './families.js'
import { LogNames } from './log-labels.js'
import { StreamEvents } from './stream-events.js'

/** The source of a stream's metrics: a `CtStream`, or anything of this shape. */
export interface MetricsSource {
  /** State of the logs, as in `CtStream`; read at each scrape. */
  status(): StreamStatus
  /** Without it events are not counted. */
  on?<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): unknown
}

type Log = 'log' | 'operator'
const logLabels = ['log', 'operator'] as const
const states: readonly LogState[] = [
  ...(['opening', 'live', 'catching-up', 'waiting', 'finished', 'misbehaving', 'failed'] as const),
]

/**
 * Adds the metrics of a stream to a registry of prom-client: `ct_stream_log_*` of each log, by its name in the log list and its operator,
 * and `ct_stream_*` of all. Values are read at each scrape; only events are counted as they happen.
 *
 * @throws Error of prom-client when the registry has metrics of a stream already: each stream needs a registry of its own.
 * @example
 * import { Registry } from 'prom-client'
 * const registry = new Registry()
 * registerMetrics(stream, registry)
 * response.setHeader('Content-Type', registry.contentType).end(await registry.metrics())
 */
export function registerMetrics(stream: MetricsSource, registry: Registry): void {
  const names = new LogNames()
  const status = oncePerTurn(() => stream.status())
  const ofLogs = (read: (log: LogStatus) => number | undefined) =>
    function* (): Generator<Sample<Log>> {
      for (const log of status().logs) yield [names.labelsOf(log.log), read(log)]
    }
  addCounters(registry, ofLogs)
  addGauges(registry, ofLogs)
  gauge(registry, {
    name: 'log_state',
    help: 'What a log is doing: 1 for its state, 0 for the others.',
    labels: [...logLabels, 'state'],
    *read() {
      for (const { log, state } of status().logs)
        for (const one of states) yield [{ ...names.labelsOf(log), state: one }, one === state ? 1 : 0]
    },
  })
  gauge(registry, {
    name: 'buffered_bytes',
    help: 'Bytes fetched and not yet acknowledged; maxBufferedBytes bounds them.',
    read: () => single(status().bufferedBytes),
  })
  gauge(registry, {
    name: 'open_gaps',
    help: 'Ranges of entries that were recorded as missing, without those that were filled since.',
    read: () => single(status().gaps),
  })
  const followed = () => status().logs.map(({ log }): LogInfo => log)
  new StreamEvents(stream).register(registry, followed, names)
}

type OfLogs = (read: (log: LogStatus) => number | undefined) => () => Iterable<Sample<Log>>

function addCounters(registry: Registry, ofLogs: OfLogs): void {
  const add = (name: string, help: string, read: (log: LogStatus) => number) =>
    counter(registry, { name, help, labels: logLabels, read: ofLogs(read) })
  add('log_entries_total', 'Entries that are finished with: acknowledged by the reader, or dropped.', (l) => l.entries)
  add(
    'log_filtered_entries_total',
    'Entries dropped by the filter or by the times of start and end.',
    (l) => l.filtered,
  )
  add('log_duplicate_entries_total', 'Entries dropped because the same was delivered before.', (l) => l.duplicates)
  add('log_unverified_entries_total', 'Entries delivered without a proof.', (l) => l.unverified)
  add('log_received_bytes_total', 'Bytes of entries received.', (l) => l.bytes)
  add('log_requests_total', 'Requests sent, those sent again included.', (l) => l.requests)
  add('log_request_retries_total', 'Requests sent again after one failed.', (l) => l.retries)
}

function addGauges(registry: Registry, ofLogs: OfLogs): void {
  const add = (name: string, help: string, read: (log: LogStatus) => number | undefined) =>
    gauge(registry, { name, help, labels: logLabels, read: ofLogs(read) })
  add('log_position', 'Index of the first entry not yet acknowledged.', (l) => l.position)
  add('log_head_size', 'Entries of the newest signed head.', (l) => l.headSize)
  add('log_verified_size', 'Entries of the largest head that agrees with everything delivered.', (l) => l.verifiedSize)
  add('log_lag_entries', 'Entries between the position and the newest head.', (l) => l.lagEntries)
  add('log_lag_seconds', 'Time since the timestamp of the last delivered entry; 0 when nothing is missing.', (l) =>
    seconds(l.lagMs),
  )
  add('log_head_age_seconds', 'Time since the newest head was signed.', (l) => seconds(l.headAgeMs))
  add(
    'log_mmd_seconds',
    'Maximum merge delay: the age that the newest head should never pass. Absent of logs that take no more entries.',
    (l) => seconds(l.mmdMs),
  )
  add('log_failing_seconds', 'How long a log has given no answer, or wrong ones; 0 when all is well.', (l) =>
    seconds(l.troubleMs ?? 0),
  )
  add('log_page_entries', 'Entries that a log is known to give in one answer.', (l) => l.pageSize)
  add(
    'log_allowed_requests_per_second',
    "Requests per second that a log's host is asked at most, learned from its refusals; absent while it refused none.",
    (l) => l.requestsPerSecond,
  )
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000
}
