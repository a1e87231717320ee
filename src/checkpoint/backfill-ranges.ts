import { CompactRange } from '../merkle/compact-range.js'
import { prefixOf } from '../merkle/range-prefix.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { fromBase64, toBase64 } from '../util/bytes.js'

/** What a new backfill reads. */
export interface NewBackfill {
  readonly log: LogInfo
  /** Index of the first entry. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** Ranges begin at multiples of it. */
  readonly step: number
  /** Of which all of it is to be proven a part. */
  readonly head: SignedHead
  /** Whether `end` is only the size of the tree that this process saw: any running one from the same index is joined. Default `false`. */
  readonly isOpen?: boolean
}

/** Most ranges of a backfill: each is looked at whenever one of them is taken. */
export const MOST_RANGES = 100_000

/** Whether a backfill would have more ranges than {@link MOST_RANGES}. */
export const hasTooManyRanges = ({ start, end, step }: Pick<NewBackfill, 'start' | 'end' | 'step'>): boolean =>
  (end - start) / step > MOST_RANGES

/** Pieces of `[start, end)` that begin at multiples of `step`, except the first. */
export function rangesOf(start: number, end: number, step: number): (readonly [number, number])[] {
  const bounds: (readonly [number, number])[] = []
  for (let from = start; from < end; ) {
    const to = Math.min(end, (Math.floor(from / step) + 1) * step)
    bounds.push([from, to])
    from = to
  }
  return bounds
}

/** Name of the unit of work that a range is. */
export const rangeUnit = (id: string, start: number): string => `backfill ${id} from ${start}`

/** What a range begins with. */
export function rangeCheckpoint({ log, head }: NewBackfill, start: number): LogCheckpoint {
  // Unknown: nobody has read the entries before a range, so its session asks the log for a proof of where it begins.
  const range = start === 0 ? [] : undefined
  return { log, position: start, range, verifiedHead: head, pendingHeads: [], learned: {} }
}

/**
 * The compact range before `start`, as hashes in base64, from the first subtrees of the one proven at the position; `undefined` when one of
 * those reaches over `start`.
 */
export function hashesBefore({ range, position }: LogCheckpoint, start: number): readonly string[] | undefined {
  if (range === undefined) return undefined
  return prefixOf(new CompactRange(position, range), start)?.hashes.map(toBase64)
}

/** What {@link hashesBefore} returned, read again. */
export const rangeBefore = (start: number, hashes: readonly string[]): CompactRange =>
  new CompactRange(
    start,
    hashes.map((hash) => fromBase64(hash) ?? new Uint8Array()),
  )
