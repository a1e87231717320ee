import { leafHash } from '../merkle/hash.js'
import type { EntryBatch } from '../types/entries.js'

/*
 * Times in a log. Entries stand in the order in which they were merged, which is not that of their timestamps. All that a log
 * promises is that an entry is merged within the maximum merge delay (MMD) after its timestamp (RFC 6962 section 3). For two
 * entries i < j that is enough:
 *
 *   timestamp(i) <= head that first covers i   no head is older than an entry it covers (section 3.5)
 *                <= head that first covers j   i comes before j, and a log only grows
 *                <= timestamp(j) + MMD         j was merged in time
 *
 * So a single entry that is older than `time - MMD` shows that everything before it is older than `time`; and one of
 * `time + MMD` or later, that everything after it is not older than `time`. Nothing less shows either, however many entries in
 * a row are older or later. A log that breaks its MMD may hide an entry from both searches.
 */

/** Entries asked for in each place: as many as a log gives for the price of one, in case some have no timestamp. */
const SAMPLE = 32

/** A signed tree in which a time is looked for. */
export interface TimedTree {
  /** Number of entries; safe integer. */
  readonly treeSize: number
  /** The longest time from an entry's timestamp to its merge, milliseconds: the log's MMD. */
  readonly mergeDelayMs: number
  /** Reads entries from `start`, at least one, at most up to `end`; they are released afterwards. */
  readonly entries: (start: number, end: number) => Promise<EntryBatch>
  /** Timestamp of a leaf, epoch milliseconds; `undefined` for a leaf that has none, which shows nothing. */
  readonly timestampOf: (leafInput: Uint8Array) => number | undefined
  /**
   * Throws unless the entry is in the tree. Called at most once a search, for the entry that the answer rests on: what a gateway
   * makes up decides nothing.
   * @param leafHash - 32 bytes.
   */
  readonly prove: (index: number, leafHash: Uint8Array) => Promise<void>
}

/** An entry that shows on which side of a time its neighbours are. */
interface Witness {
  readonly index: number
  readonly leafHash: Uint8Array
}

/**
 * An index before which every entry is older than `time`; 0 at the earliest, `treeSize` at the latest.
 *
 * Entries from it on may be older too, by up to twice the merge delay: leaving them out is the reader's. Asks for about
 * log2(treeSize) pages and one proof.
 *
 * @param time - Epoch milliseconds.
 */
export async function indexBeforeTime(time: number, tree: TimedTree): Promise<number> {
  const isWitness = (timestamp: number) => timestamp < time - tree.mergeDelayMs
  let witness: Witness | undefined
  let [low, high] = [0, tree.treeSize]
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2)
    const found = (await witnesses(tree, middle, high, isWitness)).last
    if (found === undefined) high = middle
    else {
      witness = found
      low = found.index + 1
    }
  }
  if (witness !== undefined) await tree.prove(witness.index, witness.leafHash)
  return low
}

/**
 * An index from which on no entry of the tree is older than `time`; `treeSize` where no entry shows that. Entries before it may
 * be of that time or later, by up to twice the merge delay.
 *
 * The tree must hold every entry older than `time` (see `endIndexOf`). Costs as much as {@link indexBeforeTime}.
 *
 * @param time - Epoch milliseconds.
 */
export async function indexAfterTime(time: number, tree: TimedTree): Promise<number> {
  const isWitness = (timestamp: number) => timestamp >= time + tree.mergeDelayMs
  let witness: Witness | undefined
  let [low, high] = [0, tree.treeSize]
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2)
    const { first: found, end } = await witnesses(tree, middle, high, isWitness)
    if (found === undefined) low = end
    else {
      witness = found
      high = found.index
      // Those before it in the page are none.
      if (found.index > middle) low = high
    }
  }
  if (witness !== undefined) await tree.prove(witness.index, witness.leafHash)
  return high
}

/** The first and the last witness among a few entries from `start`, and where those end. */
async function witnesses(
  { entries, timestampOf }: TimedTree,
  start: number,
  end: number,
  isWitness: (timestamp: number) => boolean,
): Promise<{ readonly first: Witness | undefined; readonly last: Witness | undefined; readonly end: number }> {
  const batch = await entries(start, Math.min(start + SAMPLE, end))
  try {
    const indexes: number[] = []
    for (let i = 0; i < batch.length; i++) {
      const timestamp = timestampOf(batch.leafInput(i))
      if (timestamp !== undefined && isWitness(timestamp)) indexes.push(i)
    }
    const at = (i: number | undefined): Witness | undefined =>
      i === undefined ? undefined : { index: start + i, leafHash: leafHash(batch.leafInput(i)) }
    return { first: at(indexes[0]), last: at(indexes.at(-1)), end: start + batch.length }
  } finally {
    batch.release()
  }
}
