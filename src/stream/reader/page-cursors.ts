import { type CompactRange, RangeBuilder } from '../../merkle/compact-range.js'
import { CursorTemplate, cursorKey } from '../cursor.js'
import type { ProvenPage } from '../log/proven-page.js'
import type { Lane, Place } from './lane.js'

/** Position of a log, for a cursor. */
export interface LogPlace extends Place {
  readonly logId: string
}

const HASH_LENGTH = 32

/**
 * The cursors of one page's entries. A cursor continues its own log after the entry, and all others where they were when the page was
 * begun, or are when the cursor is read.
 *
 * Costs nothing until a cursor is read. Read in order, each costs two hashes and those of the root. Works at any time, also after the page
 * was released, because it keeps the leaf hashes.
 */
export class PageCursors {
  private readonly lane: Lane
  private readonly places: readonly LogPlace[] | (() => readonly LogPlace[])
  private readonly start: number
  private readonly rangeBefore: CompactRange | undefined
  private readonly leafHashes: Uint8Array | undefined
  private template: CursorTemplate | undefined
  private builder: RangeBuilder | undefined
  /** Number of entries of the page in `builder`. */
  private built = 0

  /** @param places - Positions of all opened logs, including this one; a function is called for each cursor. */
  constructor(
    places: readonly LogPlace[] | (() => readonly LogPlace[]),
    lane: Lane,
    { batch, rangeBefore }: ProvenPage,
  ) {
    this.places = places
    this.lane = lane
    this.start = batch.start
    this.rangeBefore = rangeBefore
    // Computed to prove the page; they outlive it.
    this.leafHashes = rangeBefore && batch.leafHashes()
  }

  /** The cursor that continues after entry `index`. */
  after(index: number): string {
    const { places } = this
    if (typeof places === 'function') this.template = this.newTemplate(places())
    else this.template ??= this.newTemplate(places)
    const { next, range } = this.lane.placeAt(index + 1, () => this.rangeAfter(index + 1 - this.start))
    return this.template.withPlace(next, range)
  }

  private newTemplate(places: readonly LogPlace[]): CursorTemplate {
    const { id } = this.lane.session.log
    return CursorTemplate.of(
      places.map(({ logId, next, range }) => [cursorKey(logId), next, range]),
      places.findIndex(({ logId }) => logId === id),
    )
  }

  /** The range with the first `count` entries of the page. */
  private rangeAfter(count: number): CompactRange | undefined {
    const { rangeBefore, leafHashes } = this
    if (rangeBefore === undefined || leafHashes === undefined) return undefined
    if (this.builder === undefined || count < this.built) {
      this.builder = new RangeBuilder(rangeBefore)
      this.built = 0
    }
    this.builder.append(leafHashes.subarray(this.built * HASH_LENGTH, count * HASH_LENGTH), count - this.built)
    this.built = count
    return this.builder.snapshot()
  }
}
