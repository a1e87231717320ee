import { describe, expect, it } from 'vitest'
import type { LogStatus } from '../../../../src/types/stream-status.js'
import { logOf } from '../../../support/logs.js'
import type { Reader } from '../../../support/reader.js'
import { outcomeOf, passUntil, readOn, VirtualClock } from '../../../support/virtual-stream.js'

const ENTRIES = ['get-entries', 'data-tile'] as const
const ALL_WELL = { failingSince: undefined, nextRetryAt: undefined }

/** Of the only log; `undefined` before there is one. */
const statusOf = ({ stream }: Reader): LogStatus | undefined => stream.status()?.logs[0]

describe.each(['rfc6962', 'static-ct'] as const)('the status of a %s log', (kind) => {
  it('that fails says since when, and when it is asked again, to the millisecond', async () => {
    const clock = new VirtualClock()
    const log = await logOf(5, { kind, clock })
    const began = clock.now()
    const dead = log.fault({ on: '*', status: 503 })
    const reader = await readOn(clock, { logs: [log.spec] })
    const status = () => statusOf(reader)
    await clock.pass(0)
    await reader.until(() => status()?.nextRetryAt !== undefined)
    expect(status()).toMatchObject({ state: 'waiting', failingSince: began })
    for (let tries = dead.hits; tries < 12; tries++) {
      const at = status()?.nextRetryAt ?? Number.NaN
      await clock.pass(at - clock.now() - 1)
      expect([dead.hits, status()?.nextRetryAt]).toEqual([tries, at])
      await clock.pass(1)
      expect(dead.hits).toBe(tries + 1)
    }
    expect(status()?.failingSince).toBe(began)
    // Every minute at most, where that may help.
    expect((status()?.nextRetryAt ?? 0) - clock.now()).toBe(45_000)

    dead.clear()
    await passUntil(clock, () => reader.certificates.length === 5, 200_000)
    expect(status()).toMatchObject({ state: 'live', ...ALL_WELL })
  })

  it('that contradicts its signatures has the time since when, and that of the next retry', async () => {
    const clock = new VirtualClock()
    const log = await logOf(600, { kind, clock, mmd: 86_400 })
    const lie = log.fault({ on: ENTRIES, after: 1, flipBit: { in: 'leaf', item: 3, byte: 20 } })
    const reader = await readOn(clock, { logs: [log.spec] })
    const status = () => statusOf(reader)
    await reader.until(() => lie.hits > 0)
    await passUntil(clock, () => status()?.nextRetryAt !== undefined, 10_000)
    const { failingSince = Number.NaN, nextRetryAt = Number.NaN } = status() ?? {}
    expect(clock.now() - failingSince).toBeLessThanOrEqual(10_000)
    const before = lie.hits
    await clock.pass(nextRetryAt - clock.now() - 1)
    expect(lie.hits).toBe(before)
    await clock.pass(1)
    await reader.until(() => lie.hits > before)
    lie.clear()
    await passUntil(clock, () => reader.certificates.length === 600, 40_000)
    await passUntil(clock, () => status()?.failingSince === undefined, 200_000)
    expect(status()).toMatchObject(ALL_WELL)
  })

  it('that is only polled has nothing to retry', async () => {
    const clock = new VirtualClock()
    const log = await logOf(5, { kind, clock })
    const reader = await readOn(clock, { logs: [log.spec] })
    await passUntil(clock, () => reader.certificates.length === 5, 60_000)
    await clock.pass(5_000)
    expect(statusOf(reader)).toMatchObject({ state: 'live', ...ALL_WELL })
  })

  it('is by the clock of the machine, however that is set meanwhile', async () => {
    const clock = new VirtualClock()
    const log = await logOf(5, { kind, clock })
    log.fault({ on: '*', status: 503 })
    const reader = await readOn(clock, { logs: [log.spec] })
    await clock.pass(600_000)
    const before = statusOf(reader)
    clock.set(-86_400_000)
    const after = statusOf(reader)
    expect([after?.failingSince, after?.nextRetryAt]).toEqual(
      [before?.failingSince, before?.nextRetryAt].map((at) => (at ?? Number.NaN) - 86_400_000),
    )
  })
})

it('a log that was given up is not asked again', async () => {
  const clock = new VirtualClock()
  const log = await logOf(5, { clock })
  log.fault({ on: '*', status: 503 })
  const reader = await readOn(clock, { logs: [log.spec], end: 'head' })
  const status = () => statusOf(reader)
  const outcome = outcomeOf(reader)
  await passUntil(clock, () => outcome() !== undefined, 200_000)
  expect(status()).toMatchObject({ state: 'failed', nextRetryAt: undefined })
})
