import type { CompactRange } from '../../merkle/compact-range.js'
import { leafTimestamp } from '../../wire/merkle-leaf.js'
import type { ProvenPage } from '../log/proven-page.js'

/** Number of entries that stay in memory together with a kept one; see `EntryBatch.entry`. */
const KEPT_TOGETHER = 8

/**
 * A page with the reader: how many of its entries were given, and how many, from the first on, are acknowledged.
 *
 * A dropped entry counts as acknowledged once everything before it is. When the reader goes on to another page, the memory of this one
 * is released; only entries that the reader still has remain counted in the budget.
 */
export class TakenPage {
  /** Number of acknowledged entries, including dropped ones that no unacknowledged entry precedes. */
  finished = 0
  /** The last entry given to the reader, counted from 1; 0 while there is none. */
  given = 0
  /** Index after the page, and after following pages that were dropped entirely. */
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

  /** Bytes counted in the budget. */
  get heldBytes(): number {
    return this.proven.lease.bytes
  }

  /** Whether every entry is acknowledged. */
  get isFinished(): boolean {
    return this.finished === this.proven.batch.length
  }

  /** Index of the first unacknowledged entry. */
  get next(): number {
    return this.isFinished ? this.end : this.start + this.finished
  }

  /** The log's timestamp of the last acknowledged entry, epoch milliseconds; `undefined` in the middle of a page that the reader left. */
  get timestamp(): number | undefined {
    if (this.isLeft) return this.isFinished ? this.lastTimestamp : undefined
    return this.finished === 0 ? undefined : leafTimestamp(this.proven.batch.leafInput(this.finished - 1))
  }

  /** The compact range before entry `start + count`, in the middle of the page; `undefined` when nothing is proven. */
  rangeAt(count: number): CompactRange | undefined {
    const { batch, rangeBefore } = this.proven
    return rangeBefore?.append(batch.leafHashes().subarray(0, count * 32), count)
  }

  /** Drops entry `i`, counted from 0. */
  drop(i: number): void {
    this.dropped ??= new Uint8Array(this.proven.batch.length)
    this.dropped[i] = 1
    this.drops++
    if (this.finished === i) this.finished = i + 1
  }

  /** Whether the entry of this index was given to the reader, or dropped. */
  includes(index: number): boolean {
    return this.isLeft || index < this.start + this.given
  }

  /** Acknowledges everything before `index`. */
  finishTo(index: number): void {
    const reach = this.isLeft ? this.proven.batch.length : this.given
    this.finished = Math.max(this.finished, Math.min(index - this.start, reach))
    while (this.dropped?.[this.finished] === 1) this.finished++
  }

  /** Acknowledges everything given to the reader. */
  finishGiven(): void {
    this.finishTo(this.end)
  }

  /** The reader has seen every entry and goes on to another page. */
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

  /** Adds a following page that was dropped entirely: it is acknowledged together with this one. */
  absorb(behind: TakenPage): void {
    behind.leave()
    this.end = behind.end
    this.rangeAtEnd = behind.rangeAtEnd
    this.lastTimestamp = behind.lastTimestamp
    behind.release()
  }

  /** Releases everything it holds. Idempotent. */
  release(): void {
    this.isReleased = true
    this.proven.lease.release()
  }
}
