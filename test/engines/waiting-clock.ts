import type { Clock } from '../../src/types/clock.js'
import { systemClock } from '../../src/util/clock.js'

/** Longer than the first wait of a pump before it tries again, shorter than any deadline. Milliseconds. */
const WAIT_MS = 4000
/** How often a pump commits what was passed over. Milliseconds. */
const COMMIT_MS = 1000

/** A clock whose waits before another try take as long as `onWait`; deadlines, what listens for silence, and commits take their time. */
export const waitingClock = (onWait: () => Promise<unknown>): Clock => ({
  now: () => Date.now(),
  sleep: async (ms, signal) =>
    void (await (ms > WAIT_MS || ms === COMMIT_MS ? systemClock.sleep(ms, signal) : onWait())),
})
