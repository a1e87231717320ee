import type { CompactRange } from '../../merkle/compact-range.js'
import type { LogCheckpoint } from '../../types/checkpoint.js'
import { Rate } from '../../util/rate.js'
import type { LogSession } from '../log/log-session.js'
import type { ProvenPage } from '../log/proven-page.js'
import { sessionRow } from '../log/session-row.js'
import { Position } from './position.js'
import { TakenPage } from './taken-page.js'

/** Where to go on in a log. */
export interface Place {
  /** Index of the first entry to read. */
  readonly next: number
  /** Compact range of everything before; `undefined` when nothing is proven. */
  readonly range: CompactRange | undefined
}

/** One log on the reader's side: its pages that wait, in order, those the reader was given, and what of them is finished with. */
export class Lane {
  /** Replaced when a log comes back into the lists after it was finished with. */
  session: LogSession
  readonly queue: ProvenPage[] = []
  /** Pages the reader was given and has not finished with, in order; the reader may be in the last one. */
  private readonly taken: TakenPage[] = []
  readonly position = new Position()
  readonly rate = new Rate()
  /** Entries acknowledged, those included that were dropped. */
  entries = 0
  /** Entries the filter dropped. */
  filtered = 0
  /** Entries dropped because the same was delivered before, of this log or another. */
  duplicates = 0
  /** Entries given to the reader that were not proven. */
  unverified = 0
  /** The log's timestamp of the last acknowledged entry, epoch milliseconds. */
  lastTimestamp: number | undefined

  /** Where the first entry stands that is left for the next run, because it is later than this one's end. */
  private leftAt: Place | undefined

  /** @param open - Makes the session, whose events are those of this lane. */
  constructor(open: (lane: Lane) => LogSession) {
    this.session = open(this)
  }

  /** The reader begins a page. */
  take(proven: ProvenPage): TakenPage {
    const page = new TakenPage(proven)
    this.taken.push(page)
    return page
  }

  /** The reader has looked at all of the page and goes on to another one, of this log or another. */
  leave(page: TakenPage): void {
    const before = this.taken.at(-2)
    if (page.given === 0 && before !== undefined && this.taken.at(-1) === page) {
      // However many pages are dropped while the reader holds an entry: they take no room.
      before.absorb(page)
      this.taken.pop()
    } else page.leave()
  }

  /** Bytes held for pages that the reader has not finished with; 0 when there are none. */
  get heldBytes(): number {
    return this.taken.reduce((sum, page) => sum + page.heldBytes, 0)
  }

  /**
   * The reader is finished with everything up to and including `index`.
   * @returns `false`, and changes nothing, when it was not given that entry yet.
   */
  acknowledge(index: number): boolean {
    const at = this.taken.findLast((page) => page.start <= index)
    // It was acknowledged before.
    if (at === undefined) return true
    if (!at.includes(index)) return false
    for (const page of this.taken) {
      page.finishTo(index + 1)
      if (page === at) break
    }
    return true
  }

  /** The reader is finished with everything it was given. */
  acknowledgeGiven(): void {
    for (const page of this.taken) page.finishGiven()
  }

  /** Whether there is a finished page to give back. */
  get hasFinished(): boolean {
    return this.taken[0]?.isFinished ?? false
  }

  /**
   * Moves the reader's position over what is finished with; gives finished pages back. Returns how many entries it moved.
   * @param now - Elapsed milliseconds.
   */
  settle(now: number): number {
    const before = this.position.next
    for (let page = this.taken[0]; page !== undefined; page = this.taken[0]) {
      if (page.next > this.position.next) {
        this.position.moveInto(page)
        this.lastTimestamp = page.timestamp ?? this.lastTimestamp
      }
      if (!page.isFinished) break
      this.taken.shift()
      page.release()
    }
    const moved = this.position.next - before
    if (moved > 0) {
      this.entries += moved
      this.rate.add(moved, now)
    }
    return moved
  }

  /** Leaves entry `i` of a page for the next run: the first such entry is where that begins, however far this one reads. */
  leaveForNextRun({ batch, rangeBefore }: ProvenPage, i: number): void {
    this.leftAt ??= { next: batch.start + i, range: rangeBefore?.append(batch.leafHashes().subarray(0, i * 32), i) }
  }

  /**
   * Where to go on once everything before `next` is finished with.
   * @param range - Of everything before `next`; asked only where it is needed.
   */
  placeAt(next: number, range: () => CompactRange | undefined): Place {
    const { leftAt } = this
    return leftAt !== undefined && leftAt.next <= next ? leftAt : { next, range: range() }
  }

  /** Where to go on by what the reader has finished with. */
  get place(): Place {
    return this.placeAt(this.position.next, () => this.position.rangeAtNext())
  }

  /** What is to be remembered; `undefined` before the log was opened. */
  checkpoint(): LogCheckpoint | undefined {
    if (!this.position.begun) return undefined
    const { next, range } = this.place
    return sessionRow(this.session, next, range)
  }
}
