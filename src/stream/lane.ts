import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Rate } from '../util/rate.js'
import { leafTimestamp } from '../wire/merkle-leaf.js'
import type { Delivery } from './delivery.js'
import type { LogSession } from './log-session.js'
import { Position } from './position.js'

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

  /** What is to be remembered; `undefined` before the log was opened. */
  checkpoint(): LogCheckpoint | undefined {
    const { session, position } = this
    if (!position.begun) return undefined
    return {
      log: session.log,
      position: position.next,
      range: position.rangeAtNext()?.hashes,
      verifiedHead: session.heads.verified,
      pendingHeads: session.heads.pending,
      learned: session.learned,
    }
  }
}
