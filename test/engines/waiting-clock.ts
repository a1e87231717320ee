import type { Clock } from '../../src/types/clock.js'
import { systemClock } from '../../src/util/clock.js'

/** Longer than the first wait of a pump before it tries again, shorter than any deadline. Milliseconds. */
const WAIT_MS = 4000

/** A clock whose waits before another try take as long as `onWait`; deadlines, and what listens for silence, take their time. */
export const waitingClock = (onWait: () => Promise<unknown>): Clock => ({
  now: () => Date.now(),
  sleep: async (ms, signal) => void (await (ms > WAIT_MS ? systemClock.sleep(ms, signal) : onWait())),
})
