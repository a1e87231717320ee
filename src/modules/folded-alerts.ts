import type { Concern } from '../watchlist/concern.js'

/** Most subjects remembered; with more at once, the oldest are reported again. */
const MOST = 20_000
const SEVERITIES = ['info', 'low', 'medium', 'high'] as const

interface Alert {
  readonly since: number
  /** Ids of the concerns reported in this period: at most one of each severity. */
  readonly ids: readonly string[]
  readonly severity: number
  /** Certificates not reported since. */
  folded: number
}

/** Whether an alert is reported; if so, with the number of certificates not reported since the last one. */
export type Folding = { readonly kind: 'folded' } | { readonly kind: 'report'; readonly foldedBefore: number }

/**
 * Allows one alert for each subject and period, because a look-alike often gets a certificate for each name below it, and renewals. A more
 * severe alert is always reported.
 */
export class FoldedAlerts {
  private readonly foldMs: number
  private readonly elapsed: () => number
  /** By subject, the last reported at the end. */
  private readonly alerts = new Map<string, Alert>()
  private folded = 0

  /** @param foldMs - Shortest time between two alerts, milliseconds; 0 reports every one. */
  constructor(foldMs: number, elapsed: () => number) {
    this.foldMs = foldMs
    this.elapsed = elapsed
  }

  /** Certificates not reported since the start. */
  get count(): number {
    return this.folded
  }

  take({ subject, id, severity }: Pick<Concern, 'subject' | 'id' | 'severity'>): Folding {
    if (this.foldMs === 0) return { kind: 'report', foldedBefore: 0 }
    const now = this.elapsed()
    const rank = SEVERITIES.indexOf(severity)
    const last = this.alerts.get(subject)
    const isOver = last === undefined || now - last.since >= this.foldMs
    // The certificate of the same issuance, or an entry that is replayed because its alert was not delivered. They have the same id: it
    // is the run that drops repeats.
    if (!isOver && last.ids.includes(id)) return { kind: 'report', foldedBefore: 0 }
    if (!isOver && rank <= last.severity) {
      last.folded++
      this.folded++
      return { kind: 'folded' }
    }
    const foldedBefore = last?.folded ?? 0
    this.alerts.delete(subject)
    const [since, ids] = isOver ? [now, [id]] : [last.since, [...last.ids, id]]
    this.alerts.set(subject, { since, ids, severity: rank, folded: 0 })
    if (this.alerts.size > MOST) this.alerts.delete(this.alerts.keys().next().value as string)
    return { kind: 'report', foldedBefore }
  }
}
