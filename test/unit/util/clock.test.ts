import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ageFrom, elapsedOf, systemClock } from '../../../src/util/clock.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const DAY = 86_400_000

describe('elapsed time', () => {
  it('is what the clock says it is, however the clock is set', async () => {
    const clock = new VirtualClock()
    const elapsed = elapsedOf(clock)
    const before = elapsed()
    for (const jump of [-DAY, 3 * DAY]) {
      clock.set(jump)
      await clock.pass(1_000)
    }
    expect(elapsed() - before).toBe(2_000)
  })

  it('of a clock without `elapsed` is how far it went forward: a step back counts as no time', () => {
    let now = 5_000_000
    const elapsed = elapsedOf({ now: () => now, sleep: async () => {} })
    const seen = [1_000, -DAY, 500, 0, -1, 1_500].map((step) => {
      now += step
      return elapsed()
    })
    expect(seen).toEqual([1_000, 1_000, 1_500, 1_500, 1_500, 3_000])
  })

  it('is asked of the clock as its method', () => {
    class Own {
      private readonly at = 7
      now = () => 0
      sleep = async () => {}
      elapsed(): number {
        return this.at
      }
    }
    expect(elapsedOf(new Own())()).toBe(7)
  })

  it("of the machine's clock never goes back", () => {
    const elapsed = elapsedOf(systemClock)
    const seen = Array.from({ length: 1_000 }, () => elapsed())
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  })
})

describe('an age', () => {
  it('is the elapsed time where the clock is set back, and what the clock says where no time has elapsed', async () => {
    const clock = new VirtualClock()
    const age = ageFrom(clock)
    clock.set(-DAY)
    await clock.pass(1_000)
    expect(age()).toBe(1_000)
    clock.set(2 * DAY)
    expect(age()).toBe(DAY + 1_000)
  })
})

describe("a sleep of the machine's clock", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  it.each([1, 24, 25, 30, 365])(
    'is as long as it is asked for, also longer than a timer may be: %d days',
    async (days) => {
      let isOver = false
      const sleep = systemClock.sleep(days * DAY).then(() => {
        isOver = true
      })
      await vi.advanceTimersByTimeAsync(days * DAY - 1)
      expect(isOver).toBe(false)
      await vi.advanceTimersByTimeAsync(1)
      expect(isOver).toBe(true)
      await sleep
    },
  )

  it('leaves no timer when it is aborted after weeks', async () => {
    const stop = new AbortController()
    const sleep = systemClock.sleep(60 * DAY, stop.signal)
    await vi.advanceTimersByTimeAsync(30 * DAY)
    expect(vi.getTimerCount()).toBe(1)
    stop.abort(new Error('enough'))
    await expect(sleep).rejects.toThrow('enough')
    expect(vi.getTimerCount()).toBe(0)
  })
})
