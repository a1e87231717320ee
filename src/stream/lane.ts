import type { CompactRange } from '../merkle/compact-range.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Rate } from '../util/rate.js'
import { leafTimestamp } from '../wire/merkle-leaf.js'
import type { Delivery } from './delivery.js'
import type { LogSession } from './log-session.js'
import { Position } from './position.js'

/** Where to go on in a log. */
export interface Place {
  /** Index of the first entry to read. */
  readonly next: number
  /** Compact range of everything before; `undefined` when nothing is proven. */
  readonly range: CompactRange | undefined
}

/** One log on the reader's side: its pages that wait, in order, and what of them the reader has finished with. */
export class Lane {
  /** Replaced when a log comes back into the lists after it was finished with. */
  session: LogSession
  readonly queue: Delivery[] = []
  readonly position = new Position()
  readonly rate: Rate
  /** Entries acknowledged, those included that were dropped. */
  entries = 0
  /** Entries the filter dropped. */
  filtered = 0
  /** Entries dropped because the same was delivered before, of this log or another. */
  duplicates = 0
  /** The log's timestamp of the last acknowledged entry, epoch milliseconds. */
  lastTimestamp: number | undefined

  /** Where the first entry stands that is left for the next run, because it is later than this one's end. */
  private leftAt: Place | undefined

  constructor(session: LogSession, rate: Rate) {
    this.session = session
    this.rate = rate
  }

  /**
   * Moves the reader's position; gives a finished page back. Returns how many entries it moved.
   * @param now - Elapsed milliseconds.
   */
  acknowledge(delivery: Delivery, count: number, now: number): number {
    const moved = delivery.batch.start + count - this.position.next
    if (moved <= 0) return 0
    this.position.acknowledge(delivery, count)
    this.entries += moved
    this.rate.add(moved, now)
    this.lastTimestamp = leafTimestamp(delivery.batch.leafInput(count - 1))
    if (count === delivery.batch.length) delivery.lease.release()
    return moved
  }

  /** Leaves entry `i` of a page for the next run: the first such entry is where that begins, however far this one reads. */
  leave({ batch, rangeBefore }: Delivery, i: number): void {
    this.leftAt ??= { next: batch.start + i, range: rangeBefore?.append(batch.leafHashes().subarray(0, i * 32), i) }
  }

  /** Where the next run goes on once everything before `next` is finished with. */
  goesOnFrom(next: number): number {
    return Math.min(this.leftAt?.next ?? next, next)
  }

  /** Where the next run goes on, by what the reader has finished with. */
  private get place(): Place {
    const { position, leftAt } = this
    if (leftAt !== undefined && leftAt.next <= position.next) return leftAt
    return { next: position.next, range: position.rangeAtNext() }
  }

  /** What is to be remembered; `undefined` before the log was opened. */
  checkpoint(): LogCheckpoint | undefined {
    const { session, position } = this
    if (!position.begun) return undefined
    const { next, range } = this.place
    return {
      log: session.log,
      position: next,
      range: range?.hashes,
      verifiedHead: session.heads.verified,
      pendingHeads: session.heads.pending,
      learned: session.learned,
    }
  }
}
