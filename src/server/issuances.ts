import type { CertificateKind } from '../types/certificate.js'
import type { LogInfo } from '../types/log.js'

/** One entry of an issuance. */
export interface Issued {
  /** Of its message. */
  readonly number: number
  readonly kind: CertificateKind
  readonly log: LogInfo
}

/** A quarter of a kilobyte each: a busy quarter of an hour of all logs. */
const MOST = 100_000
/** Of one issuance; more than two in each log are unusual. */
const MOST_ENTRIES = 64

/**
 * Which entries are of one issuance: a certificate, its precertificate, and both in every log they are in. Filled by the pages that are sent
 * to clients who ask for each issuance once, and by nothing where there are none.
 */
export class Issuances {
  /** Entries of each in the order of their numbers, the issuance that was added last at the end. */
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
    // Pages that somebody missed are older than what was added before.
    const at = known.findLastIndex(({ number }) => number <= issued.number)
    if (known[at]?.number === issued.number) return
    known.splice(at + 1, 0, issued)
    // A log that has one certificate a million times costs no more than others: it comes again now and then.
    if (known.length > MOST_ENTRIES) known.shift()
  }

  /** Whether a client got another entry of this issuance, after one number and before another. */
  wasSent(id: string, after: number, before: number, wants: (issued: Issued) => boolean): boolean {
    const known = this.entries.get(id)
    return known?.some((issued) => issued.number > after && issued.number < before && wants(issued)) ?? false
  }
}

/** What a client that wants each issuance once has. */
export interface Dedupe {
  readonly issuances: Issuances
  /** Number of the last message before its connection: what came before, nobody knows whether it got. */
  readonly since: number
}
