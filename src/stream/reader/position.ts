import type { CompactRange } from '../../merkle/compact-range.js'
import type { TakenPage } from './taken-page.js'

/**
 * The position of one log's reader: everything before it is acknowledged.
 *
 * Only acknowledgements move it. It can provide the compact range that a checkpoint needs, without hashing anything before that, and
 * without holding acknowledged pages.
 */
export class Position {
  private index: number | undefined
  private range: CompactRange | undefined
  /** The partly acknowledged page, and how many of its entries are acknowledged. */
  private partial: { readonly page: TakenPage; readonly count: number } | undefined

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
    return this.partial === undefined ? (this.index ?? 0) : this.partial.page.start + this.partial.count
  }

  /** Moves to the first unacknowledged entry of the page. */
  moveInto(page: TakenPage): void {
    if (page.isFinished) this.begin(page.next, page.rangeAtEnd)
    else this.partial = { page, count: page.finished }
  }

  /** The compact range of `[0, next)`; `undefined` when nothing is proven. */
  rangeAtNext(): CompactRange | undefined {
    return this.partial === undefined ? this.range : this.partial.page.rangeAt(this.partial.count)
  }
}
