import type { CompactRange } from '../merkle/compact-range.js'
import type { Delivery } from './delivery.js'

/**
 * Where the reader of one log is: which entries it has finished with.
 *
 * Only acknowledgements move it. It keeps what a checkpoint needs, the compact range at that place, without hashing
 * anything until a checkpoint is asked for, and without holding a page the reader has finished.
 */
export class Position {
  private index: number | undefined
  private range: CompactRange | undefined
  /** A page that is acknowledged in part, and how many of its entries are. */
  private partial: { readonly delivery: Delivery; readonly count: number } | undefined

  /** Whether there is a position yet. */
  get begun(): boolean {
    return this.index !== undefined
  }

  /** Begins at an index, with the compact range before it where entries are proven. */
  begin(index: number, range: CompactRange | undefined): void {
    this.index = index
    this.range = range
    this.partial = undefined
  }

  /** Index of the first entry not acknowledged. */
  get next(): number {
    return this.partial === undefined ? (this.index ?? 0) : this.partial.delivery.batch.start + this.partial.count
  }

  /** The first `count` entries of a page are finished with. */
  acknowledge(delivery: Delivery, count: number): void {
    if (count < delivery.batch.length) this.partial = { delivery, count }
    else this.begin(delivery.batch.start + delivery.batch.length, delivery.rangeAfter)
  }

  /** The compact range of `[0, next)`; `undefined` when nothing is proven. */
  rangeAtNext(): CompactRange | undefined {
    if (this.partial === undefined) return this.range
    const { delivery, count } = this.partial
    return delivery.rangeBefore?.append(delivery.batch.leafHashes().subarray(0, count * 32), count)
  }
}
