/** Where a request ends, `[start, end)`. */
export interface Window {
  readonly start: number
  readonly end: number
}

/** The most entries ever asked for at once; larger answers gain nothing and cost memory. */
const MAX_PAGE = 1024
/** What is assumed of a log nothing is known of: most operators cap at 256, and static-ct tiles hold 256. */
const FIRST_PAGE = 256
/** Short answers that are compared with the next one. */
const REMEMBERED_CUTS = 8
/** Full pages in a row after which a larger one is tried. */
const PROBE_AFTER = 64

/**
 * Learns how many entries a log gives at once, and plans requests that end where its answers end.
 *
 * Logs cut answers at multiples of their page size (32 at some, 256 at others, 1000 by default), so a request that ends on
 * such a multiple is answered in full and the next one starts aligned. A short answer teaches the size; it is never
 * assumed to last: short answers count only when two of them agree, and a larger page is tried now and then. A try costs nothing: what it does not bring is asked for again in pages of the learned size.
 */
export class PagePlanner {
  private size: number
  private fullPages = 0
  private readonly cuts: { readonly received: number; readonly end: number }[] = []

  /** @param learned - Page size learned earlier, 1 to 1024. */
  constructor(learned: number = FIRST_PAGE) {
    this.size = Math.min(Math.max(Math.floor(learned) || FIRST_PAGE, 1), MAX_PAGE)
  }

  /** Entries the log is believed to give at once. */
  get pageSize(): number {
    return this.size
  }

  /** The next request from `start`, ending at a page boundary or at `limit` (exclusive, above `start`). */
  next(start: number, limit: number): Window {
    const boundary = start - (start % this.size) + this.size
    const end = this.probes(start) ? start + Math.min(this.size * 2, MAX_PAGE) : boundary
    return { start, end: Math.min(end, limit) }
  }

  /** What a request brought: `received` entries from `asked.start`. */
  observe(asked: Window, received: number): void {
    const end = asked.start + received
    if (received >= asked.end - asked.start) {
      if (received >= this.size) this.grow(received)
      return
    }
    this.fullPages = 0
    if (received >= this.size && end % this.size === 0) return // a probe that brought a page: nothing larger is given
    const page = this.pageOfCut(asked.start, end)
    if (page !== undefined) this.size = page
  }

  /** The page size that a cut at `end` and the cuts before speak for; `undefined` while they do not agree. */
  private pageOfCut(start: number, end: number): number | undefined {
    const received = end - start
    const { cuts } = this
    const twice = cuts.some((cut) => cut.received === received) && start % received === 0
    // Answers end at multiples of the page size: two ends lie that far apart and are both multiples of it.
    const distance = Math.min(...cuts.map((cut) => Math.abs(end - cut.end)).filter((distance) => distance > 0))
    cuts.push({ received, end })
    if (cuts.length > REMEMBERED_CUTS) cuts.shift()
    if (distance >= received && distance <= MAX_PAGE && end % distance === 0 && distance !== this.size) return distance
    return twice && received < this.size ? received : undefined
  }

  private grow(received: number): void {
    this.fullPages++
    if (received <= this.size) return
    this.size = Math.min(received, MAX_PAGE)
    this.fullPages = PROBE_AFTER - 4 // it may give more still: find out soon
  }

  private probes(start: number): boolean {
    if (this.fullPages < PROBE_AFTER || this.size >= MAX_PAGE || start % this.size !== 0) return false
    this.fullPages = 0
    return true
  }
}
