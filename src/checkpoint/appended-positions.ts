import type { CheckpointStore } from '../types/checkpoint.js'

/** Of `Symbol.for`: a pump may be of another copy of the library than its sink. */
export const appendsPositions = Symbol.for('ct-stream.appends-positions')

/**
 * Whether an engine appends each position to what it keeps, rather than to replace the one before: then positions without entries take space, and are
 * committed seldom.
 */
export function areAppended(store: CheckpointStore): boolean {
  return appendsPositions in store && store[appendsPositions] === true
}
