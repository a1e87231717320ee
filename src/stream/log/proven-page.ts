import type { CtErrorCode } from '../../errors.js'
import type { CompactRange } from '../../merkle/compact-range.js'
import type { EntryBatch } from '../../types/entries.js'
import type { Lease } from '../../util/byte-budget.js'

/** A page on its way to the reader: proven (or, in the weaker modes, trusted), its bytes counted in the budget. */
export interface ProvenPage {
  readonly batch: EntryBatch
  /** Compact range of everything before the page; `undefined` when nothing is proven. */
  readonly rangeBefore: CompactRange | undefined
  /** Compact range including the page; `undefined` when nothing is proven. */
  readonly rangeAfter: CompactRange | undefined
  /** Whether it is unproven, of an accused log. The ranges are then `undefined`. */
  readonly accusedOf?: CtErrorCode | undefined
  readonly lease: Lease
  /** Size of the log when the stream opened it: entries below were there before. */
  readonly openedSize: number
}
