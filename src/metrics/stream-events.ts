import type { Registry } from 'prom-client'
import type { LogInfo } from '../types/log.js'
import { counter, gauge, type Sample, single } from './families.js'
import type { LogNames } from './log-labels.js'
import type { MetricsSource } from './stream-metrics.js'

/** Counts events by log. */
class Counts {
  private readonly counts = new Map<string, { readonly log: LogInfo; count: number }>()

  add(log: LogInfo): void {
    const known = this.counts.get(log.id)
    if (known === undefined) this.counts.set(log.id, { log, count: 1 })
    else known.count++
  }

  /**
   * @param followed - Logs that count from 0.
   * @returns Those, then the others that had an event: one that left the lists, and is followed no longer or never was.
   */
  *of(followed: readonly LogInfo[]): Iterable<readonly [LogInfo, number]> {
    for (const log of followed) yield [log, this.counts.get(log.id)?.count ?? 0]
    const ids = new Set(followed.map(({ id }) => id))
    for (const [id, { log, count }] of this.counts) if (!ids.has(id)) yield [log, count]
  }
}

/** Counts the events of a stream, which its status does not count. */
export class StreamEvents {
  private readonly heads = new Counts()
  private readonly gaps = new Counts()
  private readonly misbehaviour = new Counts()
  /** Errors by log and code. */
  private readonly errors = new Map<string, { readonly log: LogInfo; readonly code: string; count: number }>()
  private commits = 0
  private committed = 0
  private selected: number | undefined
  private listFailures = 0

  constructor(stream: MetricsSource) {
    stream.on?.('head', ({ log }) => this.heads.add(log))
    stream.on?.('gap', ({ log }) => this.gaps.add(log))
    stream.on?.('misbehaviour', ({ log }) => this.misbehaviour.add(log))
    stream.on?.('error', ({ log, error }) => this.addError(log, error.code))
    stream.on?.('commit', ({ entries }) => {
      this.commits++
      this.committed += entries
    })
    stream.on?.('list', ({ selected, failures }) => {
      this.selected = selected
      this.listFailures += failures.length
    })
  }

  /** @param followed - All logs, so that each counter starts at 0 and its first event shows as an increase. */
  register(registry: Registry, followed: () => readonly LogInfo[], names: LogNames): void {
    const ofLogs = (name: string, help: string, counts: Counts) =>
      counter(registry, {
        name,
        help,
        labels: ['log', 'operator'],
        *read(): Generator<Sample<'log' | 'operator'>> {
          for (const [log, count] of counts.of(followed())) yield [names.labelsOf(log), count]
        },
      })
    ofLogs('log_heads_total', 'New signed heads whose signature was verified.', this.heads)
    ofLogs('log_gaps_total', 'Ranges of entries recorded as missing.', this.gaps)
    ofLogs('log_misbehaviour_total', 'Accusations: what a log serves contradicts what it signed.', this.misbehaviour)
    counter(registry, {
      name: 'log_errors_total',
      help: 'Troubles of a log, by error code.',
      labels: ['log', 'operator', 'code'],
      read: () =>
        [...this.errors.values()].map(
          ({ log, code, count }): Sample<'log' | 'operator' | 'code'> => [{ ...names.labelsOf(log), code }, count],
        ),
    })
    counter(registry, {
      name: 'commits_total',
      help: 'How often positions became durable.',
      read: () => single(this.commits),
    })
    counter(registry, {
      name: 'committed_entries_total',
      help: 'Entries whose position became durable.',
      read: () => single(this.committed),
    })
    gauge(registry, {
      name: 'selected_logs',
      help: 'Logs followed, as of the last reading of the log lists; absent where there are no lists.',
      read: () => single(this.selected),
    })
    counter(registry, {
      name: 'log_list_failures_total',
      help: 'Log lists that could not be renewed; their last good copy stays in use.',
      read: () => single(this.listFailures),
    })
  }

  private addError(log: LogInfo, code: string): void {
    const key = `${log.id} ${code}`
    const known = this.errors.get(key)
    if (known === undefined) this.errors.set(key, { log, code, count: 1 })
    else known.count++
  }
}
