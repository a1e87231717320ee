import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { quietController } from '../util/abort.js'
import { type BackoffPolicy, backoffDelay } from '../util/backoff.js'
import { RecentAnswers } from './recent-answers.js'

/**
 * What of the rate last sustained is tried next. DigiCert lets 35 requests a minute through, and its busiest shard needs
 * 30 of them to be followed: nine tenths (31.5) stay above what is needed.
 */
const LOWERED_TO = 0.9
/** One refusal lowers a known rate to a quarter at most: a quiet minute before it says little of what is allowed. */
const LOWERED_AT_MOST_TO = 0.25
/** Never slower than this, requests per second: DigiCert's slowest ever seen was 0.15. */
const SLOWEST = 0.1
/** First guess, requests per second, where nothing ever got through; and as far as server errors alone slow an origin. */
const CAUTIOUS = 1
/** A rate this high limits nothing: it is forgotten. */
const UNLIMITED = 1_000
/** A rate doubles when it was in the way for this long without a refusal; see {@link OriginRate.requestsPerSecond}. */
const DOUBLED_AFTER_MS = 600_000
/** … and the rate of a first refusal, which is a guess: a bucket that was full says little of how fast it fills. */
const GUESS_DOUBLED_AFTER_MS = 60_000
/** What may go at once of what was not used: a quarter of a second's worth, at least one request. */
const BURST_SECONDS = 0.25
/** How long everything waits after a refusal that does not say how long. */
const PAUSE: BackoffPolicy = { baseMs: 2_000, maxMs: 120_000 }
/** A server error weighs as much as this many answers; at `STRAINED` they count as a refusal: four in a row, or every fourth. */
const ERROR_WEIGHT = 3
const STRAINED = 12

/** One request that was let through. */
interface Ticket {
  /** Number of refusals at that time: what was under way when one came says nothing new. */
  readonly refusals: number
}

interface Waiter {
  readonly priority: number
  readonly admit: (ticket: Ticket) => void
  readonly fail: (reason: unknown) => void
}

/**
 * How often one origin may be asked: not limited until it says so.
 *
 * - **Refused** (429, or 503 with `Retry-After`): nothing is sent for as long as it says, else for 2 s, doubling to 120 s while
 *   nothing gets through. Then one request goes first; the others follow when it is answered. The rate is set to 0.9 of what
 *   was sustained since the refusal before: a server that counts was at its limit then and is now, so what it let through
 *   between is what it allows. Requests that were already under way do not count again.
 * - **Errors** (5xx, 408, timeouts) that come to a quarter of all answers, or four in a row, count as a refusal without a hint,
 *   but slow an origin to one request a second at most: it may be broken for another reason.
 * - **Recovery**: see {@link OriginRate.requestsPerSecond}.
 * - While the rate is in the way, higher priority goes first, then who came first.
 */
export class OriginRate {
  private readonly clock: Clock
  private readonly random: () => number
  /** Requests per second after the last refusal. */
  private base: number | undefined
  /** For how long the rate was in the way since. */
  private inTheWayMs = 0
  private doubledAfterMs = DOUBLED_AFTER_MS
  private tokens = 0
  private tokensAt = 0
  private pausedUntil = 0
  /** Length of that pause. */
  private pausedMs = 0
  private refusals = 0
  /** Refusals since something got through. */
  private refusedInARow = 0
  private strain = 0
  /** After a pause: one request at a time until one is answered. */
  private isProbing = false
  private probe: Ticket | undefined
  private readonly answers = new RecentAnswers()
  private readonly waiting: Waiter[] = []
  private serving = false
  private alarm: AbortController | undefined
  private underWay = 0

  constructor(clock: Clock, random: () => number) {
    this.clock = clock
    this.random = random
  }

  /**
   * The rate now allowed; `undefined` while nothing limits it.
   *
   * After a refusal it grows with the square of the time for which it was in the way of requests, in the exponent: by a ninth
   * (back to what was sustained) in 4 minutes, twofold in 10, sixteenfold in 20, more than five hundredfold in 30. Slow near the
   * known limit (at DigiCert's rate one request in a hundred is refused), fast away from it, so that no mistake lasts; and not
   * at all while it is not needed, so that a quiet night is not taken for leave. All ten times as fast after a first refusal,
   * until a second one confirms the limit.
   */
  get requestsPerSecond(): number | undefined {
    if (this.base === undefined) return undefined
    const rate = this.base * 2 ** ((this.inTheWayMs / this.doubledAfterMs) ** 2)
    if (rate < UNLIMITED) return rate
    this.base = undefined
    return undefined
  }

  /** Nothing is known of it, and nothing is going on. */
  get isIdle(): boolean {
    return this.base === undefined && this.underWay === 0 && this.waiting.length === 0 && this.pauseMs <= 0
  }

  /** Takes up what was learned earlier; of two memories the more careful one counts. */
  restore(requestsPerSecond: number): void {
    const rate = Math.max(requestsPerSecond, SLOWEST)
    if (rate >= UNLIMITED || rate >= (this.base ?? UNLIMITED)) return
    this.slowTo(rate)
    this.doubledAfterMs = DOUBLED_AFTER_MS
  }

  /**
   * Runs `request` when the rate allows, and learns from how it ends.
   * @throws what `request` throws; `signal.reason` when aborted while it waits.
   */
  async run<T>(request: () => Promise<T>, priority: number, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted()
    const ticket = this.waiting.length === 0 && this.waitMs() === 0 ? this.admit() : await this.turn(priority, signal)
    this.underWay++
    try {
      const answer = await request()
      this.answered(ticket)
      return answer
    } catch (error) {
      if (signal?.aborted !== true) this.failed(error, ticket)
      throw error
    } finally {
      this.underWay--
      if (this.probe === ticket) this.probe = undefined
      this.serve()
    }
  }

  // — outcomes

  private answered(ticket: Ticket): void {
    if (ticket.refusals !== this.refusals) return
    this.answers.add(this.clock.now())
    this.isProbing = false
    this.refusedInARow = 0
    this.strain = Math.max(0, this.strain - 1)
  }

  private failed(error: unknown, ticket: Ticket): void {
    if (!CtStreamError.is(error)) return
    const { status, code, retryAfterMs = 0 } = error
    if (status === 429 || (status === 503 && retryAfterMs > 0)) this.refused(ticket, retryAfterMs)
    else if (code === 'CT_HTTP_TIMEOUT' || status === 408 || (status !== undefined && status >= 500))
      this.strained(ticket)
    // A wrong answer, or a status of another kind, is an answer that was let through.
    else if (code !== 'CT_HTTP_NETWORK' && code !== 'CT_CLOSED') this.answered(ticket)
  }

  private refused(ticket: Ticket, retryAfterMs: number): void {
    if (ticket.refusals === this.refusals) {
      const [now, known] = [this.clock.now(), this.requestsPerSecond]
      // Where nothing got through, the pause was too short; of the rate it says nothing.
      if (this.answers.count(now) > 0) this.slowTo(lowered(this.answers.perSecond(now), known))
      else if (known === undefined) this.slowTo(CAUTIOUS)
      this.pause(retryAfterMs)
    } else if (retryAfterMs > this.pauseMs) this.pauseFor(retryAfterMs)
  }

  private strained(ticket: Ticket): void {
    if (ticket.refusals !== this.refusals) return
    this.strain += ERROR_WEIGHT
    if (this.strain < STRAINED) return
    const [now, known] = [this.clock.now(), this.requestsPerSecond]
    if (this.answers.count(now) > 0 && (known ?? UNLIMITED) > CAUTIOUS)
      this.slowTo(Math.max(CAUTIOUS, lowered(this.answers.perSecond(now), known)))
    this.pause(0)
  }

  private slowTo(requestsPerSecond: number): void {
    this.doubledAfterMs = this.requestsPerSecond === undefined ? GUESS_DOUBLED_AFTER_MS : DOUBLED_AFTER_MS
    this.base = Math.max(SLOWEST, requestsPerSecond)
    this.inTheWayMs = 0
  }

  private pause(retryAfterMs: number): void {
    const now = this.clock.now()
    // The jitter keeps those that were sent away together from coming back together.
    const jitterMs = this.random() * Math.min(1000, retryAfterMs)
    this.pauseFor(retryAfterMs > 0 ? retryAfterMs + jitterMs : backoffDelay(PAUSE, this.refusedInARow, this.random))
    this.refusals++
    this.refusedInARow++
    this.strain = 0
    this.isProbing = true
    this.probe = undefined
    this.answers.restart(now)
    this.tokens = 1
  }

  private pauseFor(ms: number): void {
    this.pausedMs = ms
    this.pausedUntil = this.tokensAt = this.clock.now() + ms
  }

  // — waiting

  private get pauseMs(): number {
    const now = this.clock.now()
    // The machine's clock was set back: the pause begins again, and takes no longer than it should.
    if (this.pausedUntil - now > this.pausedMs) this.pausedUntil = now + this.pausedMs
    return this.pausedUntil - now
  }

  /** How long until a request may go: 0 now, infinite until the probe has ended. */
  private waitMs(): number {
    const { pauseMs } = this
    if (pauseMs > 0) return Math.ceil(pauseMs)
    if (this.isProbing && this.probe !== undefined) return Number.POSITIVE_INFINITY
    const rate = this.requestsPerSecond
    if (rate === undefined) return 0
    const now = this.clock.now()
    this.tokens = Math.min(
      Math.max(1, rate * BURST_SECONDS),
      this.tokens + (Math.max(0, now - this.tokensAt) / 1000) * rate,
    )
    this.tokensAt = now
    return this.tokens >= 1 ? 0 : Math.ceil(((1 - this.tokens) / rate) * 1000)
  }

  private admit(): Ticket {
    this.answers.begin(this.clock.now())
    this.tokens = Math.max(0, this.tokens - 1)
    const ticket = { refusals: this.refusals }
    if (this.isProbing) this.probe = ticket
    return ticket
  }

  private turn(priority: number, signal: AbortSignal | undefined): Promise<Ticket> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1)
        if (this.waiting.length === 0) this.alarm?.abort()
        reject(signal?.reason)
      }
      const done = () => signal?.removeEventListener('abort', onAbort)
      const waiter: Waiter = {
        priority,
        admit: (ticket) => {
          done()
          resolve(ticket)
        },
        fail: (reason) => {
          done()
          reject(reason)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      const before = this.waiting.findIndex((other) => other.priority < priority)
      this.waiting.splice(before < 0 ? this.waiting.length : before, 0, waiter)
      this.serve()
    })
  }

  /** Lets those who wait go, one by one as the rate allows; one loop at a time, and none while nobody waits. */
  private serve(): void {
    if (this.serving || this.waiting.length === 0) return
    this.serving = true
    this.serveAll().catch((error) => {
      for (const waiter of this.waiting.splice(0)) waiter.fail(error)
    })
  }

  private async serveAll(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        const waitMs = this.waitMs()
        if (waitMs === Number.POSITIVE_INFINITY) return // the probe's end begins another loop
        if (waitMs === 0) {
          this.waiting.shift()?.admit(this.admit())
          continue
        }
        const isPaused = this.pauseMs > 0
        await this.sleep(waitMs)
        if (!isPaused && this.waiting.length > 0) this.inTheWayMs += waitMs
      }
    } finally {
      this.serving = false
    }
  }

  /** Until the time is up, or nobody waits any more. */
  private async sleep(ms: number): Promise<void> {
    this.alarm = quietController()
    try {
      await this.clock.sleep(ms, this.alarm.signal)
    } catch (error) {
      if (!this.alarm.signal.aborted) throw error
    } finally {
      this.alarm = undefined
    }
  }
}

/** A rate below what was sustained; of a known rate no less than a quarter, and always below it. */
function lowered(sustained: number, known: number | undefined): number {
  const rate = sustained * LOWERED_TO
  return known === undefined ? rate : Math.min(Math.max(rate, known * LOWERED_AT_MOST_TO), known * LOWERED_TO)
}
