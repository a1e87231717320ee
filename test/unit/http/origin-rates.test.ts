import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { reusesConnections } from '../../../src/http/connection-reuse.js'
import { OriginRates } from '../../../src/http/origin-rates.js'
import { settled, VirtualClock } from '../../support/virtual-clock.js'
import { backlog, CountingServer, type Profile, refusal, url } from './counting-server.js'

const random = () => 0.5

const timeout = () => new CtStreamError('CT_HTTP_TIMEOUT', 'no answer', { retryable: true })

function setup(profile: Profile) {
  const clock = new VirtualClock()
  const rates = new OriginRates({ clock, random })
  return { clock, rates, server: new CountingServer(clock, profile) }
}

const HOUR = 3_600_000

/** What was kept a moment ago of a limit that had held for long, or for as long as is said. */
const kept = (requestsPerSecond: number, heldMs = HOUR) => {
  const now = new VirtualClock().now()
  return { requestsPerSecond, limitedAt: now, limitedSince: now - heldMs }
}

describe('a rate that is learned', () => {
  it('limits nothing until a rate is set', async () => {
    const { clock, rates, server } = setup({ perSecond: 1e9, burst: 1e9, latencyMs: 10 })
    const stop = backlog(clock, rates, server.ask, { workers: 32 })
    await clock.pass(10_000)
    await stop()
    expect(server.answered).toBeGreaterThanOrEqual(32 * 1000)
    expect(rates.requestsPerSecond(url)).toBeUndefined()
  })

  // Figures of operators: what may be asked. Two hours of it, or as many requests as tell enough.
  it.each<[string, Profile]>([
    ['DigiCert, 35 a minute without Retry-After', { perSecond: 35 / 60, burst: 35 }],
    ['DigiCert, 35 in each minute of the clock', { perSecond: 35 / 60, burst: 35, windowMs: 60_000 }],
    ['the same with Retry-After', { perSecond: 35 / 60, burst: 35, windowMs: 60_000, retryAfter: 'exact' }],
    ['DigiCert at its worst, 0.15 per second', { perSecond: 0.15, burst: 1, latencyMs: 3000 }],
    ['an old TrustAsia log, 8 per second', { perSecond: 8, burst: 8, latencyMs: 500 }],
    ['Sectigo in 2025, 30 per second', { perSecond: 30, burst: 30, retryAfter: 1000, latencyMs: 50 }],
    ['a Sunlight log, 75 per second', { perSecond: 75, burst: 10, retryAfter: 1000, latencyMs: 20 }],
  ])('%s: nearly all that is allowed is used, and hardly anything refused', async (_, profile) => {
    const { clock, rates, server } = setup(profile)
    const stop = backlog(clock, rates, server.ask)
    await clock.pass(HOUR / 6)
    expect(server.refused).toBeGreaterThan(0)
    expect(server.refused).toBeLessThan(100) // until it is found out
    const [answered, refused] = [server.answered, server.refused]
    const ms = Math.min(2 * HOUR, 20_000_000 / profile.perSecond)
    await clock.pass(ms)
    const used = (server.answered - answered) / (profile.perSecond * (ms / 1000))
    const rejected = (server.refused - refused) / (server.answered - answered)
    await stop()
    expect(used).toBeGreaterThan(0.85)
    expect(rejected).toBeLessThan(0.05)
  })

  it('a server that takes ever less is followed down, and up again when it takes all', async () => {
    const { clock, rates, server } = setup({ perSecond: 30, burst: 30, latencyMs: 200 })
    const stop = backlog(clock, rates, server.ask)
    await clock.pass(HOUR / 6)
    server.profile = { perSecond: 0.15, burst: 1, latencyMs: 200 }
    await clock.pass(HOUR / 6)
    expect(rates.requestsPerSecond(url)).toBeGreaterThan(0.09)
    expect(rates.requestsPerSecond(url)).toBeLessThan(0.3)
    server.profile = { perSecond: 1e9, burst: 1e9, latencyMs: 200 }
    await clock.pass(HOUR / 2)
    expect(rates.requestsPerSecond(url)).toBeGreaterThan(20)
    await stop()
  })

  it('is never stuck: the slowest rate there is limits little after an hour in which it was in the way', async () => {
    const { clock, rates, server } = setup({ perSecond: 1e9, burst: 1e9, latencyMs: 100 })
    rates.restore(url, kept(1e-9))
    expect(rates.requestsPerSecond(url)).toBeCloseTo(0.1)
    const stop = backlog(clock, rates, server.ask, { workers: 1 })
    await clock.pass(HOUR)
    await stop()
    expect(rates.requestsPerSecond(url) ?? 1000).toBeGreaterThan(9)
  })

  it('does not change while no request waits for it', async () => {
    const { clock, rates, server } = setup({ perSecond: 1e9, burst: 1e9 })
    rates.restore(url, kept(0.5))
    for (let i = 0; i < 500; i++) {
      const polled = rates.run({ url }, server.ask)
      await clock.pass(10_000)
      await polled
    }
    expect(rates.requestsPerSecond(url)).toBeCloseTo(0.5)
  })
})

/** Requests that end when they are told to. */
function byHand(rates: OriginRates) {
  const started: string[] = []
  const ends = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>()
  const outcomes: Promise<unknown>[] = []
  return {
    started,
    run(name: string, slot: { priority?: number; signal?: AbortSignal } = {}): Promise<void> {
      const running = rates.run({ url, ...slot }, () => {
        started.push(name)
        return new Promise<void>((resolve, reject) => ends.set(name, { resolve, reject }))
      })
      outcomes.push(running.catch(() => {}))
      running.catch(() => {})
      return running
    },
    async answer(...names: string[]) {
      for (const name of names) ends.get(name)?.resolve()
      await settled()
    },
    async fail(error: unknown, ...names: string[]) {
      for (const name of names) ends.get(name)?.reject(error)
      await settled()
    },
  }
}

describe('a refusal', () => {
  it.each([
    ['429 with Retry-After', refusal(429, 90_000), 90_000],
    ['503 with Retry-After', refusal(503, 90_000), 90_000],
    ['429 without', refusal(429), 1_000],
  ])('%s makes the whole origin pause, then one request goes first', async (_, error, pauseMs) => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    const { started, run, answer, fail } = byHand(rates)
    for (const name of ['a', 'b', 'c', 'd']) void run(name)
    await answer('a', 'b', 'c')
    await fail(error, 'd')
    for (const name of ['e', 'f', 'g']) void run(name)
    await clock.pass(pauseMs - 1)
    expect(started).toEqual(['a', 'b', 'c', 'd'])
    await clock.pass(2_000)
    expect(started).toEqual(['a', 'b', 'c', 'd', 'e'])
    await clock.pass(600_000)
    expect(started).toHaveLength(5)
    await answer('e')
    await clock.pass(2_000)
    expect(started.slice(5)).toEqual(['f', 'g'])
  })

  it('leaves other origins alone', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    await expect(rates.run({ url }, () => Promise.reject(refusal(429, 60_000)))).rejects.toMatchObject({ status: 429 })
    expect(await rates.run({ url: 'https://other.example.net/' }, async () => 'at once')).toBe('at once')
    expect(rates.requestsPerSecond('https://other.example.net/x')).toBeUndefined()
  })

  it('counts once for all requests that were under way', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    const { run, answer, fail } = byHand(rates)
    const names = Array.from({ length: 20 }, (_, i) => `${i}`)
    for (const name of names) void run(name)
    await clock.pass(2_000)
    await answer(...names.slice(0, 12))
    await fail(refusal(), ...names.slice(12))
    expect(rates.requestsPerSecond(url)).toBeCloseTo((12 / 2) * 0.85)
    // Answers that were under way do not count for what comes after it, either.
    void run('probe')
    await clock.pass(2_000)
    await fail(refusal(), 'probe')
    expect(rates.requestsPerSecond(url)).toBeCloseTo((12 / 2) * 0.85)
  })

  it('of a server that lets nothing through makes the pauses longer, not the rate lower', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    const asked: number[] = []
    for (let i = 0; i < 12; i++) {
      const refused = rates.run({ url }, () => {
        asked.push(clock.now())
        return Promise.reject(refusal())
      })
      refused.catch(() => {})
      await clock.pass(200_000)
      await expect(refused).rejects.toMatchObject({ status: 429 })
    }
    expect(asked).toHaveLength(12)
    expect(clock.slept.every((ms) => ms <= 120_000)).toBe(true)
    expect(rates.requestsPerSecond(url)).toBe(1)
  })

  it('is waited out even when the clock of the machine is set back', async () => {
    const clock = new VirtualClock()
    let shift = 0
    const rates = new OriginRates({ clock: { now: () => clock.now() + shift, sleep: clock.sleep }, random })
    await expect(rates.run({ url }, () => Promise.reject(refusal(429, 60_000)))).rejects.toThrow()
    shift = -10 * 24 * HOUR
    const next = rates.run({ url }, async () => 'answer')
    await clock.pass(3 * 60_000)
    expect(await next).toBe('answer')
  })
})

describe('errors', () => {
  it('now and then slow nothing', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    for (let i = 0; i < 400; i++) {
      const error = [refusal(500), timeout(), refusal(503)][i % 3]
      const request = rates.run({ url }, () => (i % 5 === 0 ? Promise.reject(error) : Promise.resolve()))
      await request.catch(() => {})
    }
    expect(clock.slept).toEqual([])
    expect(rates.requestsPerSecond(url)).toBeUndefined()
  })

  it.each([
    ['500', refusal(500)],
    ['502', refusal(502)],
    ['503 without Retry-After', refusal(503)],
    ['timeouts', timeout()],
  ])('%s in a row make the origin pause, and slow it to one a second at most', async (_, error) => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    const ask = (outcome: () => Promise<unknown>) => rates.run({ url }, outcome).catch(() => {})
    for (let round = 0; round < 40; round++) {
      for (const outcome of [1, 1, 0, 0, 0, 0]) {
        const asked = ask(() => (outcome === 1 ? Promise.resolve() : Promise.reject(error)))
        await clock.pass(1_200)
        await asked
      }
      let started = false
      const next = ask(async () => {
        started = true
      })
      await settled()
      expect(started).toBe(false)
      await clock.pass(150_000)
      await next
    }
    // Here less than that got through.
    expect(rates.requestsPerSecond(url)).toBe(1)
  })

  it('that say nothing of load do not count: connections that fail, wrong answers, 404, an abort', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    const errors = [
      new CtStreamError('CT_HTTP_NETWORK', 'refused', { retryable: true }),
      new CtStreamError('CT_RESPONSE_MALFORMED', 'a page', { retryable: true }),
      refusal(404),
      refusal(400),
      new Error('mine'),
    ]
    for (let i = 0; i < 100; i++)
      await expect(rates.run({ url }, () => Promise.reject(errors[i % 5]))).rejects.toBe(errors[i % 5])
    const stop = new AbortController()
    const aborted = rates.run({ url, signal: stop.signal }, async () => {
      stop.abort(refusal(429, 60_000))
      throw stop.signal.reason
    })
    await expect(aborted).rejects.toMatchObject({ status: 429 })
    expect(clock.slept).toEqual([])
    expect(rates.requestsPerSecond(url)).toBeUndefined()
  })
})

describe('waiting for the rate', () => {
  it('serves live requests before a backlog, otherwise in order of arrival', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    rates.restore(url, kept(0.5))
    const order: string[] = []
    const ask = (name: string, priority: number) =>
      rates.run({ url, priority }, async () => {
        order.push(name)
      })
    const all = ['b0', 'b1', 'b2'].map((name) => ask(name, 0))
    await clock.pass(3_000)
    all.push(ask('live0', 1), ask('b3', 0), ask('live1', 1))
    await clock.pass(30_000)
    await Promise.all(all)
    expect(order).toEqual(['b0', 'b1', 'live0', 'live1', 'b2', 'b3'])
  })

  it('paces requests, however many come at once', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    rates.restore(url, kept(2))
    const at: number[] = []
    const all = Array.from({ length: 20 }, () => rates.run({ url }, async () => void at.push(clock.now())))
    await clock.pass(30_000)
    await Promise.all(all)
    const gaps = at.slice(1).map((time, i) => time - (at[i] as number))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(499)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(501)
  })

  it('rejects at once with the reason of the abort, and leaves no timer behind when no request waits', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    await expect(rates.run({ url }, () => Promise.reject(refusal(429, HOUR)))).rejects.toThrow()
    const stop = new AbortController()
    const waiting = [1, 2, 3].map(() => rates.run({ url, signal: stop.signal }, async () => 'never'))
    await settled()
    expect(clock.sleeping).toBe(1)
    stop.abort('enough')
    expect(await Promise.allSettled(waiting)).toEqual(waiting.map(() => ({ status: 'rejected', reason: 'enough' })))
    expect(clock.sleeping).toBe(0)
    await expect(rates.run({ url, signal: stop.signal }, async () => 'never')).rejects.toBe('enough')
    const next = rates.run({ url }, async () => 'answer')
    await clock.pass(2 * HOUR)
    expect(await next).toBe('answer')
  })

  it('is not held up by one that aborts while it goes first', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random })
    await expect(rates.run({ url }, () => Promise.reject(refusal(429, 1_000)))).rejects.toThrow()
    const stop = new AbortController()
    const { started, run, fail } = byHand(rates)
    void run('first', { signal: stop.signal })
    void run('second')
    await clock.pass(3_000)
    expect(started).toEqual(['first'])
    stop.abort()
    await fail(stop.signal.reason, 'first')
    await clock.pass(1_000)
    expect(started).toEqual(['first', 'second'])
  })

  it('hands on what goes wrong with the clock', async () => {
    const broken = { now: () => 0, sleep: () => Promise.reject(new Error('no time')) }
    const rates = new OriginRates({ clock: broken, random })
    await expect(rates.run({ url }, () => Promise.reject(refusal(429, HOUR)))).rejects.toThrow()
    await expect(rates.run({ url }, async () => 'never')).rejects.toThrow('no time')
  })
})

describe('what is kept', () => {
  it('takes up the more careful of two memories, and nothing that is no rate', async () => {
    const rates = new OriginRates({ clock: new VirtualClock(), random })
    for (const nothing of [undefined, null, '3', Number.NaN, 0, -1, Number.POSITIVE_INFINITY, 5_000])
      rates.restore(url, { ...kept(1), requestsPerSecond: nothing })
    expect(rates.requestsPerSecond(url)).toBeUndefined()
    for (const rate of [20, 30, 10, 15]) rates.restore(`https://ct.example.net/${rate}/`, kept(rate))
    expect(rates.requestsPerSecond(url)).toBe(10)
  })

  it('is bounded, whatever URLs come', async () => {
    const rates = new OriginRates({ clock: new VirtualClock(), random })
    rates.restore(url, kept(3))
    for (let i = 0; i < 5_000; i++) await rates.run({ url: `https://host-${i}.example.net/` }, async () => {})
    expect((rates as unknown as { origins: Map<string, unknown> }).origins.size).toBeLessThanOrEqual(1_000)
    expect(rates.requestsPerSecond(url)).toBe(3)
  })
})

describe('connections', () => {
  it('are used again but where operators throttle each of them', () => {
    expect(reusesConnections('https://wyvern.ct.digicert.com')).toBe(false)
    expect(reusesConnections('https://digicert.com:8443')).toBe(false)
    expect(reusesConnections('https://notdigicert.com')).toBe(true)
    expect(reusesConnections('https://digicert.com.example.net')).toBe(true)
    expect(reusesConnections('http://127.0.0.1:1234')).toBe(true)
  })
})
