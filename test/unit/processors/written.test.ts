import { describe, expect, it } from 'vitest'
import type { QueuedEntry } from '../../../src/processors/engine.js'
import { WrittenCheck, type WrittenPlace } from '../../../src/processors/written.js'
import type { Clock } from '../../../src/types/clock.js'

/**
 * What waits goes on at once, later by as much.
 * @param setBackMs - By how much the clock is set back in the first sleep.
 */
function steppingClock(setBackMs: number): Clock {
  let [elapsed, offset] = [0, 0]
  return {
    now: () => elapsed + offset,
    elapsed: () => elapsed,
    async sleep(ms) {
      elapsed += ms
      offset = -setBackMs
    },
  }
}

function begin(places: readonly (WrittenPlace | undefined)[], setBackMs = 0) {
  let looks = 0
  let place = places[0]
  const check = new WrittenCheck(
    () => place,
    async () => {
      place = places[Math.min(++looks, places.length - 1)]
    },
    steppingClock(setBackMs),
    new AbortController().signal,
  )
  const at = (index: number, epoch = 1) => ({
    ...{ logId: 'log', index },
    entry: { kind: 'omitted', epoch, index } as QueuedEntry,
  })
  return { check, at, looks: () => looks }
}
const isTaken = (found: object) => 'entry' in found

describe('the check of what collectors have written', () => {
  it('takes what is below a position that is known, without a look', async () => {
    const { check, at, looks } = begin([{ end: 100, epoch: 3 }])
    expect(isTaken(await check.check(at(99, 3)))).toBe(true)
    expect(looks()).toBe(0)
  })

  it('waits a moment for a position that comes behind its entries', async () => {
    const { check, at, looks } = begin([undefined, undefined, { end: 100 }, { end: 200 }])
    expect(isTaken(await check.check(at(150)))).toBe(true)
    expect(looks()).toBe(3)
  })

  it('refuses an index beyond it and an epoch above it, and looks no more until there is more', async () => {
    const { check, at, looks } = begin([{ end: 100, epoch: 3 }])
    expect(await check.check(at(100, 1))).toEqual({
      logId: 'log',
      index: 100,
      reason: expect.stringContaining('no collector'),
    })
    const before = looks()
    expect(before).toBeGreaterThan(10)
    expect(before).toBeLessThan(30)
    expect(isTaken(await check.check(at(5, 4)))).toBe(false)
    expect(looks()).toBe(before)
    expect(isTaken(await check.check(at(5, 3)))).toBe(true)
    check.fetched()
    expect(isTaken(await check.check(at(2 ** 50, 1)))).toBe(false)
    expect(looks()).toBeGreaterThan(before)
  })

  it('waits no longer than a moment where the clock is set back', async () => {
    const { check, at, looks } = begin([{ end: 100, epoch: 3 }], 10_000)
    expect(isTaken(await check.check(at(100, 1)))).toBe(false)
    expect(looks()).toBeLessThan(30)
  })

  it('takes what follows what was read, where that needs no position', async () => {
    const { check, at, looks } = begin([undefined])
    expect(isTaken(await check.check(at(50), 50))).toBe(true)
    expect(isTaken(await check.check(at(20), 50))).toBe(true)
    expect(looks()).toBe(0)
    expect(isTaken(await check.check(at(51), 50))).toBe(false)
  })
})
