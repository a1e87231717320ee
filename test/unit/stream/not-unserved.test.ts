import { describe, expect, it } from 'vitest'
import { range } from '../../support/follow.js'
import { grow, logOf } from '../../support/logs.js'
import { passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

const MINUTE = 60_000
const HOUR = 3_600_000

/** The codes of the trouble that was reported. */
const reported = (reader: Awaited<ReturnType<typeof readOn>>) =>
  new Set(reader.errors.map(({ error }) => (error as { code?: string }).code))

// Not CT_HEAD_UNSERVED: the tree may be served, for all that was asked of it.
describe.each(['rfc6962', 'static-ct'] as const)('a %s log is not accused of a tree that it does not serve', (kind) => {
  it('when it refuses pages of entries for their rate alone, and is read by its newest tree after that', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 60 })
    const reader = await readOn(clock, { logs: [log.spec], pollIntervalMs: MINUTE })
    await reader.until(() => reader.certificates.length === 300)
    const busy = log.fault({ on: '*', when: ({ endpoint }) => !/sth$|checkpoint/.test(endpoint), status: 429 })
    for (let hour = 0; hour < 2; hour++) {
      grow(log, 2)
      await clock.pass(HOUR)
    }
    expect([reader.misbehaviour, reported(reader).has('CT_HEAD_UNSERVED')]).toEqual([[], false])
    busy.clear()
    await passUntil(clock, () => reader.certificates.length === 304, 20 * MINUTE)
    expect([reader.indexes(), reader.misbehaviour]).toEqual([range(0, 304), []])
  })

  it('when it fails for hours at more than some entries at once, and serves each by itself', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 60 })
    const reader = await readOn(clock, { logs: [log.spec], pollIntervalMs: MINUTE })
    await reader.until(() => reader.certificates.length === 300)
    const isLarge = (path: string) => {
      const [, start, end] = /start=(\d+)&end=(\d+)/.exec(path) ?? []
      return start !== undefined && Number(end) - Number(start) >= 8
    }
    log.fault({ on: '*', when: ({ path }) => isLarge(path), status: 504 })
    grow(log, 300)
    await clock.pass(9 * HOUR)
    expect([reader.misbehaviour, reported(reader).has('CT_HEAD_UNSERVED')]).toEqual([[], false])
    expect(reader.indexes()).toEqual(range(0, 600))
  })

  it('when it serves it now and then', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 60 })
    const reader = await readOn(clock, { logs: [log.spec], pollIntervalMs: MINUTE })
    await reader.until(() => reader.certificates.length === 300)
    const began = clock.now()
    // Proofs and pages fail; of every two hours entries can be had in one, each by itself.
    const hold = log.fault({
      on: '*',
      when: ({ endpoint, path }) =>
        !/sth$|checkpoint/.test(endpoint) &&
        !(
          Math.floor((clock.now() - began) / HOUR) % 2 === 1 && /start=(\d+)&end=\1$|tile\/data\/00(1$|2\.p)/.test(path)
        ),
      status: 503,
    })
    grow(log, 300)
    await clock.pass(9 * HOUR)
    expect(reader.misbehaviour).toEqual([])
    hold.clear()
    await passUntil(clock, () => reader.certificates.length === 600, 20 * MINUTE)
  })
})

it.each(['rfc6962', 'static-ct'] as const)(
  'a %s log that serves the end of a tree, and for hours not the entry that comes next, is accused',
  async (kind) => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 60 })
    const reader = await readOn(clock, { logs: [log.spec], pollIntervalMs: MINUTE })
    await reader.until(() => reader.certificates.length === 300)
    const stuck = log.fault({
      on: '*',
      when: ({ path }) => /start=300\b|tile\/data\/001(\.p|$)/.test(path),
      status: 504,
    })
    grow(log, 300)
    await clock.pass(9 * HOUR)
    expect(reader.misbehaviour.map(({ error }) => (error as { code?: string }).code)).toEqual(['CT_HEAD_UNSERVED'])
    stuck.clear()
    await passUntil(clock, () => reader.certificates.length === 600, 20 * MINUTE)
    expect(reader.indexes()).toEqual(range(0, 600))
  },
)
