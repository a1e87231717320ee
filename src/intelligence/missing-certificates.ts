/** Precertificates whose certificate was not logged. Plain data. */
export interface MissingCertificates {
  /** Sampled issuances whose time is over. */
  readonly sampled: number
  /** Share of the precertificates whose certificate was not seen in time, 0 to 1; `null` until the first one's time is over, or if not counted. */
  readonly share: number | null
  /** Standard error of the share, from sampling; 0 when all were counted. */
  readonly error: number
  /** Number of precertificates without a certificate, estimated from the share. */
  readonly estimate: number
}

/** Where none was due, or none is counted. */
export const NOT_COUNTED: MissingCertificates = { sampled: 0, share: null, error: 0, estimate: 0 }

/** Settled issuances that are remembered, as a multiple of those that may wait: at full load, of three to six times the patience. */
const REMEMBERED = 3
/** 2^32 */
const ALL = 0x100000000
/** What was seen of an issuance. */
const PRECERTIFICATE = 1
const CERTIFICATE = 2

/**
 * Estimates how many precertificates have no certificate after a given time, from a sample of issuances of bounded size. When more than
 * `most` are waiting, half of them are dropped, and from then on only every second issuance is sampled. Issuances stay known for a while after
 * their time is over: a log that was out of reach brings copies of their precertificates, whose certificates came long ago.
 *
 * The sample is kept in arrays of numbers, about 100 bytes for each of `most`: as many objects would cost the garbage collector more than
 * all the rest that is counted.
 */
export class PrecertificateWatch {
  private readonly most: number
  private readonly patienceMs: number
  /** Places of a ring, in which issuances are in the order in which they came: first those that are settled, then those that wait. */
  private readonly places: number
  private readonly highs: Int32Array
  private readonly lows: Int32Array
  private readonly since: Float64Array
  private readonly seen: Uint8Array
  /** The place of the first issuance of each bucket, and of the one behind each in its bucket; one more than it is, 0 for none. */
  private readonly heads: Int32Array
  private readonly behind: Int32Array
  private oldest = 0
  private settled = 0
  private waiting = 0
  /** Issuances whose first 32 hash bits are below this are sampled, so that each represents `ALL / below`. */
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
    this.places = (1 + REMEMBERED) * most + 1
    this.highs = new Int32Array(this.places)
    this.lows = new Int32Array(this.places)
    this.since = new Float64Array(this.places)
    this.seen = new Uint8Array(this.places)
    this.behind = new Int32Array(this.places)
    this.heads = new Int32Array(2 ** Math.ceil(Math.log2(this.places)))
  }

  /**
   * @param high - 32 bits of the hash of an issuance, `low` 32 more.
   * @param now - Elapsed milliseconds, not of a clock that can be set.
   */
  add(high: number, low: number, kind: 'certificate' | 'precertificate', now: number): void {
    this.settle(now)
    if (high >>> 0 >= this.below) return
    const kindSeen = kind === 'certificate' ? CERTIFICATE : PRECERTIFICATE
    const { seen } = this
    const known = this.placeOf(high | 0, low | 0)
    if (known >= 0) {
      // Nobody reads again what was seen of a settled one.
      seen[known] = (seen[known] as number) | kindSeen
      return
    }
    const place = this.placeAt(this.settled + this.waiting++)
    this.highs[place] = high
    this.lows[place] = low
    this.since[place] = now
    seen[place] = kindSeen
    this.link(place)
    this.nextAt = Math.min(this.nextAt, now + this.patienceMs)
    while (this.waiting > this.most) this.thinOut()
  }

  report(now: number): MissingCertificates {
    this.settle(now)
    const { due, dueWeight, missingWeight } = this
    if (due === 0) return NOT_COUNTED
    const share = missingWeight / dueWeight
    const error = this.isSample ? Math.sqrt((share * (1 - share)) / due) : 0
    return { sampled: due, share, error, estimate: Math.round(missingWeight) }
  }

  private settle(now: number): void {
    if (now < this.nextAt) return
    const weight = ALL / this.below
    for (; this.waiting > 0; this.waiting--) {
      const place = this.placeAt(this.settled)
      const end = (this.since[place] as number) + this.patienceMs
      if (now < end) {
        // The oldest comes first: until its time is over there is nothing to settle.
        this.nextAt = end
        return
      }
      const seen = this.seen[place] as number
      if (this.settled < REMEMBERED * this.most) this.settled += 1
      else this.forget()
      if ((seen & PRECERTIFICATE) === 0) continue
      this.due += 1
      this.dueWeight += weight
      if ((seen & CERTIFICATE) === 0) this.missingWeight += weight
    }
    this.nextAt = Number.POSITIVE_INFINITY
  }

  /** Forgets the issuance that came first. */
  private forget(): void {
    this.unlink(this.oldest)
    this.oldest = this.placeAt(1)
  }

  private thinOut(): void {
    this.isSample = true
    this.below /= 2
    const { highs, lows, since, seen, below } = this
    this.heads.fill(0)
    const count = this.settled + this.waiting
    let kept = 0
    let keptSettled = 0
    for (let i = 0; i < count; i++) {
      if (i === this.settled) keptSettled = kept
      const from = this.placeAt(i)
      if ((highs[from] as number) >>> 0 >= below) continue
      const to = this.placeAt(kept++)
      highs[to] = highs[from] as number
      lows[to] = lows[from] as number
      since[to] = since[from] as number
      seen[to] = seen[from] as number
      this.link(to)
    }
    this.settled = keptSettled
    this.waiting = kept - keptSettled
  }

  /** @param order - 0 for the issuance that came first. */
  private placeAt(order: number): number {
    const place = this.oldest + order
    return place < this.places ? place : place - this.places
  }

  /** -1 when it is not known. */
  private placeOf(high: number, low: number): number {
    const { highs, lows, behind } = this
    let place = (this.heads[this.bucketOf(low)] as number) - 1
    while (place >= 0 && (lows[place] !== low || highs[place] !== high)) place = (behind[place] as number) - 1
    return place
  }

  private link(place: number): void {
    const bucket = this.bucketOf(this.lows[place] as number)
    this.behind[place] = this.heads[bucket] as number
    this.heads[bucket] = place + 1
  }

  /** @param place - Of the one that came first: no other is behind it. */
  private unlink(place: number): void {
    const { behind, heads } = this
    const bucket = this.bucketOf(this.lows[place] as number)
    let at = (heads[bucket] as number) - 1
    if (at === place) {
      heads[bucket] = 0
      return
    }
    while (behind[at] !== place + 1) at = (behind[at] as number) - 1
    behind[at] = 0
  }

  /** Of the second half of the hash, because the first one decides who is in the sample. */
  private bucketOf(low: number): number {
    return low & (this.heads.length - 1)
  }
}
