import { CtStreamError } from '../../../src/errors.js'
import type { OriginRates } from '../../../src/http/origin-rates.js'
import type { VirtualClock } from '../../support/virtual-clock.js'

export const url = 'https://ct.example.net/log/'

export const refusal = (status = 429, retryAfterMs?: number) =>
  new CtStreamError('CT_HTTP_STATUS', `[GET] "${url}" : ${status}`, { status, retryAfterMs, retryable: true })

/** Numbers in [0, 1) that are the same in every run. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

export interface Profile {
  /** Requests per second that are let through, of all clients together. */
  readonly perSecond: number
  /** Size of the bucket. */
  readonly burst: number
  /** Counts in windows of the clock, this long, not in a bucket. */
  readonly windowMs?: number
  readonly retryAfter?: 'exact' | 'none' | number
  readonly latencyMs?: number
}

/** A server that counts, as operators' gateways do. */
export class CountingServer {
  profile: Profile
  answered = 0
  refused = 0
  private tokens: number
  private at: number
  private readonly clock: VirtualClock

  constructor(clock: VirtualClock, profile: Profile) {
    this.clock = clock
    this.profile = profile
    this.tokens = profile.burst
    this.at = clock.now()
  }

  /** A request of anybody: whether it is let through. */
  take(): boolean {
    const { perSecond, burst, windowMs } = this.profile
    const now = this.clock.now()
    if (windowMs === undefined) this.tokens = Math.min(burst, this.tokens + ((now - this.at) / 1000) * perSecond)
    else if (Math.floor(now / windowMs) !== Math.floor(this.at / windowMs)) this.tokens = (perSecond * windowMs) / 1000
    this.at = now
    if (this.tokens < 1) return false
    this.tokens--
    return true
  }

  /** A request of the client under test. */
  ask = async (): Promise<string> => {
    const { latencyMs = 100 } = this.profile
    const allowed = this.take()
    const error = allowed ? undefined : refusal(429, this.retryAfterMs())
    await this.clock.sleep(latencyMs)
    if (error === undefined) {
      this.answered++
      return 'answer'
    }
    this.refused++
    throw error
  }

  private retryAfterMs(): number | undefined {
    const { perSecond, windowMs, retryAfter = 'none' } = this.profile
    if (retryAfter === 'none') return undefined
    if (typeof retryAfter === 'number') return retryAfter
    const waitMs = windowMs === undefined ? ((1 - this.tokens) / perSecond) * 1000 : windowMs - (this.at % windowMs)
    return Math.ceil(waitMs / 1000) * 1000
  }
}

/** As many workers as a backlog has requests in flight, each asking again and again, or at intervals. Returns how to stop them. */
export function backlog(
  clock: VirtualClock,
  rates: Pick<OriginRates, 'run'>,
  ask: () => Promise<unknown>,
  { workers = 8, everyMs = 0 } = {},
) {
  const stop = new AbortController()
  const rest = (ms: number) => clock.sleep(ms, stop.signal).catch(() => {})
  const work = async () => {
    for (let failures = 0; !stop.signal.aborted; ) {
      try {
        await rates.run({ url, signal: stop.signal }, ask)
        failures = 0
        if (everyMs > 0) await rest(everyMs)
      } catch (error) {
        if (stop.signal.aborted) return
        // As those who ask do: a failed request waits on its own account, too.
        await rest(Math.max((error as CtStreamError).retryAfterMs ?? 0, Math.min(60_000, 500 * 2 ** failures++)))
      }
    }
  }
  const all = Promise.all(Array.from({ length: workers }, work))
  return async () => {
    stop.abort()
    await clock.pass(200_000)
    await all
  }
}

/** Others, who ask at random moments and never listen. Returns how to stop them. */
export function crowd(clock: VirtualClock, server: CountingServer, perSecond: number, random: () => number) {
  const stop = new AbortController()
  const ask = async () => {
    while (!stop.signal.aborted) {
      server.take()
      await clock.sleep((-Math.log(1 - random()) * 1000) / perSecond, stop.signal).catch(() => {})
    }
  }
  const asking = ask()
  return async () => {
    stop.abort()
    await asking
  }
}
