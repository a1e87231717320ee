import { type CtErrorCode, CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { quietController } from '../util/abort.js'
import { type BackoffPolicy, backoffDelay } from '../util/backoff.js'
import { elapsedOf } from '../util/clock.js'
import { type KeptRate, LearnedRate } from './learned-rate.js'
import { TurnQueue } from './turn-queue.js'

/** Unused requests may be sent in one burst: those of a quarter of a second, at least one. */
const BURST_SECONDS = 0.25
/** First and longest pause after a refusal without `Retry-After`, milliseconds. */
const PAUSE: BackoffPolicy = { baseMs: 2_000, maxMs: 120_000 }
/** A server error adds this much, an answer subtracts one; at `STRAINED` errors count as a refusal: after four in a row, or one in four. */
const ERROR_WEIGHT = 3
const STRAINED = 12
/** How often to look how far the rate has grown while requests wait for it, milliseconds. */
const LOOK_MS = 500

/** Failures without any answer. */
const UNANSWERED: ReadonlySet<CtErrorCode> = new Set(['CT_HTTP_NETWORK', 'CT_CLOSED', 'CT_ADDRESS_REFUSED'])

/** A request that was sent. */
interface Ticket {
  /** Number of refusals when it was sent: a request already under way at a refusal proves nothing new. */
  readonly refusals: number
}

interface Waiter {
  readonly admit: (ticket: Ticket) => void
  readonly fail: (reason: unknown) => void
}

/**
 * Limits how often one origin is asked; there is no limit until it refuses a request.
 *
 * - **Refused** (429, or 503 with `Retry-After`): nothing is sent for as long as the origin says, else for 2 s, doubling to 120 s while
 *   nothing gets through, and no shorter than the known rate allows one request. Then one request goes first; the others follow
 *   when it is answered. Requests that were already under way do not count again.
 * - **Errors** (5xx, 408, timeouts) count as a refusal without `Retry-After` when they are a quarter of all answers, or four in a row.
 *   They slow the origin to no less than one request a second: it may be broken for another reason.
 * - **The rate** that a refusal sets, and how it recovers: see {@link LearnedRate}.
 * - **While requests wait** for the rate, higher priority goes first, but none waits for ever: see {@link TurnQueue}.
 */
export class OriginRate {
  private readonly clock: Clock
  private readonly random: () => number
  private readonly elapsed: () => number
  private readonly rate: LearnedRate
  private tokens = 1
  private tokensAt = 0
  private pausedUntil = 0
  private refusals = 0
  /** Refusals since something got through. */
  private refusedInARow = 0
  private strain = 0
  /** After a pause: one request at a time until one is answered. */
  private isProbing = false
  private probe: Ticket | undefined
  private readonly waiting = new TurnQueue<Waiter>()
  private serving = false
  private alarm: AbortController | undefined
  private underWay = 0

  constructor(clock: Clock, random: () => number) {
    this.clock = clock
    this.random = random
    this.elapsed = elapsedOf(clock)
    this.rate = new LearnedRate(this.elapsed)
  }

  /** The rate now allowed; `undefined` while nothing limits it. */
  get requestsPerSecond(): number | undefined {
    return this.rate.perSecond
  }

  /** Whether nothing is known of the origin and no request is under way: it can be forgotten. */
  get isIdle(): boolean {
    return this.requestsPerSecond === undefined && this.underWay === 0 && this.waiting.size === 0 && this.pauseMs <= 0
  }

  /** The rate to store for later runs; `undefined` while there is none. */
  get kept(): KeptRate | undefined {
    return this.rate.kept(this.clock.now())
  }

  /** Continues with a stored rate; see {@link LearnedRate.restore}. */
  restore(kept: KeptRate): void {
    this.rate.restore(kept, this.clock.now())
  }

  /**
   * Runs `request` when the rate allows, and learns from how it ends.
   * @throws what `request` throws; `signal.reason` when aborted while it waits.
   */
  async run<T>(request: () => Promise<T>, priority: number, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted()
    const ticket = this.waiting.size === 0 && this.waitMs() === 0 ? this.admit() : await this.turn(priority, signal)
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
    this.rate.answered()
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
    // A wrong answer, or any other status, still shows that the request got through.
    else if (!UNANSWERED.has(code)) this.answered(ticket)
  }

  private refused(ticket: Ticket, retryAfterMs: number): void {
    if (ticket.refusals === this.refusals) this.rate.refused(this.pause(retryAfterMs))
    else if (retryAfterMs > this.pauseMs) this.pauseFor(retryAfterMs)
  }

  private strained(ticket: Ticket): void {
    if (ticket.refusals !== this.refusals) return
    this.strain += ERROR_WEIGHT
    if (this.strain >= STRAINED) this.rate.strained(this.pause(0))
  }

  /** Sends nothing for a while, then one request first. Returns for how long. */
  private pause(retryAfterMs: number): number {
    // The jitter keeps clients that were refused together from coming back together.
    const jitterMs = this.random() * Math.min(1000, retryAfterMs)
    const pauseMs = retryAfterMs > 0 ? retryAfterMs + jitterMs : this.ownPauseMs()
    this.pauseFor(pauseMs)
    this.refusals++
    this.refusedInARow++
    this.strain = 0
    this.isProbing = true
    this.probe = undefined
    this.tokens = 1
    return pauseMs
  }

  /** The pause where the origin names none: at least until the known rate allows another request. */
  private ownPauseMs(): number {
    const oneRequestMs = (1000 / (this.requestsPerSecond ?? Number.POSITIVE_INFINITY)) * (1 + this.random() / 5)
    return Math.max(backoffDelay(PAUSE, this.refusedInARow, this.random), Math.round(oneRequestMs))
  }

  private pauseFor(ms: number): void {
    this.pausedUntil = this.tokensAt = this.elapsed() + ms
  }

  // — waiting

  private get pauseMs(): number {
    return this.pausedUntil - this.elapsed()
  }

  /** Milliseconds until a request may be sent: 0 now, infinite until the probe has ended. */
  private waitMs(): number {
    const { pauseMs } = this
    if (pauseMs > 0) return Math.ceil(pauseMs)
    if (this.isProbing && this.probe !== undefined) return Number.POSITIVE_INFINITY
    const rate = this.requestsPerSecond
    if (rate === undefined) return 0
    const now = this.elapsed()
    this.tokens = Math.min(
      Math.max(1, rate * BURST_SECONDS),
      this.tokens + (Math.max(0, now - this.tokensAt) / 1000) * rate,
    )
    this.tokensAt = now
    return this.tokens >= 1 ? 0 : Math.ceil(((1 - this.tokens) / rate) * 1000)
  }

  private admit(): Ticket {
    this.rate.asked()
    this.tokens = Math.max(0, this.tokens - 1)
    const ticket = { refusals: this.refusals }
    if (this.isProbing) this.probe = ticket
    return ticket
  }

  private turn(priority: number, signal: AbortSignal | undefined): Promise<Ticket> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.waiting.remove(waiter)
        if (this.waiting.size === 0) this.alarm?.abort()
        reject(signal?.reason)
      }
      const done = () => signal?.removeEventListener('abort', onAbort)
      const waiter: Waiter = {
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
      this.waiting.add(waiter, priority)
      this.serve()
    })
  }

  /** Sends waiting requests one by one as the rate allows. One loop at a time, and none while nothing waits. */
  private serve(): void {
    if (this.serving || this.waiting.size === 0) return
    this.serving = true
    this.serveAll().catch((error) => {
      for (const waiter of this.waiting.clear()) waiter.fail(error)
    })
  }

  private async serveAll(): Promise<void> {
    try {
      while (this.waiting.size > 0) {
        const waitMs = this.waitMs()
        if (waitMs === Number.POSITIVE_INFINITY) return // the probe's end begins another loop
        if (waitMs === 0) {
          this.waiting.next()?.admit(this.admit())
          continue
        }
        const isPaused = this.pauseMs > 0
        // Sleeps in short steps, because the rate grows meanwhile.
        const sleepMs = isPaused ? waitMs : Math.min(waitMs, LOOK_MS)
        await this.sleep(sleepMs)
        if (!isPaused && this.waiting.size > 0) this.rate.wasInTheWay(sleepMs)
      }
    } finally {
      this.serving = false
    }
  }

  /** Resolves when the time is up, or no request waits any more. */
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
