import type { EntryBatch } from '../types/entries.js'

/** Entries looked at in each place; enough that one late merged entry among them does not mislead. */
const SAMPLE = 32

/**
 * Index of the first entry whose timestamp is not earlier than `time`, or `treeSize` when there is none.
 *
 * Timestamps grow along the log but for merge delay (RFC 6962 section 3: an entry may be merged up to the MMD after its
 * timestamp), so single entries can be out of order. The search therefore judges a place by the newest timestamp of a
 * run of entries: when all of a run is older than `time`, so is what was merged before it. From where the search ends it
 * steps back as long as a run before still holds an entry that is not older.
 *
 * Asks for about log2(treeSize) runs.
 *
 * @param time - Epoch milliseconds.
 * @param entries - Reads entries from `start`, at least one.
 * @param timestampOf - Timestamp of a leaf, epoch milliseconds; `undefined` for a leaf that has none, which is skipped.
 */
export async function indexAtTime(
  time: number,
  treeSize: number,
  entries: (start: number, end: number) => Promise<EntryBatch>,
  timestampOf: (leafInput: Uint8Array) => number | undefined,
): Promise<number> {
  const firstNotEarlier = async (start: number): Promise<{ found: number | undefined; end: number }> => {
    const batch = await entries(start, Math.min(start + SAMPLE, treeSize))
    for (let i = 0; i < batch.length; i++)
      if ((timestampOf(batch.leafInput(i)) ?? 0) >= time) return { found: start + i, end: start + batch.length }
    return { found: undefined, end: start + batch.length }
  }

  // Everything before `low` is earlier; the answer is at most `high`.
  let low = 0
  let high = treeSize
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2)
    const start = Math.max(middle - (middle % SAMPLE), low)
    const { found, end } = await firstNotEarlier(start)
    if (found === undefined) low = end
    else if (found === low || start <= low) high = low = found
    else high = found
  }
  // Step back over runs that still hold an entry of that time or later, merged before an older one.
  for (let start = high; start > 0; ) {
    start = Math.max(0, start - SAMPLE)
    const { found } = await firstNotEarlier(start)
    if (found === undefined || found >= high) break
    high = found
  }
  return high
}
