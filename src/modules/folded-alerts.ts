import type { Concern } from '../watchlist/concern.js'
import type { ReportedAlerts } from './reported-alerts.js'

/** Most subjects remembered; with more at once, the oldest are reported again. As many issuances that were folded: older ones count anew. */
const MOST = 20_000
const SEVERITIES = ['info', 'low', 'medium', 'high'] as const

interface Alert {
  readonly since: number
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
  private readonly reported: ReportedAlerts
  /** By subject, the last reported at the end. */
  private readonly alerts = new Map<string, Alert>()
  /** Ids that were counted, the last one at the end: several entries are one issuance, of several logs and as precertificate. */
  private readonly counted = new Set<string>()
  private folded = 0

  /**
   * @param foldMs - Shortest time between two alerts, milliseconds; 0 reports every one.
   * @param reported - What was reported before, for as long as the run drops repeats, and for `foldMs` at least.
   */
  constructor(foldMs: number, elapsed: () => number, reported: ReportedAlerts) {
    this.foldMs = foldMs
    this.elapsed = elapsed
    this.reported = reported
  }

  /** Certificates not reported since the start. */
  get count(): number {
    return this.folded
  }

  take({ subject, id, severity }: Pick<Concern, 'subject' | 'id' | 'severity'>): Folding {
    if (this.foldMs === 0) return { kind: 'report', foldedBefore: 0 }
    // The certificate of the same issuance, its copy in another log, or an entry that is replayed because its alert was not delivered.
    // They have the same id: it is the run that drops repeats. As it may drop this one, it begins no period that others are folded in.
    if (this.reported.isRepeat(id)) return { kind: 'report', foldedBefore: 0 }
    const now = this.elapsed()
    const rank = SEVERITIES.indexOf(severity)
    const last = this.alerts.get(subject)
    const isOver = last === undefined || now - last.since >= this.foldMs
    if (!isOver && rank <= last.severity) {
      if (this.countsAnew(id)) {
        last.folded++
        this.folded++
      }
      return { kind: 'folded' }
    }
    const foldedBefore = last?.folded ?? 0
    this.alerts.delete(subject)
    this.alerts.set(subject, { since: isOver ? now : last.since, severity: rank, folded: 0 })
    this.reported.add(id)
    if (this.alerts.size > MOST) this.alerts.delete(this.alerts.keys().next().value as string)
    return { kind: 'report', foldedBefore }
  }

  private countsAnew(id: string): boolean {
    if (this.counted.has(id)) return false
    this.counted.add(id)
    if (this.counted.size > MOST) this.counted.delete(this.counted.values().next().value as string)
    return true
  }
}
