import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../../src/types/clock.js'

/**
 * A clock that runs `speed` times as fast as the machine's, so that waits of minutes pass in milliseconds while sockets
 * keep their own pace. Starts at the machine's time.
 */
export function fastClock(speed = 1000): Clock {
  const [started, begun] = [Date.now(), performance.now()]
  return {
    now: () => started + (Date.now() - started) * speed,
    elapsed: () => (performance.now() - begun) * speed,
    sleep: async (ms, signal) => {
      try {
        await wait(Math.ceil(ms / speed), undefined, { signal })
      } catch {
        throw signal?.reason
      }
    },
  }
}

/** A clock that stands still but for sleepers: each sleep passes at once and moves the time on. */
export function steppingClock(start = 1_700_000_000_000): Clock & { readonly slept: number[] } {
  let now = start
  const slept: number[] = []
  return {
    slept,
    now: () => now,
    elapsed: () => now - start,
    sleep: async (ms, signal) => {
      if (signal?.aborted) throw signal.reason
      slept.push(ms)
      now += ms
      await new Promise((resolve) => setImmediate(resolve))
      if (signal?.aborted) throw signal.reason
    },
  }
}
