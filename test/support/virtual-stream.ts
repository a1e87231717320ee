import { ctStream } from '../../src/stream/ct-stream.js'
import type { CtStreamOptions } from '../../src/types/stream.js'
import { closing } from './closing.js'
import { quiet, Reader } from './reader.js'
import { VirtualClock } from './virtual-clock.js'

/** A stream on a clock that only moves when it is told to. */
export function readOn(clock: VirtualClock, options: CtStreamOptions): Reader {
  const defaults = { start: 'beginning', checkpoint: false, partialTileDelayMs: 0, pollIntervalMs: 10_000 } as const
  return closing(new Reader(ctStream({ ...defaults, random: () => 0.5, clock, ...options })))
}

/** Lets time pass in steps of a second or more, and sockets do what they have to in between. */
export async function pass(clock: VirtualClock, ms: number, stepMs = 2_000): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    await clock.pass(Math.min(left, stepMs))
    await quiet(6)
  }
}

/** How a stream ended: the message of what it threw; `'end'` for a plain end, `undefined` while it goes on. */
export function outcomeOf(reader: Reader): () => string | undefined {
  let outcome: string | undefined
  reader.done.then(
    () => {
      outcome = 'end'
    },
    (error) => {
      outcome = `${error.code}: ${error.message}`
    },
  )
  return () => outcome
}

export { VirtualClock }
