import { createHash } from 'node:crypto'

/** Uniform in [0, 1), the same sequence for the same seed (mulberry32). */
export function randomOf(seed) {
  let state = createHash('sha256').update(seed).digest().readUInt32LE()
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** One of `items`. */
export const pick = (random, items) => items[Math.floor(random() * items.length)]
