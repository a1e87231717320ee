import { ctStream } from '../../src/stream/ct-stream.js'
import type { TestLog } from '../../src/testing/index.js'
import type { CtStreamOptions } from '../../src/types/stream-options.js'
import { closing } from './closing.js'
import { Reader } from './reader.js'
import type { VirtualClock } from './virtual-clock.js'

/** Reads a log from its beginning until the test ends, by a clock of the test, and asks for its head every five seconds. */
export function readEveryFiveSeconds(log: TestLog, clock: VirtualClock, options: CtStreamOptions = {}): Reader {
  const own = { logs: [log.spec], start: 'beginning', checkpoint: false, pollIntervalMs: 5_000 } as const
  return closing(new Reader(ctStream({ ...own, clock, random: () => 0.5, ...options })))
}
