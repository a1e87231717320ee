interface Issuance {
  readonly since: number
  /** For how many it stands. */
  readonly weight: number
  hasPrecertificate: boolean
  hasCertificate: boolean
}

/** Precertificates whose certificate was not logged. Plain data. */
export interface MissingCertificates {
  /** Issuances that were looked at, their time over. */
  readonly sampled: number
  /** Share of the precertificates whose certificate was not seen in time, 0 to 1; `null` before the first one's time is over. */
  readonly share: number | null
  /** Standard error of the share, from sampling; 0 where all were looked at. */
  readonly error: number
  /** How many precertificates that were, by the share. */
  readonly estimate: number
}

/** 2^32 */
const ALL = 0x100000000
/** 2^21 */
const REST = 0x200000

/**
 * Which precertificates have no certificate after a while: of a sample by their issuance, of a size that does not grow. When there are
 * more than `most` waiting, half of them go, and from then on only every second one is looked at.
 */
export class PrecertificateWatch {
  private readonly most: number
  private readonly patienceMs: number
  private readonly waiting = new Map<number, Issuance>()
  /** Those whose first 32 bits are below are looked at. */
  private below = ALL
  private isSample = false
  /** Nobody's time is over before. */
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
