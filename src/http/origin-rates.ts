import type { Clock } from '../types/clock.js'
import type { KeptRate } from './learned-rate.js'
import { OriginRate } from './origin-rate.js'

/** Which origin a request is for, and how urgent it is. */
export interface RateSlot {
  /** Any URL of the origin. */
  readonly url: string
  /** Higher goes first while the rate is in the way, with every fourth turn left to the others. Default 0. */
  readonly priority?: number
  /** A waiting request gives up as soon as it aborts. */
  readonly signal?: AbortSignal
}

/** Most origins to remember, more than all lists name together. Beyond it, those that are idle and unlimited are dropped first. */
const MAX_ORIGINS = 1_000

/**
 * How often each origin may be asked, learned from what it answers; see {@link OriginRate} for the rule.
 *
 * Rates belong to the origin, not to the log, because operators count over all logs behind a host name. Each call of `run` counts
 * as one request, so retries belong outside of it.
 */
export class OriginRates {
  private readonly clock: Clock
  private readonly random: () => number
  private readonly origins = new Map<string, OriginRate>()

  /** @param random - Uniform in [0, 1), for jitter. */
  constructor({ clock, random }: { readonly clock: Clock; readonly random: () => number }) {
    this.clock = clock
    this.random = random
  }

  /**
   * Runs `request` when its origin may be asked again.
   * @returns What the request returns or throws; rejects with `signal.reason` when aborted while it waits.
   */
  run<T>({ url, priority = 0, signal }: RateSlot, request: () => Promise<T>): Promise<T> {
    return this.rateOf(url).run(request, priority, signal)
  }

  /** Requests per second now allowed to the origin of `url`; `undefined` while they are not limited. */
  requestsPerSecond(url: string): number | undefined {
    return this.origins.get(originOf(url))?.requestsPerSecond
  }

  /** The rate of the origin of `url`, to store for later runs; `undefined` while there is none. */
  kept(url: string): KeptRate | undefined {
    return this.origins.get(originOf(url))?.kept
  }

  /**
   * Continues with a stored rate. Where two logs of one origin stored different ones, the lower one wins.
   * @param learned - What {@link kept} returned, or anything else that a foreign store may hold: without a positive rate it is ignored,
   * without dates it is a hint.
   */
  restore(url: string, learned: Readonly<Record<string, unknown>>): void {
    const number = (value: unknown) => (typeof value === 'number' ? value : Number.NaN)
    const requestsPerSecond = number(learned.requestsPerSecond)
    if (!(requestsPerSecond > 0)) return
    const [limitedAt, limitedSince] = [number(learned.limitedAt), number(learned.limitedSince)]
    this.rateOf(url).restore({ requestsPerSecond, limitedAt, limitedSince })
  }

  private rateOf(url: string): OriginRate {
    const origin = originOf(url)
    let rate = this.origins.get(origin)
    if (rate !== undefined) return rate
    if (this.origins.size >= MAX_ORIGINS) this.forgetIdle()
    this.origins.set(origin, (rate = new OriginRate(this.clock, this.random)))
    return rate
  }

  private forgetIdle(): void {
    for (const [origin, rate] of this.origins) if (rate.isIdle) this.origins.delete(origin)
  }
}

const originOf = (url: string): string => new URL(url).origin
