interface Issuance {
  readonly since: number
  /** How many precertificates it represents in the sample. */
  readonly weight: number
  hasPrecertificate: boolean
  hasCertificate: boolean
}

/** Precertificates whose certificate was not logged. Plain data. */
export interface MissingCertificates {
  /** Sampled issuances whose time is over. */
  readonly sampled: number
  /** Share of the precertificates whose certificate was not seen in time, 0 to 1; `null` until the first one's time is over. */
  readonly share: number | null
  /** Standard error of the share, from sampling; 0 when all were counted. */
  readonly error: number
  /** Number of precertificates without a certificate, estimated from the share. */
  readonly estimate: number
}

/** 2^32 */
const ALL = 0x100000000
/** 2^21 */
const REST = 0x200000

/**
 * Estimates how many precertificates have no certificate after a given time, from a sample of issuances of bounded size. When more than
 * `most` are waiting, half of them are dropped, and from then on only every second issuance is sampled.
 */
export class PrecertificateWatch {
  private readonly most: number
  private readonly patienceMs: number
  private readonly waiting = new Map<number, Issuance>()
  /** Issuances whose first 32 hash bits are below this are sampled. */
  private below = ALL
  private isSample = false
  /** No issuance's time is over before this. */
  private nextAt = Number.POSITIVE_INFINITY
  private due = 0
  private dueWeight = 0
  private missingWeight = 0

  constructor(most: number, patienceMs: number) {
    this.most = most
    this.patienceMs = patienceMs
  }

  /**
   * @param high - 32 bits of the hash of an issuance, `low` 32 more, of which 21 count; unsigned.
   * @param now - Elapsed milliseconds, not of a clock that can be set.
   */
  add(high: number, low: number, kind: 'certificate' | 'precertificate', now: number): void {
    this.settle(now)
    if (high >= this.below) return
    // As much as a number holds exactly.
    const id = high * REST + (low >>> 11)
    const there = this.waiting.get(id)
    const issuance = there ?? {
      since: now,
      weight: ALL / this.below,
      hasPrecertificate: false,
      hasCertificate: false,
    }
    if (kind === 'certificate') issuance.hasCertificate = true
    else issuance.hasPrecertificate = true
    if (there !== undefined) return
    this.waiting.set(id, issuance)
    this.nextAt = Math.min(this.nextAt, now + this.patienceMs)
    if (this.waiting.size > this.most) this.thinOut()
  }

  report(now: number): MissingCertificates {
    this.settle(now)
    const { due, dueWeight, missingWeight } = this
    if (due === 0) return { sampled: 0, share: null, error: 0, estimate: 0 }
    const share = missingWeight / dueWeight
    const error = this.isSample ? Math.sqrt((share * (1 - share)) / due) : 0
    return { sampled: due, share, error, estimate: Math.round(missingWeight) }
  }

  private settle(now: number): void {
    if (now < this.nextAt) return
    this.nextAt = Number.POSITIVE_INFINITY
    for (const [id, issuance] of this.waiting) {
      if (now - issuance.since < this.patienceMs) {
        // The oldest comes first: until its time is over there is nothing to settle.
        this.nextAt = issuance.since + this.patienceMs
        return
      }
      this.waiting.delete(id)
      if (!issuance.hasPrecertificate) continue
      this.due += 1
      this.dueWeight += issuance.weight
      if (!issuance.hasCertificate) this.missingWeight += issuance.weight
    }
  }

  private thinOut(): void {
    this.isSample = true
    this.below /= 2
    for (const [id, issuance] of this.waiting) {
      if (id / REST >= this.below) this.waiting.delete(id)
      else this.waiting.set(id, { ...issuance, weight: issuance.weight * 2 })
    }
  }
}
