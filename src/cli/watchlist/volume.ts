import type { CtCertificate } from '../../types/certificate.js'
import { identityOf } from '../../util/identity.js'
import type { Watchlist } from '../../watchlist/watchlist.js'

const DAY_MS = 86_400_000
/** Shortest period from which to compute a rate. */
const LEAST_SPAN_MS = 1000

/** Estimate of alerts from certificates in the logs. */
export interface Volume {
  readonly issuances: number
  readonly logs: number
  /** Alerts that would have occurred, by subject, most frequent first. */
  readonly alerts: readonly (readonly [subject: string, count: number])[]
  /** Issuances per day in these logs; `undefined` when too little was read. */
  readonly issuancesPerDay: number | undefined
}

/** Counts the alerts that rules would cause, one for each issuance and subject, and measures how fast logs grow. */
export class VolumeCounter {
  private readonly watchlist: Watchlist
  private readonly isReported: (concern: ReturnType<Watchlist['concerns']>[number]) => boolean
  private readonly issuances = new Set<string>()
  private readonly found = new Map<string, Set<string>>()
  private readonly logs = new Map<string, { entries: number; first: number; last: number }>()
  private entries = 0

  constructor(watchlist: Watchlist, isReported: (concern: ReturnType<Watchlist['concerns']>[number]) => boolean) {
    this.watchlist = watchlist
    this.isReported = isReported
  }

  add(certificate: CtCertificate): void {
    const issuance = identityOf(certificate)
    this.entries++
    this.issuances.add(issuance)
    this.noteTime(certificate)
    for (const concern of this.watchlist.concerns(certificate)) {
      if (!this.isReported(concern)) continue
      // Own names are grouped by rule, because rules are what the user can change.
      const [{ rule, kind, brand = '' } = { rule: concern.subject, kind: concern.class }] = concern.matches
      const subject = kind === 'lookalike' ? `look-alikes of ${brand}` : `${kind} ${rule}`
      const there = this.found.get(subject) ?? new Set()
      this.found.set(subject, there.add(issuance + concern.subject))
    }
  }

  private noteTime({ log: { id }, timestamp }: CtCertificate): void {
    // An unparsable entry may have no timestamp.
    const time = timestamp?.getTime()
    const log = this.logs.get(id) ?? { entries: 0, first: time ?? Number.POSITIVE_INFINITY, last: time ?? 0 }
    this.logs.set(id, log)
    log.entries++
    if (time === undefined) return
    log.first = Math.min(log.first, time)
    log.last = Math.max(log.last, time)
  }

  volume(): Volume {
    const alerts = [...this.found].map(([subject, found]) => [subject, found.size] as const)
    return {
      issuances: this.issuances.size,
      logs: this.logs.size,
      alerts: alerts.sort(([, a], [, b]) => b - a),
      issuancesPerDay: this.perDay(),
    }
  }

  /** Counts each issuance once: most are in two logs or more. */
  private perDay(): number | undefined {
    let entriesPerMs = 0
    for (const { entries, first, last } of this.logs.values())
      if (last - first >= LEAST_SPAN_MS) entriesPerMs += (entries - 1) / (last - first)
    return entriesPerMs === 0 ? undefined : (entriesPerMs * DAY_MS * this.issuances.size) / this.entries
  }
}
