import { describe, expect, it } from 'vitest'
import { OriginRates } from '../../../src/http/origin-rates.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { backlog, CountingServer, crowd, numbers, type Profile, refusal, url } from './counting-server.js'

// Issue 9: a limit that others use up for a while, and the plain limits of operators. Simulated: the virtual clock, numbers
// that are the same in every run. The seeds stand for many runs: single ones are luck.
const SKYLIGHT: Profile = { perSecond: 75, burst: 10, retryAfter: 'exact', latencyMs: 20 }
const SILENT: Profile = { ...SKYLIGHT, retryAfter: 'none' }
/** Data tiles of 16,000 entries, and what is asked beside them. */
const REQUESTS_OF_16_000 = 65

interface Pressure {
  /** Requests per second of others who do not listen. */
  readonly crowd?: number
  /** Another client of the same kind, with a backlog. */
  readonly twin?: boolean
  readonly seconds?: number
  /** Polls once in two seconds meanwhile, instead of reading a backlog. */
  readonly gentle?: boolean
}

/** Half a minute undisturbed, then pressure, then a backlog. Figures of the pressure, and of the time after it. */
async function run(
  profile: Profile,
  { crowd: noise = 0, twin = false, seconds = 20, gentle = false }: Pressure,
  seed: number,
) {
  const clock = new VirtualClock()
  const server = new CountingServer(clock, profile)
  const ratesOf = (n: number) => new OriginRates({ clock, random: numbers(n) })
  const rates = ratesOf(seed)
  const times: number[] = []
  const ask = async () => {
    await server.ask()
    times.push(clock.elapsed())
  }
  const before = backlog(clock, rates, ask, gentle ? { workers: 1, everyMs: 2_000 } : {})
  await clock.pass(30_000)
  const [answered, refused] = [server.answered, server.refused]
  const stops = [
    noise > 0 ? crowd(clock, server, noise, numbers(seed + 7)) : undefined,
    twin ? backlog(clock, ratesOf(seed + 1), async () => void (await unanswered(clock, server))) : undefined,
  ]
  await clock.pass(seconds * 1_000)
  const during = { answered: server.answered - answered, refused: server.refused - refused }
  const endedAt = clock.elapsed()
  for (const stop of stops) void stop?.()
  void before()
  const stop = backlog(clock, rates, ask)
  await clock.pass(60_000)
  void stop()
  const after = times.filter((at) => at >= endedAt).map((at) => (at - endedAt) / 1_000)
  return {
    perSecond: during.answered / seconds,
    refusedShare: during.refused / Math.max(1, during.refused + during.answered),
    /** Seconds until 16,000 entries would be read. */
    readAfter: after[REQUESTS_OF_16_000 - 1] ?? Number.POSITIVE_INFINITY,
    /** Answers per second in the fifteen seconds that begin 20 s after the pressure. */
    speedAfter: after.filter((at) => at >= 20 && at < 35).length / 15,
  }
}

/** A request of a twin, which is not counted. */
async function unanswered(clock: VirtualClock, server: CountingServer): Promise<void> {
  const allowed = server.take()
  await clock.sleep(20)
  if (!allowed) throw refusal(429, server.profile.retryAfter === 'none' ? undefined : 1_000)
}

const SEEDS = [1, 2, 3, 4, 5, 6]
const runs = async (profile: Profile, pressure: Pressure) => {
  const all = await Promise.all(SEEDS.map((seed) => run(profile, pressure, seed)))
  const mean = (value: (one: (typeof all)[number]) => number) =>
    all.reduce((sum, one) => sum + value(one), 0) / all.length
  return { all, mean }
}

describe('a limit of 75 requests/s that others use up for 20 s', () => {
  it.each<[string, Profile, Pressure]>([
    ['a crowd that asks for twice as much, while we read', SKYLIGHT, { crowd: 150 }],
    ['a crowd that asks for twice as much, while we poll gently', SKYLIGHT, { crowd: 150, gentle: true }],
    ['a crowd that asks for ten times as much', SKYLIGHT, { crowd: 750 }],
    ['the same without Retry-After', SILENT, { crowd: 150 }],
    ['a crowd that takes four fifths', SKYLIGHT, { crowd: 60 }],
    ['another client of the kind', SKYLIGHT, { twin: true }],
  ])('%s: 16,000 entries are read within 20 s of its end, at full speed by then', async (_, profile, pressure) => {
    const { all, mean } = await runs(profile, pressure)
    for (const { readAfter } of all) expect(readAfter).toBeLessThan(20)
    expect(mean(({ speedAfter }) => speedAfter)).toBeGreaterThan(0.6 * profile.perSecond)
  })

  it.each<[string, Profile]>([
    ['with Retry-After', SKYLIGHT],
    ['without', SILENT],
  ])('leaves half of a fair share at least to who shares it with one of its kind, %s', async (_, profile) => {
    const { mean } = await runs(profile, { twin: true, seconds: 60 })
    expect(mean(({ perSecond }) => perSecond)).toBeGreaterThan(75 / 2 / 2)
    expect(mean(({ refusedShare }) => refusedShare)).toBeLessThan(0.05)
  })

  it('takes half of what clients that ignore refusals leave over', async () => {
    const { mean } = await runs(SKYLIGHT, { crowd: 60, seconds: 60 })
    expect(mean(({ perSecond }) => perSecond)).toBeGreaterThan(15 / 2 - 1)
    expect(mean(({ refusedShare }) => refusedShare)).toBeLessThan(0.05)
  })
})

describe('a limit that lasts', () => {
  const bucket = (perSecond: number, burst: number): Profile => ({ perSecond, burst, latencyMs: 20 })
  const windows = (perSecond: number, windowMs: number): Profile => ({ ...bucket(perSecond, 1), windowMs })
  const servers: [string, Profile][] = [
    ['75/s', bucket(75, 10)],
    ['75 in each second of the clock', windows(75, 1_000)],
    ['10/s', bucket(10, 10)],
    ['10 in each second of the clock', windows(10, 1_000)],
    ['1/s, one at a time', bucket(1, 1)],
    ['1/s, ten at once', bucket(1, 10)],
    ['1 in each second of the clock', windows(1, 1_000)],
    ['35/min', bucket(35 / 60, 35)],
    ['35/min, one at a time', bucket(35 / 60, 1)],
    ['35 in each minute of the clock', windows(35 / 60, 60_000)],
  ]
  it.each(
    servers.flatMap(([name, profile]) =>
      (['exact', 'none'] as const).map((retryAfter) => [name, retryAfter, { ...profile, retryAfter }] as const),
    ),
  )(
    'of %s, Retry-After %s: one request in twenty is refused at most, and four fifths are used',
    async (_, __, profile) => {
      const clock = new VirtualClock()
      const server = new CountingServer(clock, profile)
      const stop = backlog(clock, new OriginRates({ clock, random: numbers(1) }), server.ask)
      await clock.pass(600_000)
      const [answered, refused] = [server.answered, server.refused]
      const seconds = Math.min(7_200, Math.max(300, 6_000 / profile.perSecond))
      await clock.pass(seconds * 1_000)
      const [got, not] = [server.answered - answered, server.refused - refused]
      await stop()
      expect(not / (got + not)).toBeLessThan(0.05)
      expect(got / seconds / profile.perSecond).toBeGreaterThan(0.8)
    },
  )
})

describe('what was kept of a limit', () => {
  const perSecond = 0.3
  const now = new VirtualClock().now()
  const read = async (learned: Record<string, unknown>) => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random: numbers(1) })
    const server = new CountingServer(clock, { perSecond: 1e9, burst: 1e9, latencyMs: 20 })
    rates.restore(url, learned)
    const stop = backlog(clock, rates, server.ask)
    await clock.pass(20_000)
    void stop()
    return server.answered
  }

  it.each<[string, Record<string, unknown>]>([
    ['has no date', { requestsPerSecond: perSecond }],
    ['is six minutes old', { requestsPerSecond: perSecond, limitedAt: now - 360_000, limitedSince: now - 86_400_000 }],
    ['has a date that is still to come', { requestsPerSecond: perSecond, limitedAt: now + 1_000, limitedSince: now }],
    ['had held for twenty seconds', { requestsPerSecond: perSecond, limitedAt: now, limitedSince: now - 20_000 }],
    ['has no beginning', { requestsPerSecond: perSecond, limitedAt: now, limitedSince: 'long ago' }],
  ])('that %s holds nobody up for long', async (_, learned) => {
    expect(await read(learned)).toBeGreaterThan(REQUESTS_OF_16_000)
  })

  it('that held for an hour until a minute ago holds', async () => {
    const learned = { requestsPerSecond: perSecond, limitedAt: now - 60_000, limitedSince: now - 3_600_000 }
    expect(await read(learned)).toBeLessThan(10)
  })

  it('reports since when it has held, and when a request last waited for it', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random: numbers(1) })
    expect(rates.kept(url)).toBeUndefined()
    const server = new CountingServer(clock, { perSecond: 1, burst: 1, latencyMs: 20 })
    const stop = backlog(clock, rates, server.ask)
    await clock.pass(600_000)
    void stop()
    clock.set(-86_400_000)
    await clock.pass(100_000)
    const { limitedAt = 0, limitedSince = 0, requestsPerSecond } = rates.kept(url) ?? {}
    expect(requestsPerSecond).toBeCloseTo(1, 0)
    expect((clock.now() - limitedAt) / 1000).toBeCloseTo(100, -1)
    expect(limitedAt - limitedSince).toBeGreaterThan(200_000)
  })

  it('is a hint in the same process, too, once it was not in the way for five minutes', async () => {
    const clock = new VirtualClock()
    const rates = new OriginRates({ clock, random: numbers(1) })
    const server = new CountingServer(clock, { perSecond: 1e9, burst: 1e9, latencyMs: 20 })
    rates.restore(url, { requestsPerSecond: perSecond, limitedAt: now, limitedSince: now - 3_600_000 })
    await clock.pass(301_000)
    const stop = backlog(clock, rates, server.ask)
    await clock.pass(20_000)
    void stop()
    expect(server.answered).toBeGreaterThan(REQUESTS_OF_16_000)
  })
})
