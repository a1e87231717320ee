import type { Registry } from 'prom-client'
import { counter, gauge, oncePerTurn, type Sample, single } from './families.js'

/** Figures of a server. Counts are since it started. */
export interface ServerFigures {
  /** Clients by path, including paths without any. */
  readonly clients: ReadonlyMap<string, number>
  /** Clients that are catching up on missed messages. */
  readonly behind: number
  /** Bytes queued for all clients, and for the one with most. */
  readonly queuedBytes: number
  readonly mostQueuedBytes: number
  /** Entries and findings kept and sent. */
  readonly entries: number
  readonly findings: number
  /** Bytes of messages given to clients. */
  readonly sentBytes: number
  /** Number of `gap` messages, and of the entries they reported missing. */
  readonly gaps: number
  readonly missedEntries: number
  /** How often a client fell behind, or reconnected and resumed. */
  readonly catchUps: number
  /** Answers to requests, including refused clients. */
  readonly answers: readonly { readonly path: string; readonly status: number; readonly count: number }[]
  /** Entries and findings that can be sent again, and their bytes on the disk. */
  readonly keptMessages: number
  readonly keptBytes: number
  readonly isPaused: boolean
  readonly isHealthy: boolean
  readonly isReady: boolean
}

/** Adds the metrics of a server, `ct_stream_server_*`. */
export function registerServerMetrics(read: () => ServerFigures, registry: Registry): void {
  const figures = oncePerTurn(read)
  const count = (name: string, help: string, of: (figures: ServerFigures) => number) =>
    counter(registry, { name: `server_${name}`, help, read: () => single(of(figures())) })
  const measure = (name: string, help: string, of: (figures: ServerFigures) => number | boolean) =>
    gauge(registry, { name: `server_${name}`, help, read: () => single(Number(of(figures()))) })
  gauge(registry, {
    name: 'server_clients',
    help: 'Clients connected now, by path.',
    labels: ['path'],
    read: () => [...figures().clients].map(([path, value]): Sample<'path'> => [{ path }, value]),
  })
  counter(registry, {
    name: 'server_answers_total',
    help: 'Answers to requests by path and status, clients that were refused included.',
    labels: ['path', 'code'],
    read: () =>
      figures().answers.map(({ path, status, count }): Sample<'path' | 'code'> => [{ path, code: `${status}` }, count]),
  })
  measure('clients_behind', 'Clients that are sent what they missed from what is kept.', (f) => f.behind)
  measure('queued_bytes', 'Bytes that wait to be sent to clients.', (f) => f.queuedBytes)
  measure('most_queued_bytes', 'Bytes that wait to be sent to the client with most of them.', (f) => f.mostQueuedBytes)
  count('entries_total', 'Entries that were kept and sent on.', (f) => f.entries)
  count('findings_total', 'Findings of modules that were kept and sent on.', (f) => f.findings)
  count('sent_bytes_total', 'Bytes of messages given to clients.', (f) => f.sentBytes)
  count('gaps_total', 'Gaps reported to clients: what they missed was no longer kept.', (f) => f.gaps)
  count(
    'missed_entries_total',
    'Entries and findings that were in gaps of which the extent is known.',
    (f) => f.missedEntries,
  )
  count('catch_ups_total', 'How often a client fell behind, or came back for what it missed.', (f) => f.catchUps)
  measure('kept_messages', 'Entries and findings that can be sent again.', (f) => f.keptMessages)
  measure('kept_bytes', 'Bytes of what is kept, compressed; 0 where it is in memory alone.', (f) => f.keptBytes)
  measure('paused', '1 while reading is paused.', (f) => f.isPaused)
  measure('healthy', '1 while /healthz says so.', (f) => f.isHealthy)
  measure('ready', '1 while /readyz says so.', (f) => f.isReady)
}
