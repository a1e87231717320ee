import { type CompactRange, RangeBuilder } from '../../merkle/compact-range.js'
import { type CursorPlace, type CursorPositions, CursorTemplate, cursorKey } from '../cursor.js'
import type { ProvenPage } from '../log/proven-page.js'
import type { Lane, Place } from './lane.js'

/** Position of a log, for a cursor. */
export interface LogPlace extends Place {
  readonly logId: string
}

/** Positions of all logs, for a cursor. */
export interface Places {
  /** Of every opened log. */
  readonly opened: readonly LogPlace[]
  /** Of the cursor that the stream goes on from, for logs that are not opened, or not read: they stay where they are. */
  readonly resumed: CursorPositions
}

const HASH_LENGTH = 32

/**
 * The cursors of one page's entries. A cursor continues its own log after the entry, and all others where they were when the page was
 * begun, or are when the cursor is read. Logs that were not opened by then stay where the stream's own cursor has them: one that no longer
 * named them would have the next run begin them anew.
 *
 * Costs nothing until a cursor is read. Read in order, each costs two hashes and those of the root. Works at any time, also after the page
 * was released, because it keeps the leaf hashes.
 */
export class PageCursors {
  private readonly lane: Lane
  private readonly places: Places | (() => Places)
  private readonly start: number
  private readonly rangeBefore: CompactRange | undefined
  private readonly leafHashes: Uint8Array | undefined
  private template: CursorTemplate | undefined
  private builder: RangeBuilder | undefined
  /** Number of entries of the page in `builder`. */
  private built = 0

  /** @param places - Positions of all logs; this one is opened. A function is called for each cursor. */
  constructor(places: Places | (() => Places), lane: Lane, { batch, rangeBefore }: ProvenPage) {
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
    return this.template.withPlace(placed(this.lane.placeAt(index + 1, () => this.rangeAfter(index + 1 - this.start))))
  }

  private newTemplate({ opened, resumed }: Places): CursorTemplate {
    const { id } = this.lane.session.log
    const places = opened.map((place): CursorPlace => ({ key: cursorKey(place.logId), ...placed(place) }))
    const own = opened.findIndex(({ logId }) => logId === id)
    const named = new Set(places.map(({ key }) => key))
    for (const [key, { next, root, finished }] of resumed)
      if (!named.has(key)) places.push({ key, next, before: root, finished })
    return CursorTemplate.of(places, own)
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

function placed({ next, range, finished }: Place): Omit<CursorPlace, 'key'> {
  return { next, before: range, finished }
}
