import type { CertificateKind } from '../types/certificate-kind.js'
import type { LogInfo } from '../types/log.js'

/** One entry of an issuance. */
export interface Issued {
  /** Number of its message. */
  readonly number: number
  readonly kind: CertificateKind
  readonly log: LogInfo
}

/** Most issuances remembered, about 256 bytes each: a busy quarter of an hour of all logs. */
const MOST = 100_000
/** Most entries of one issuance; more than two in each log are unusual. */
const MOST_ENTRIES = 64

/**
 * Which entries belong to one issuance: a certificate, its precertificate, and both in every log that has them. Filled only while pages are
 * sent to clients that want each issuance once.
 */
export class Issuances {
  /** Entries of each issuance by number; the issuance added last comes last. */
  private readonly entries = new Map<string, Issued[]>()
  private readonly mostIssuances: number

  constructor(mostIssuances = MOST) {
    this.mostIssuances = mostIssuances
  }

  add(id: string, issued: Issued): void {
    const known = this.entries.get(id)
    if (known === undefined) {
      this.entries.set(id, [issued])
      if (this.entries.size > this.mostIssuances) this.entries.delete(this.entries.keys().next().value ?? '')
      return
    }
    // Pages from the backlog are older than entries added before.
    const at = known.findLastIndex(({ number }) => number <= issued.number)
    if (known[at]?.number === issued.number) return
    known.splice(at + 1, 0, issued)
    // Bounded for a log with one certificate a million times; clients may then get it again now and then.
    if (known.length > MOST_ENTRIES) known.shift()
  }

  /** Whether a client was sent another entry of this issuance, after one number and before another. */
  wasSent(id: string, after: number, before: number, wants: (issued: Issued) => boolean): boolean {
    const known = this.entries.get(id)
    return known?.some((issued) => issued.number > after && issued.number < before && wants(issued)) ?? false
  }
}

/** How a client that wants each issuance once is served. */
export interface Dedupe {
  readonly issuances: Issuances
  /** Number of the last message before it connected, or in its last gap: it is unknown which of the earlier ones it got. */
  readonly since: number
}
