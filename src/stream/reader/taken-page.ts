import type { CompactRange } from '../../merkle/compact-range.js'
import { leafTimestamp } from '../../wire/merkle-leaf.js'
import type { ProvenPage } from '../log/proven-page.js'

/** Entries that are kept in memory with one that is kept, see `EntryBatch.entry`. */
const KEPT_TOGETHER = 8

/**
 * A page in the reader's hands: how far the reader was given its entries, and how many, from the first on, are finished with.
 *
 * A dropped entry is finished with as soon as everything before it is. When the reader goes on to another page, the memory of
 * this one is given back; what stays held out of the budget is what the reader still has.
 */
export class TakenPage {
  /** Entries finished with: acknowledged, or dropped with nothing before them that the reader still has. */
  finished = 0
  /** The last entry given to the reader, counted from 1; 0 while there is none. */
  given = 0
  /** Index after the page, and after the pages behind it of which nothing was given. */
  private end: number
  /** The compact range before that index; `undefined` when nothing is proven. */
  rangeAtEnd: CompactRange | undefined
  /** One byte an entry, 1 for those dropped; made for the first one. */
  private dropped: Uint8Array | undefined
  private drops = 0
  private isLeft = false
  private isReleased = false
  private lastTimestamp: number | undefined
  private readonly proven: ProvenPage

  constructor(proven: ProvenPage) {
    this.proven = proven
    this.end = proven.batch.start + proven.batch.length
    this.rangeAtEnd = proven.rangeAfter
  }

  get start(): number {
    return this.proven.batch.start
  }

  /** Bytes held out of the budget. */
  get heldBytes(): number {
    return this.proven.lease.bytes
  }

  /** Whether every entry is finished with. */
  get isFinished(): boolean {
    return this.finished === this.proven.batch.length
  }

  /** Index of the first entry that is not finished with. */
  get next(): number {
    return this.isFinished ? this.end : this.start + this.finished
  }

  /** The log's timestamp of the last entry finished with, epoch milliseconds; `undefined` in the middle of a page that was left. */
  get timestamp(): number | undefined {
    if (this.isLeft) return this.isFinished ? this.lastTimestamp : undefined
    return this.finished === 0 ? undefined : leafTimestamp(this.proven.batch.leafInput(this.finished - 1))
  }

  /** The compact range before entry `start + count`, in the middle of the page; `undefined` when nothing is proven. */
  rangeAt(count: number): CompactRange | undefined {
    const { batch, rangeBefore } = this.proven
    return rangeBefore?.append(batch.leafHashes().subarray(0, count * 32), count)
  }

  /** Entry `i`, counted from 0, is not for the reader. */
  drop(i: number): void {
    this.dropped ??= new Uint8Array(this.proven.batch.length)
    this.dropped[i] = 1
    this.drops++
    if (this.finished === i) this.finished = i + 1
  }

  /** Whether the reader was given the entry of this index, or it was dropped. */
  includes(index: number): boolean {
    return this.isLeft || index < this.start + this.given
  }

  /** The reader is finished with everything it was given before `index`. */
  finishTo(index: number): void {
    const reach = this.isLeft ? this.proven.batch.length : this.given
    this.finished = Math.max(this.finished, Math.min(index - this.start, reach))
    while (this.dropped?.[this.finished] === 1) this.finished++
  }

  /** The reader is finished with everything it was given. */
  finishGiven(): void {
    this.finishTo(this.end)
  }

  /** The reader looked at every entry and goes on to another page. */
  leave(): void {
    if (this.isReleased || this.isLeft) return
    const { batch, lease, rangeBefore } = this.proven
    // Positions in the middle of the page need its hashes.
    if (rangeBefore !== undefined) batch.leafHashes()
    this.lastTimestamp = leafTimestamp(batch.leafInput(batch.length - 1))
    this.isLeft = true
    batch.release()
    const share = Math.min(1, ((batch.length - this.drops) * KEPT_TOGETHER) / batch.length)
    lease.resize(Math.min(lease.bytes, Math.ceil(batch.byteLength * share) + batch.length * 32))
  }

  /** The page behind, of which nothing was given, is finished with as soon as this one is. */
  absorb(behind: TakenPage): void {
    behind.leave()
    this.end = behind.end
    this.rangeAtEnd = behind.rangeAtEnd
    this.lastTimestamp = behind.lastTimestamp
    behind.release()
  }

  /** Gives back everything it holds. Idempotent. */
  release(): void {
    this.isReleased = true
    this.proven.lease.release()
  }
}
