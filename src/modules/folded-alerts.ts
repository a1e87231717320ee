import type { Concern } from '../watchlist/concern.js'

/** Domains whose alerts are remembered; whoever registers more at once makes alerts of their own. */
const MOST = 20_000
const SEVERITIES = ['info', 'low', 'medium', 'high'] as const

interface Alert {
  readonly since: number
  /** Of the issuance that was reported last. */
  id: string
  severity: number
  /** Certificates that were not reported since. */
  folded: number
}

/** What becomes of an alert: not reported, or reported with the number of those that were not since the last one. */
export type Folding = { readonly kind: 'folded' } | { readonly kind: 'report'; readonly foldedBefore: number }

/**
 * One alert a subject and time: whoever runs a look-alike gets a certificate for each name below it, and renews them. A more severe one
 * is reported all the same.
 */
export class FoldedAlerts {
  private readonly foldMs: number
  private readonly elapsed: () => number
  /** By subject; those that were reported last come last. */
  private readonly alerts = new Map<string, Alert>()
  private folded = 0

  /** @param foldMs - Milliseconds from an alert to the next; 0: every one is reported. */
  constructor(foldMs: number, elapsed: () => number) {
    this.foldMs = foldMs
    this.elapsed = elapsed
  }

  /** Certificates that were not reported, since the beginning. */
  get count(): number {
    return this.folded
  }

  take({ subject, id, severity }: Pick<Concern, 'subject' | 'id' | 'severity'>): Folding {
    if (this.foldMs === 0) return { kind: 'report', foldedBefore: 0 }
    const now = this.elapsed()
    const rank = SEVERITIES.indexOf(severity)
    const last = this.alerts.get(subject)
    const isOver = last === undefined || now - last.since >= this.foldMs
    // A precertificate and its certificate are one: whoever gets the finding sees that it is the same.
    if (!isOver && last.id === id) return { kind: 'report', foldedBefore: 0 }
    if (!isOver && rank <= last.severity) {
      last.folded++
      this.folded++
      return { kind: 'folded' }
    }
    const foldedBefore = last?.folded ?? 0
    this.alerts.delete(subject)
    this.alerts.set(subject, { since: isOver ? now : last.since, id, severity: rank, folded: 0 })
    if (this.alerts.size > MOST) this.alerts.delete(this.alerts.keys().next().value as string)
    return { kind: 'report', foldedBefore }
  }
}
