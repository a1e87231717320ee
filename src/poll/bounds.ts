import { CtStreamError } from '../errors.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { equalBytes } from '../util/bytes.js'
import { leafTimestamp } from '../wire/merkle-leaf.js'
import type { LogRequests, PageSizes } from './log-requests.js'
import { indexAfterTime, indexBeforeTime, type TimedTree } from './time-index.js'

/** Where reading begins in a log without a checkpoint; `time` in epoch milliseconds. */
export type Start = 'now' | 'beginning' | { readonly index: number } | { readonly time: number }

/** Where reading ends; `time` in epoch milliseconds. */
export type End = 'never' | 'head' | { readonly index: number } | { readonly time: number }

/** The index that an option names, known before anything of a log is; `undefined` for one that depends on the log. */
export function fixedIndexOf(place: Start | End): number | undefined {
  if (place === 'beginning') return 0
  return typeof place === 'object' && 'index' in place ? place.index : undefined
}

/** Index at which a log without a checkpoint is begun, given its head when it was opened. */
export async function startIndexOf(start: Start, tree: TimedTree): Promise<number> {
  if (start === 'now') return tree.treeSize
  if (start === 'beginning') return 0
  return 'index' in start ? start.index : indexBeforeTime(start.time, tree)
}

/**
 * Index before which a log is read; infinite when there is none, or as long as it is not known: until the tree holds every
 * entry older than the time. A head that was signed a merge delay after it does, for what is merged later is not older.
 *
 * @param openedSize - Size of the log when it was opened.
 * @param asOf - Epoch milliseconds up to which the tree is complete, except for the merge delay: when its head was signed.
 */
export async function endIndexOf(end: End, openedSize: number, asOf: number, tree: TimedTree): Promise<number> {
  if (end === 'never') return Number.POSITIVE_INFINITY
  if (end === 'head') return openedSize
  if ('index' in end) return end.index
  return asOf >= end.time + tree.mergeDelayMs ? indexAfterTime(end.time, tree) : Number.POSITIVE_INFINITY
}

/** What of a log lies outside of `start` and `end` although it stands between the two indexes: merged late, or read early. */
export class TimeBounds {
  private readonly from: number
  private readonly before: number

  /** @param begun - Whether the log was begun by `start`; where a checkpoint or cursor said where, nothing is too old. */
  constructor({ start, end }: { readonly start: Start; readonly end: End }, begun: boolean) {
    this.from = begun && typeof start === 'object' && 'time' in start ? start.time : Number.NEGATIVE_INFINITY
    this.before = typeof end === 'object' && 'time' in end ? end.time : Number.POSITIVE_INFINITY
  }

  /** `early`: never wanted. `late`: not in this run. A leaf without a timestamp is inside. */
  judge(leafInput: Uint8Array): 'early' | 'late' | undefined {
    if (!Number.isFinite(this.from) && !Number.isFinite(this.before)) return undefined
    const timestamp = leafTimestamp(leafInput)
    if (timestamp === undefined) return undefined
    if (timestamp < this.from) return 'early'
    return timestamp >= this.before ? 'late' : undefined
  }
}

/** What {@link timedTree} needs of a session. */
export interface TimedTreeSource {
  readonly requests: LogRequests
  readonly sizes: PageSizes
  readonly head: SignedHead
  readonly asking: { readonly priority: number; readonly fresh: boolean }
  readonly mergeDelayMs: number
  /** Whether entries are proven. */
  readonly proves: boolean
}

/** The tree of a log's head, to look for times in. */
export function timedTree({ requests, sizes, head, asking, mergeDelayMs, proves }: TimedTreeSource): TimedTree {
  const { treeSize } = head
  return {
    treeSize,
    mergeDelayMs,
    entries: (start, end) => requests.entries(start, end, { ...asking, sizes }),
    timestampOf: leafTimestamp,
    prove: async (index, leafHash) => {
      if (!proves) return
      // Not by an inclusion proof: there are logs that serve none, and every log has a way to a frontier.
      const before = await requests.frontier(index, head, asking)
      const after = await requests.frontier(index + 1, head, asking)
      if (!equalBytes(before.append(leafHash).root(), after.root())) throw notInTree(requests.client.log, index)
    },
  }
}

function notInTree({ id, url }: LogInfo, index: number): CtStreamError {
  return new CtStreamError(
    'CT_INCLUSION',
    `${url}: entry ${index}, by whose timestamp a time was looked for, is not the one in the tree the log signed`,
    { logId: id, url, index },
  )
}
