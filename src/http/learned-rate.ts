import { RecentAnswers } from './recent-answers.js'

/** First guess, requests per second, where nothing ever got through; as far as server errors alone slow an origin; where a hint begins. */
export const CAUTIOUS = 1
/** Never slower than this, requests per second: DigiCert's slowest ever seen was 0.15. */
const SLOWEST = 0.1
/** A rate this high limits nothing: it is forgotten. */
const UNLIMITED = 1_000
/** What of the limit is tried first after a refusal. */
const LOWERED_TO = 0.85
/** Of what got through lately: a bucket that was full gave a little more than it will go on to give. */
const SUSTAINABLE = 0.97
/** Where the rate was higher than what got through, because it was growing: by how much the limit may be. */
const ABOVE_ANSWERS = 1.25
/** With fewer answers since the refusal before, a refusal lowers the limit to a quarter of the rate at most. */
const ENOUGH_ANSWERS = 8
const LOWERED_AT_MOST_TO = 0.25
/** Of a rate that was not in the way a refusal leaves half at least: what got through says how little was asked. */
const HALF = 0.5
/** One request in so much of the time that had to be waited for an answer is never too much: where the limit was met, and where not. */
const FLOOR = 0.5
const FLOOR_UNMET = 1
/** Limits within this factor of each other confirm each other. */
const SAME = 2
/** The time to the limit is a part of the time for which it has held: one that is twenty seconds old may be gone in twenty. */
const AGE_TO_LIMIT = 0.125
/** Another limit than before is this much younger, and no older than that. */
const YOUNGER = 0.25
const OLDEST_AT_CHANGE_MS = 60_000
/** The time to the limit is no longer than for this many requests, of which a few at most are then refused, or this many pauses. */
const REQUESTS_TO_LIMIT = 100
const PAUSES_TO_LIMIT = 5
/** … and never shorter: a second of quiet is a reason to try more. */
const QUIET_MS = 1_000
/** … where thirty answers or more confirm it: what a refusal costs is worth avoiding for a while, and recovery takes seconds all the same. */
const SOLID_PAUSES = 3
/** By what part of the time to the limit (half a second at least) one answer lets the rate grow: waiting alone says nothing. */
const GROWTH_PER_ANSWER = 0.2
/** How often the rate doubles in the time to the limit, once it is past it. */
const DOUBLINGS = 3
/** A limit that was neither met nor in the way for so long is a hint, milliseconds. */
const AGED_MS = 300_000

/** What is worth keeping of a rate. Times are epoch milliseconds. */
export interface KeptRate {
  readonly requestsPerSecond: number
  /** When it last held a request back. */
  readonly limitedAt: number
  /** Since when the limit has been about this high. */
  readonly limitedSince: number
}

/**
 * How often an origin may be asked, learned from what it refuses, as congestion control does it (additive increase,
 * multiplicative decrease, a slow start), for limits of one's own and limits that others share.
 *
 * - **Free**: no rate, until a refusal sets a *limit*: what got through of late, never less than a quarter of the rate that
 *   was refused (half, where the rate was not in the way: what a gentle poller gets through is no limit), nor than one
 *   request in twice the time that had to be waited for an answer, which follows the server's own `Retry-After`.
 * - **Below the limit**: 0.85 of it, growing along a cubic that is flat at the limit and reaches it after the *time to the
 *   limit*: an eighth of the time for which the limit has held, at least a second, at most a hundred requests or five pauses.
 * - **Past it**, after as long again: doubling three times in the time to the limit, until the next refusal, or free.
 * - Time counts while the rate is in the way, and for each answer no more of it than a fifth of the time to the limit, or half a
 *   second: waiting alone says nothing.
 *
 * So a limit that holds is met once in about a hundred requests, and pressure of seconds is made up for in seconds.
 * A refusal after a single answer, or a limit of another height (a factor of two), makes the limit young again. One that was
 * not in the way for five minutes is a hint: the start of a search.
 */
export class LearnedRate {
  private readonly elapsed: () => number
  private limit: number | undefined
  private toLimitMs = QUIET_MS
  /** How far the rate has come along its curve. */
  private grownMs = 0
  /** In the way since the last answer. */
  private unansweredMs = 0
  /** Since the last refusal that said something: in the way, and paused. */
  private inTheWayMs = 0
  private inEpoch = 0
  private pausedMs = 0
  private refusedAt = 0
  private isHint = false
  /** Elapsed times: since when the limit has held, when it was last in the way. */
  private heldSince = 0
  private metAt = 0
  /** When the refusals began since which nothing got through. */
  private stuckSince: number | undefined
  /** How long it took the last time until something got through. */
  private stuckMs = 10_000
  private readonly answers = new RecentAnswers()

  /** @param elapsed - Milliseconds of a clock that nobody sets. */
  constructor(elapsed: () => number) {
    this.elapsed = elapsed
  }

  /** Requests per second; `undefined` while nothing limits them. */
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

  /** A request goes out. */
  asked(): void {
    this.answers.begin(this.elapsed())
  }

  /** It got through. */
  answered(): void {
    const now = this.elapsed()
    this.answers.add(now)
    this.inEpoch++
    this.grownMs = this.progressMs
    this.unansweredMs = 0
    if (this.stuckSince !== undefined) this.stuckMs = now - this.stuckSince
    this.stuckSince = undefined
  }

  /** Requests waited because of the rate, not of a pause. */
  wasInTheWay(ms: number): void {
    const now = this.elapsed()
    if (now - this.metAt > AGED_MS) this.age()
    this.metAt = now
    this.unansweredMs += ms
    this.inTheWayMs += ms
  }

  /**
   * The origin refused a request that was sent after the pause of the refusal before.
   * @param pauseMs - How long it is left alone now.
   */
  refused(pauseMs: number): void {
    const now = this.elapsed()
    this.stuckSince ??= now
    // Where nothing got through, the pause was too short; of the rate it says nothing.
    if (this.answers.count === 0) {
      if (this.limit === undefined) this.set(CAUTIOUS / LOWERED_TO, pauseMs, 1)
      this.pausedMs += pauseMs
    } else this.lower(pauseMs, 0)
  }

  /** Errors of the server came to a refusal: it may be broken for another reason, and is slowed to {@link CAUTIOUS} at most. */
  strained(pauseMs: number): void {
    if (this.answers.count > 0 && (this.perSecond ?? UNLIMITED) > CAUTIOUS) this.lower(pauseMs, CAUTIOUS / LOWERED_TO)
    else this.beginAnew(pauseMs)
  }

  /** What is worth keeping; `undefined` while nothing limits. @param now - Epoch milliseconds. */
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
   * Takes up what was kept: for what it was while it is younger than five minutes, else as a hint. Of two memories the more
   * careful one counts, and none of a hint.
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
    // A limit that was not met is none to stay below.
    if (rate !== undefined && !isMet) this.grownMs = this.toLimitMs
    this.beginAnew(pauseMs)
  }

  /** The limit that fits to what got through. */
  private limitFound(rate: number | undefined, isMet: boolean, openMs: number): number {
    const { count, isSteady } = this.answers
    const lately = this.answers.perSecond(this.elapsed())
    const isOld = this.elapsed() - this.heldSince > OLDEST_AT_CHANGE_MS
    // What a bucket or a window gave at once does not raise a limit that has held for long.
    const through = isOld ? Math.min(lately, (this.inEpoch * 1000) / openMs) : lately
    if (rate === undefined) return Math.max(CAUTIOUS, through)
    if (!isMet) return Math.max(through, rate * HALF)
    // Between what got through, pauses included, and what was asked for: the one is too low for a small bucket, which
    // overflowed in the pause, the other too high where the rate was growing.
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

  /** What is counted between two refusals. */
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

/** What of the limit is tried, by the time since the refusal in times to the limit: 0.85, 1 at 1, 1.15 at 2, then doubling. */
function curve(x: number): number {
  const lowered = 1 - LOWERED_TO
  return x <= 2 ? 1 + lowered * (x - 1) ** 3 : (1 + lowered) * 2 ** ((x - 2) * DOUBLINGS)
}
