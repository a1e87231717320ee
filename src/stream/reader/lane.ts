import type { CompactRange } from '../../merkle/compact-range.js'
import type { LogCheckpoint } from '../../types/checkpoint.js'
import { Rate } from '../../util/rate.js'
import type { LogSession } from '../log/log-session.js'
import type { ProvenPage } from '../log/proven-page.js'
import { isFinishedAt, sessionRow, unopenedRow } from '../log/session-row.js'
import { Position } from './position.js'
import { TakenPage } from './taken-page.js'

/** Position in a log. */
export interface Place {
  /** Index of the first entry to read. */
  readonly next: number
  /** Compact range of everything before; `undefined` when nothing is proven. */
  readonly range: CompactRange | undefined
  /** Whether the log left the lists, and nothing of it follows. */
  readonly finished: boolean
}

/** One log on the reader's side: its waiting pages in order, the pages that the reader has, and what it has acknowledged of them. */
export class Lane {
  /** Replaced when a finished log comes back into the lists. */
  session: LogSession
  readonly queue: ProvenPage[] = []
  /** Pages with the reader that are not fully acknowledged, in order; the last one may be its current page. */
  private readonly taken: TakenPage[] = []
  readonly position = new Position()
  readonly rate = new Rate()
  /** Acknowledged entries, including dropped ones. */
  entries = 0
  /** Entries the filter dropped. */
  filtered = 0
  /** Entries dropped because the same was delivered before, of this log or another. */
  duplicates = 0
  /** Entries given to the reader that were not proven. */
  unverified = 0
  /** The log's timestamp of the last acknowledged entry, epoch milliseconds. */
  lastTimestamp: number | undefined

  /** Index of the first entry left for the next run because it is later than this one's end. */
  private leftAt: Omit<Place, 'finished'> | undefined

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

  /** The reader has seen the whole page, and goes on to another one, of this log or another. */
  leave(page: TakenPage): void {
    const before = this.taken.at(-2)
    if (page.given === 0 && before !== undefined && this.taken.at(-1) === page) {
      // Pages that were dropped entirely take no memory, however many follow an entry that the reader holds.
      before.absorb(page)
      this.taken.pop()
    } else page.leave()
  }

  /** Bytes of pages that are not fully acknowledged; 0 when there are none. */
  get heldBytes(): number {
    return this.taken.reduce((sum, page) => sum + page.heldBytes, 0)
  }

  /**
   * Acknowledges everything up to and including `index`.
   * @returns `false`, without any change, when the reader has not received that entry yet.
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

  /** Acknowledges everything given to the reader. */
  acknowledgeGiven(): void {
    for (const page of this.taken) page.finishGiven()
  }

  /** Whether there is a fully acknowledged page to release. */
  get hasFinished(): boolean {
    return this.taken[0]?.isFinished ?? false
  }

  /**
   * Moves the position past acknowledged entries, and releases acknowledged pages. Returns the number of entries it moved.
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

  /** Leaves entry `i` of a page for the next run, which begins at the first such entry, however far this run reads. */
  leaveForNextRun({ batch, rangeBefore }: ProvenPage, i: number): void {
    this.leftAt ??= { next: batch.start + i, range: rangeBefore?.append(batch.leafHashes().subarray(0, i * 32), i) }
  }

  /**
   * The position once everything before `next` is acknowledged.
   * @param range - Compact range of everything before `next`; called only when needed.
   */
  placeAt(next: number, range: () => CompactRange | undefined): Place {
    const { leftAt } = this
    const place = leftAt !== undefined && leftAt.next <= next ? leftAt : { next, range: range() }
    return { ...place, finished: isFinishedAt(this.session, place.next) }
  }

  /** The position after everything acknowledged. */
  get place(): Place {
    return this.placeAt(this.position.next, () => this.position.rangeAtNext())
  }

  /** The row to store; `undefined` where there is none, or nothing new, before the log was opened. */
  checkpoint(): LogCheckpoint | undefined {
    if (!this.position.begun) return unopenedRow(this.session)
    const { next, range } = this.place
    const row = sessionRow(this.session, next, range)
    return this.position.next > next ? { ...row, acknowledged: this.position.next } : row
  }
}
