import { ctStream } from '../../src/stream/ct-stream.js'
import type { CtStreamOptions } from '../../src/types/stream-options.js'
import { closing } from './closing.js'
import { Reader } from './reader.js'
import { VirtualClock } from './virtual-clock.js'

/** A stream on a clock that only moves when it is told to; its parts are loaded when it resolves. */
export async function readOn(clock: VirtualClock, options: CtStreamOptions): Promise<Reader> {
  await import('../../src/stream/engine.js')
  const defaults = { start: 'beginning', checkpoint: false, partialTileDelayMs: 0, pollIntervalMs: 10_000 } as const
  return closing(new Reader(ctStream({ ...defaults, random: () => 0.5, clock, ...options })))
}

/**
 * Lets time pass until `condition` holds; returns how much it was. @throws when it does not hold after `atMostMs`.
 * @param stepMs - How much passes before it is looked at again.
 */
export async function passUntil(
  clock: VirtualClock,
  condition: () => boolean,
  atMostMs: number,
  stepMs = 2_000,
): Promise<number> {
  const began = clock.now()
  while (!condition()) {
    if (clock.now() - began > atMostMs) throw new Error(`not in ${atMostMs / 1000} s: ${condition}`)
    await clock.pass(stepMs)
  }
  return clock.now() - began
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
