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
/** Full pages in a row after which a larger one is tried; twice as many after each try that failed, */
const PROBE_AFTER = 64
/** up to this many. */
const MAX_PROBE_AFTER = 4096
/** Times that a request has to fail beside smaller ones that are answered until its size is given up. */
const SETTLED_AFTER = 3

/**
 * Learns how many entries a log gives at once, and plans requests that end where its answers end.
 *
 * Logs cut answers at multiples of their page size (32 at some, 256 at others, 1000 by default), so a request that ends on
 * such a multiple is answered in full and the next one starts aligned. A short answer teaches the size; it is never
 * assumed to last: short answers count only when two of them agree, and a larger page is tried now and then. A try costs nothing: what it does not bring is asked for again in pages of the learned size.
 *
 * A log may also fail on what is too much for it, or for a gateway before it, as it fails when nothing works at all. So after a failure
 * half is asked for, down to one entry, and twice as much after each answer; only a size that fails again and again while smaller ones
 * are answered is given up. A larger one is tried then, too: each time that fails, the next try waits for twice as many pages.
 */
export class PagePlanner {
  private size: number
  private fullPages = 0
  private readonly cuts: { readonly received: number; readonly end: number }[] = []
  /** Full pages after which a larger one is tried. */
  private probeAfter: number
  /** Most entries asked for at once: fewer after failures. */
  private most = Number.POSITIVE_INFINITY
  /** What {@link most} rises to: the page, after a larger one failed. Windows planned before that are wider. */
  private ceiling = Number.POSITIVE_INFINITY
  /** Most entries that came at once since the last failure. */
  private answered = 0
  /** So many entries come while requests for more fail, and how often these have since anything else failed. */
  private suspect = { count: 0, failures: 0 }

  /**
   * @param learned - Page size learned earlier, 1 to 1024.
   * @param probeAfter - What {@link retryAfter} was then; anything else is ignored.
   */
  constructor(learned: number = FIRST_PAGE, probeAfter: number = PROBE_AFTER) {
    this.size = Math.min(Math.max(Math.floor(learned) || FIRST_PAGE, 1), MAX_PAGE)
    this.probeAfter = probeAfter > PROBE_AFTER ? Math.min(probeAfter, MAX_PROBE_AFTER) : PROBE_AFTER
  }

  /** Entries the log is believed to give at once. */
  get pageSize(): number {
    return this.size
  }

  /** Full pages after which a larger one is tried, where tries have failed. */
  get retryAfter(): number | undefined {
    return this.probeAfter > PROBE_AFTER ? this.probeAfter : undefined
  }

  /** How many of the next `count` entries to ask for at once. */
  atMost(count: number): number {
    return Math.min(count, this.most)
  }

  /** The next request from `start`, ending at a page boundary or at `limit` (exclusive, above `start`). */
  next(start: number, limit: number): Window {
    const boundary = start - (start % this.size) + this.size
    const end = this.probes(start) ? start + Math.min(this.size * 2, MAX_PAGE) : boundary
    return { start, end: Math.min(end, limit) }
  }

  /** A request for `count` entries failed, in a way in which one for too many may fail. */
  failed(count: number): void {
    // Others that were under way beside it and failed, too, are the same trouble.
    if (count > this.most) return
    const less = half(count)
    this.most = less
    if (count > this.size) this.settle(this.size)
    else if (this.isAllThatComes(less)) this.settle(less)
    this.answered = 0
  }

  /** What a request brought: `received` entries from `asked.start`. */
  observe(asked: Window, received: number): void {
    this.answered = Math.max(this.answered, received)
    if (this.most < Number.POSITIVE_INFINITY) this.recover(received)
    const end = asked.start + received
    if (received >= asked.end - asked.start) {
      if (received >= this.size) this.grow(received)
      return
    }
    this.fullPages = 0
    if (received >= this.size && end % this.size === 0) return // a probe that brought a page: nothing larger is given
    const page = this.pageOfCut(asked.start, end)
    if (page === undefined) return
    this.size = page
    if (page > this.ceiling) this.ceiling = Number.POSITIVE_INFINITY
  }

  /** Whether `count` entries come, while requests for more of them fail again and again. */
  private isAllThatComes(count: number): boolean {
    const { suspect } = this
    const isAnswered = this.answered > 0 && this.answered <= count
    const failures = suspect.count === count ? suspect.failures + 1 : 1
    this.suspect = { count, failures: isAnswered ? failures : 0 }
    return this.suspect.failures >= SETTLED_AFTER
  }

  /** No more than `size` is asked for until a larger page is tried. */
  private settle(size: number): void {
    this.size = size
    this.most = size
    this.ceiling = size
    this.fullPages = 0
    this.probeAfter = Math.min(this.probeAfter * 2, MAX_PROBE_AFTER)
    this.suspect = { count: 0, failures: 0 }
  }

  private recover(received: number): void {
    if (received > this.suspect.count) this.suspect.failures = 0
    if (received >= this.most) this.most *= 2
    if (this.most >= this.size) this.most = this.ceiling
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
    this.probeAfter = PROBE_AFTER
    this.fullPages = PROBE_AFTER - 4 // it may give more still: find out soon
  }

  private probes(start: number): boolean {
    if (this.fullPages < this.probeAfter || this.size >= MAX_PAGE || start % this.size !== 0) return false
    if (this.most < this.size) return false // it recovers from failures
    this.fullPages = 0
    this.most = Number.POSITIVE_INFINITY
    this.ceiling = Number.POSITIVE_INFINITY
    return true
  }
}

/** The power of two below `count`, as pages of logs are, at least 1. */
function half(count: number): number {
  return Math.max(1, 2 ** Math.ceil(Math.log2(count) - 1))
}
