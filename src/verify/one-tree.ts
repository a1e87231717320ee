import type { CompactRange } from '../merkle/compact-range.js'
import { equalBytes } from '../util/bytes.js'

/** A part of a tree that one reader read and proved alone, with the proven compact ranges at its start and end. */
export interface ProvenPart {
  /** Index of its first entry. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** Compact range of everything before `start`; `undefined` when nobody proved it. */
  readonly before: CompactRange | undefined
  /** Compact range of everything before `end`; `undefined` when the part was not read to its end. */
  readonly through: CompactRange | undefined
}

/**
 * Checks that parts form one tree: each starts with the range at which the part before it ended, and the last one ends like the signed
 * tree. No reader has to trust another.
 *
 * @param parts - In order.
 * @param signed - The compact range at the end of the last part, proven to be a prefix of a signed head.
 * @returns What is wrong, in words; `undefined` when nothing is.
 */
export function treeProblem(parts: readonly ProvenPart[], signed: CompactRange): string | undefined {
  for (const [i, { start, end, before, through }] of parts.entries()) {
    if (through === undefined || through.size !== end) return `entries ${start} to ${end} are not proven to their end`
    const earlier = parts[i - 1]
    if (earlier === undefined) continue
    if (earlier.end !== start) return `no part has the entries from ${earlier.end} to ${start}`
    if (before === undefined || before.size !== start) return `nobody has proven what comes before entry ${start}`
    if (earlier.through === undefined || !isSame(earlier.through, before))
      return `two trees meet at entry ${start}: those who read before it and after it were served different ones`
  }
  const last = parts.at(-1)
  if (last === undefined) return 'there are no parts'
  if (last.through === undefined || !isSame(last.through, signed))
    return `what was read up to entry ${last.end} is not a part of the tree that the log signed`
  return undefined
}

function isSame(a: CompactRange, b: CompactRange): boolean {
  return a.size === b.size && a.hashes.every((hash, i) => equalBytes(hash, b.hashes[i] as Uint8Array))
}
