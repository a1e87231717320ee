import { resolve } from 'node:path'
import type { Settings } from './settings.js'

type Checkpoint = Settings['checkpoint']

/** Closes streams that reached their end and only wait for acknowledgements, by the checkpoint they have open. */
const lingering = new Map<unknown, () => Promise<void>>()

const keyOf = (checkpoint: Checkpoint) => (typeof checkpoint === 'string' ? resolve(checkpoint) : checkpoint)

/** A stream at its end keeps its checkpoint open, but not from the next stream of this process. */
export function linger(checkpoint: Checkpoint, close: () => Promise<void>): void {
  if (checkpoint !== false) lingering.set(keyOf(checkpoint), close)
}

/** The stream was closed. */
export function lingerNoMore(checkpoint: Checkpoint, close: () => Promise<void>): void {
  const key = keyOf(checkpoint)
  if (lingering.get(key) === close) lingering.delete(key)
}

/** Closes the stream that lingers with this checkpoint, if there is one. */
export async function takeOver(checkpoint: Checkpoint): Promise<void> {
  await lingering.get(keyOf(checkpoint))?.()
}
