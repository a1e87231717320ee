import { RecentAnswers } from './recent-answers.js'

/**
 * Requests per second: the first guess where no request ever succeeded, the lowest rate that server errors alone lead to, and the
 * lowest rate to begin with after a hint.
 */
export const CAUTIOUS = 1
/** Lowest rate, requests per second: the slowest seen of any origin, DigiCert's, was 0.15. */
const SLOWEST = 0.1
/** A rate this high has no effect, and is dropped. */
const UNLIMITED = 1_000
/** Part of the limit to begin with after a refusal. */
const LOWERED_TO = 0.85
/** Part of the recent throughput that counts as sustainable: a token bucket that was full allowed a little more than it refills. */
const SUSTAINABLE = 0.97
/** A growing rate was higher than its throughput; the limit may be higher than the throughput by this factor. */
const ABOVE_ANSWERS = 1.25
/** With fewer answers than this since the previous refusal, a refusal lowers the limit to no less than a quarter of the rate. */
const ENOUGH_ANSWERS = 8
const LOWERED_AT_MOST_TO = 0.25
/** A rate that held nothing back is lowered to no less than half: its throughput was low only because few requests were made. */
const HALF = 0.5
/** The limit is at least this many requests per time between a refusal and the next answer: where the rate was in the way, and where not. */
const FLOOR = 0.5
const FLOOR_UNMET = 1
/** Two limits that differ by no more than this factor confirm each other. */
const SAME = 2
/** The time to the limit is this part of the limit's age: one that is twenty seconds old may be gone in another twenty. */
const AGE_TO_LIMIT = 0.125
/** A limit that differs from the one before inherits this part of its age, and no more than a minute. */
const YOUNGER = 0.25
const OLDEST_AT_CHANGE_MS = 60_000
/** Upper bounds of the time to the limit: the time for this many requests, or this many pauses, whichever is longer. */
const REQUESTS_TO_LIMIT = 100
const PAUSES_TO_LIMIT = 5
/** Lower bound of the time to the limit, milliseconds. */
const QUIET_MS = 1_000
/** Lower bound in pauses, for a limit confirmed by thirty answers or more: another refusal would cost more than this wait. */
const SOLID_PAUSES = 3
/** Each answer lets the rate grow by this part of the time to the limit at most (or half a second): waiting alone proves nothing. */
const GROWTH_PER_ANSWER = 0.2
/** How many times the rate doubles in one time to the limit, once it is past the limit. */
const DOUBLINGS = 3
/** A limit that held nothing back for this long is only a hint, milliseconds. */
const AGED_MS = 300_000

/** A rate as it is stored for later runs. Times are epoch milliseconds. */
export interface KeptRate {
  readonly requestsPerSecond: number
  /** When the rate last held a request back. */
  readonly limitedAt: number
  /** Since when the limit has been about this high. */
  readonly limitedSince: number
}

/**
 * The rate at which an origin may be asked, learned from its refusals as congestion control does (additive increase, multiplicative
 * decrease, slow start). Works for limits that count this client alone and for limits shared with others.
 *
 * Words used here: the rate is *in the way* while requests have to wait for it; a request *gets through* when it is answered.
 *
 * - **Free**: no rate. A refusal sets a *limit*: the recent throughput, but no less than a quarter of the refused rate (half, where the
 *   rate was not in the way, since a gentle poller's throughput is no limit), and no less than one request in twice the time from the
 *   refusal to the next answer, which follows the server's own `Retry-After`.
 * - **Below the limit**: from 0.85 of it, the rate grows along a cubic that is flat at the limit and reaches it after the *time to
 *   the limit*: an eighth of the limit's age, at least a second, at most the time for a hundred requests or five pauses.
 * - **Past the limit**, after as long again: the rate doubles three times in each time to the limit, until the next refusal, or until it is
 *   free.
 * - Only time in which the rate is in the way counts, and for each answer at most a fifth of the time to the limit, or half a second:
 *   waiting alone proves nothing.
 *
 * So a constant limit refuses about one request in a hundred, and the rate recovers in seconds from pressure that lasted seconds. A
 * refusal after a single answer, or a limit that differs by a factor of two, resets the limit's age. A limit that was not in the way for five
 * minutes becomes a hint: the start of a new search.
 */
export class LearnedRate {
  private readonly elapsed: () => number
  private limit: number | undefined
  private toLimitMs = QUIET_MS
  /** How far the rate has moved along its curve, milliseconds. */
  private grownMs = 0
  /** Time in the way since the last answer. */
  private unansweredMs = 0
  /** Since the last refusal that lowered the limit: time in the way, answers, and time paused. */
  private inTheWayMs = 0
  private inEpoch = 0
  private pausedMs = 0
  private refusedAt = 0
  private isHint = false
  /** Elapsed times: since when the limit has been about this high, and when it was last in the way. */
  private heldSince = 0
  private metAt = 0
  /** When the first refusal since the last answer came. */
  private stuckSince: number | undefined
  /** How long the last such series of refusals took. */
  private stuckMs = 10_000
  private readonly answers = new RecentAnswers()

  /** @param elapsed - Milliseconds of a clock that nobody can set. */
  constructor(elapsed: () => number) {
    this.elapsed = elapsed
  }

  /** Requests per second; `undefined` while they are not limited. */
  get perSecond(): number | undefined {
    if (this.limit === undefined) return undefined
    const rate = Math.max(SLOWEST, this.limit * curve(this.progressMs / this.toLimitMs))
    if (rate < UNLIMITED) return rate
    this.limit = undefined
    return undefined
  }

  private get progressMs(): number {
    return this.grownMs + Math.min(this.unansweredMs, Math.max(QUIET_MS / 2, this.toLimitMs * GROWTH_PER_ANSWER))
  }

  /** A request is sent. */
  asked(): void {
    this.answers.begin(this.elapsed())
  }

  /** A request got through. */
  answered(): void {
    const now = this.elapsed()
    this.answers.add(now)
    this.inEpoch++
    this.grownMs = this.progressMs
    this.unansweredMs = 0
    if (this.stuckSince !== undefined) this.stuckMs = now - this.stuckSince
    this.stuckSince = undefined
  }

  /** Requests waited for the rate, as opposed to a pause. */
  wasInTheWay(ms: number): void {
    const now = this.elapsed()
    if (now - this.metAt > AGED_MS) this.age()
    this.metAt = now
    this.unansweredMs += ms
    this.inTheWayMs += ms
  }

  /**
   * The origin refused a request that was sent after the pause of the refusal before.
   * @param pauseMs - How long nothing is sent now.
   */
  refused(pauseMs: number): void {
    const now = this.elapsed()
    this.stuckSince ??= now
    // Nothing got through since the last refusal: the pause was too short, and the rate is unknown.
    if (this.answers.count === 0) {
      if (this.limit === undefined) this.set(CAUTIOUS / LOWERED_TO, pauseMs, 1)
      this.pausedMs += pauseMs
    } else this.lower(pauseMs, 0)
  }

  /** Server errors add up to a refusal. The server may be broken for another reason, so the rate stays at {@link CAUTIOUS} or more. */
  strained(pauseMs: number): void {
    if (this.answers.count > 0 && (this.perSecond ?? UNLIMITED) > CAUTIOUS) this.lower(pauseMs, CAUTIOUS / LOWERED_TO)
    else this.beginAnew(pauseMs)
  }

  /** The rate to store; `undefined` while there is none. @param now - Epoch milliseconds. */
  kept(now: number): KeptRate | undefined {
    const requestsPerSecond = this.perSecond
    if (requestsPerSecond === undefined) return undefined
    const elapsed = this.elapsed()
    return {
      requestsPerSecond,
      limitedAt: Math.round(now - (elapsed - this.metAt)),
      limitedSince: Math.round(now - (elapsed - this.heldSince)),
    }
  }

  /**
   * Continues with a stored rate: as a limit while it is younger than five minutes, else as a hint. Of two stored rates the lower one
   * wins, and a limit wins over a hint.
   */
  restore({ requestsPerSecond, limitedAt, limitedSince }: KeptRate, now: number): void {
    const ageMs = now - limitedAt
    const heldMs = limitedAt - limitedSince
    const isFresh = ageMs >= 0 && ageMs <= AGED_MS && heldMs >= OLDEST_AT_CHANGE_MS
    const rate = isFresh ? Math.max(requestsPerSecond, SLOWEST) : Math.max(requestsPerSecond, CAUTIOUS)
    const isKnown =
      this.limit !== undefined && (isFresh ? !this.isHint && this.limit <= rate : !this.isHint || this.limit <= rate)
    if (rate >= UNLIMITED || isKnown) return
    const elapsed = this.elapsed()
    this.limit = rate
    this.isHint = !isFresh
    this.metAt = isFresh ? elapsed - ageMs : elapsed
    this.heldSince = isFresh ? this.metAt - heldMs : elapsed
    this.toLimitMs = this.grownMs = this.timeToLimit(rate, 0)
  }

  private lower(pauseMs: number, lowest: number): void {
    const rate = this.perSecond
    const { count } = this.answers
    const openMs = Math.max(1, this.elapsed() - this.refusedAt - this.pausedMs)
    const isMet = rate !== undefined && this.inTheWayMs * 2 > openMs
    const floor = Math.min(CAUTIOUS, ((isMet ? FLOOR : FLOOR_UNMET) * 1000) / this.stuckMs)
    const found = Math.max(this.limitFound(rate, isMet, openMs), floor, lowest)
    this.set(Math.min(found, Math.max(rate ?? UNLIMITED, lowest)), pauseMs, count)
    // The rate was not in the way: there is no reason to begin below the limit.
    if (rate !== undefined && !isMet) this.grownMs = this.toLimitMs
    this.beginAnew(pauseMs)
  }

  /** The limit that explains the throughput. */
  private limitFound(rate: number | undefined, isMet: boolean, openMs: number): number {
    const { count, isSteady } = this.answers
    const lately = this.answers.perSecond(this.elapsed())
    const isOld = this.elapsed() - this.heldSince > OLDEST_AT_CHANGE_MS
    // A burst out of a token bucket does not raise a limit that has held for a minute.
    const through = isOld ? Math.min(lately, (this.inEpoch * 1000) / openMs) : lately
    if (rate === undefined) return Math.max(CAUTIOUS, through)
    if (!isMet) return Math.max(through, rate * HALF)
    // Between throughput (pauses included) and rate: the throughput is too low for a small bucket, which overflowed during the pause,
    // the rate too high while it was growing.
    const most = Math.min(rate, ABOVE_ANSWERS * (isSteady ? through : (count * 1000) / openMs))
    const limit = SUSTAINABLE * Math.sqrt(through * most)
    return count >= ENOUGH_ANSWERS ? limit : Math.max(limit, rate * LOWERED_AT_MOST_TO)
  }

  private set(limit: number, pauseMs: number, answers: number): void {
    const now = this.elapsed()
    const before = this.limit
    const isSame = before !== undefined && answers > 1 && limit <= before * SAME && limit >= before / SAME
    if (before === undefined) this.heldSince = now
    else if (!isSame) this.heldSince = now - Math.min(OLDEST_AT_CHANGE_MS, (now - this.heldSince) * YOUNGER)
    this.limit = limit
    this.isHint = false
    this.metAt = now
    this.grownMs = this.unansweredMs = 0
    this.toLimitMs = Math.max(
      this.timeToLimit(limit, pauseMs),
      isSame && this.answers.isSteady ? SOLID_PAUSES * pauseMs : 0,
    )
  }

  private timeToLimit(limit: number, pauseMs: number): number {
    const enoughMs = Math.max((REQUESTS_TO_LIMIT * 1000) / limit, PAUSES_TO_LIMIT * pauseMs)
    return Math.max(QUIET_MS, Math.min(enoughMs, (this.elapsed() - this.heldSince) * AGE_TO_LIMIT))
  }

  /** Resets what is counted between two refusals. */
  private beginAnew(pauseMs: number): void {
    this.refusedAt = this.elapsed()
    this.answers.restart(this.refusedAt)
    this.inTheWayMs = this.inEpoch = 0
    this.pausedMs = pauseMs
  }

  private age(): void {
    const rate = this.perSecond
    if (rate === undefined) return
    this.limit = Math.max(rate, CAUTIOUS)
    this.isHint = true
    this.heldSince = this.elapsed()
    this.toLimitMs = this.grownMs = QUIET_MS
  }
}

/** The rate as a part of the limit, by the time since the refusal divided by the time to the limit: 0.85 at 0, 1 at 1, 1.15 at 2, then doubling. */
function curve(x: number): number {
  const lowered = 1 - LOWERED_TO
  return x <= 2 ? 1 + lowered * (x - 1) ** 3 : (1 + lowered) * 2 ** ((x - 2) * DOUBLINGS)
}
