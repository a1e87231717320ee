import type { SignedHead } from '../types/log.js'
import type { Settings } from './settings.js'

/** Finds the first index of a time in a tree of so many entries. */
export type IndexAt = (time: number, treeSize: number) => Promise<number>

/** Index at which a log without a checkpoint is begun, given its head when it was opened. */
export async function startIndexOf(start: Settings['start'], head: SignedHead, indexAt: IndexAt): Promise<number> {
  if (start === 'now') return head.treeSize
  if (start === 'beginning') return 0
  return 'index' in start ? start.index : indexAt(start.time, head.treeSize)
}

/**
 * Index before which a log is read; infinite when there is none, or as long as it is not known: until a head is later than
 * the time, the end is not in the log yet.
 *
 * @param openedSize - Size of the log when it was opened.
 * @param now - Epoch milliseconds: a head signed ahead of it says nothing of what is to come until then.
 */
export async function endIndexOf(
  end: Settings['end'],
  openedSize: number,
  head: SignedHead,
  now: number,
  indexAt: IndexAt,
): Promise<number> {
  if (end === 'never') return Number.POSITIVE_INFINITY
  if (end === 'head') return openedSize
  if ('index' in end) return end.index
  return Math.min(head.timestamp, now) > end.time ? indexAt(end.time, head.treeSize) : Number.POSITIVE_INFINITY
}
