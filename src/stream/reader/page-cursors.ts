import { type CompactRange, RangeBuilder } from '../../merkle/compact-range.js'
import { CursorTemplate, cursorKey } from '../cursor.js'
import type { ProvenPage } from '../log/proven-page.js'
import type { Lane, Place } from './lane.js'

/** Where a log is, for a cursor. */
export interface LogPlace extends Place {
  readonly logId: string
}

const HASH_LENGTH = 32

/**
 * The cursors of one page's entries: its own log goes on after the entry, all others where they were when the page was begun, or are
 * when the cursor is asked for.
 *
 * Costs nothing before a cursor is asked for. Asked for in order, each costs two hashes and those of the root; at any time, also when
 * the page is given back: it keeps the hashes of its leaves.
 */
export class PageCursors {
  private readonly lane: Lane
  private readonly places: readonly LogPlace[] | (() => readonly LogPlace[])
  private readonly start: number
  private readonly rangeBefore: CompactRange | undefined
  private readonly leafHashes: Uint8Array | undefined
  private template: CursorTemplate | undefined
  private builder: RangeBuilder | undefined
  /** Entries of the page that are in `builder`. */
  private built = 0

  /** @param places - Of all logs that have been opened, this one included; a function is called for each cursor. */
  constructor(
    places: readonly LogPlace[] | (() => readonly LogPlace[]),
    lane: Lane,
    { batch, rangeBefore }: ProvenPage,
  ) {
    this.places = places
    this.lane = lane
    this.start = batch.start
    this.rangeBefore = rangeBefore
    // They were computed to prove the page, and outlive it.
    this.leafHashes = rangeBefore && batch.leafHashes()
  }

  /** The cursor that goes on after entry `index`. */
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
