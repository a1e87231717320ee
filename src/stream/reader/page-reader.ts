import { decodeEntry, type EntryContext } from '../../decode/index.js'
import type { SeenEntries } from '../../filter/dedupe.js'
import type { EntryFilter } from '../../filter/entry-filter.js'
import type { CtCertificate } from '../../types/certificate.js'
import { copyBytes } from '../../util/bytes.js'
import type { ProvenPage } from '../log/proven-page.js'
import type { Settings } from '../settings.js'
import type { Lane } from './lane.js'
import { type LogPlace, PageCursors } from './page-cursors.js'
import type { TakenPage } from './taken-page.js'

/** What reading a page needs of its stream. */
export interface PageReaderContext {
  readonly settings: Pick<Settings, 'clock'>
  /** `undefined`: every entry is delivered. */
  readonly filter: EntryFilter | undefined
  /** `undefined`: nothing is dropped for having been delivered before. */
  readonly seen: SeenEntries | undefined
  /** Whether going on to the next entry or page acknowledges the one before. */
  readonly acknowledgesByReading: boolean
  /** Which entries of each log are acknowledged, for a cursor. */
  places(): LogPlace[]
  /** The issuer with this SHA-256, from the store or the log. */
  issuer(logId: string, fingerprint: Uint8Array): Promise<Uint8Array>
}

/** By what an entry is known to be of a stream. */
export interface ReaderEntryContext extends EntryContext {
  readonly stream: PageReaderContext
  readonly lane: Lane
}

/**
 * One page being read: decodes its entries when the reader comes to them, and drops those that are not wanted.
 *
 * Each entry can make a cursor that covers the whole stream, at any later time. Where reading acknowledges, the positions of the
 * other logs are those at which this page was begun: they stay so while it is read. Where the caller acknowledges, entries of other
 * logs may still be under way: they are not behind the cursor before they are acknowledged.
 */
export class PageReader {
  readonly lane: Lane
  readonly page: TakenPage
  private readonly proven: ProvenPage
  private readonly context: PageReaderContext
  /** Entries given to the reader, dropped, or found. */
  private looked = 0
  /** The last entry looked at, while the reader has not come to it. */
  private found: CtCertificate | undefined
  private readonly historical: ReaderEntryContext
  private readonly current: ReaderEntryContext

  constructor(context: PageReaderContext, lane: Lane, proven: ProvenPage) {
    this.context = context
    this.lane = lane
    this.proven = proven
    this.page = lane.take(proven)
    const { log } = lane.session
    // With acknowledgement by hand, other logs are where they are acknowledged when the cursor is read.
    const places = context.acknowledgesByReading ? context.places() : () => context.places()
    const cursors = new PageCursors(places, lane, proven)
    this.current = {
      stream: context,
      lane,
      log,
      historical: false,
      verified: proven.rangeBefore !== undefined,
      accusedOf: proven.accusedOf,
      seenAt: context.settings.clock.now(),
      cursor: (index) => cursors.after(index),
      // Many entries have the same issuer: each its own copy.
      issuer: async (fingerprint) => copyBytes(await context.issuer(log.id, fingerprint)),
    }
    this.historical = { ...this.current, historical: true }
  }

  /** Whether there is an entry for the reader in what is left of the page. Drops those before it. */
  hasNext(): boolean {
    this.found ??= this.find()
    return this.found !== undefined
  }

  /** The next entry for the reader, if there is one. */
  next(): CtCertificate | undefined {
    const next = this.found ?? this.find()
    this.found = undefined
    if (next !== undefined) this.page.given = this.looked
    return next
  }

  /** Up to so many of the next entries; `undefined` when there is none left. */
  upTo(maxEntries: number): CtCertificate[] | undefined {
    const certificates: CtCertificate[] = []
    while (certificates.length < maxEntries) {
      const next = this.next()
      if (next === undefined) break
      certificates.push(next)
    }
    return certificates.length === 0 ? undefined : certificates
  }

  /** All entries not yet given. */
  rest(): CtCertificate[] {
    const certificates: CtCertificate[] = []
    let last = 0
    for (let next = this.found ?? this.find(); next !== undefined; next = this.find()) {
      certificates.push(next)
      last = this.looked
    }
    this.found = undefined
    // All at once: a filter of the caller's that throws in the middle leaves the reader without any of them.
    this.page.given = Math.max(this.page.given, last)
    return certificates
  }

  /** Everything given is finished with. */
  acknowledge(): void {
    this.page.finishGiven()
  }

  private find(): CtCertificate | undefined {
    const { batch } = this.proven
    while (this.looked < batch.length) {
      const i = this.looked
      const wanted = this.pick(i)
      this.looked = i + 1
      if (wanted !== undefined) return wanted
      this.page.drop(i)
    }
    return undefined
  }

  /** Entry `i` of the page, unless it is dropped; as little as possible is done for one that is. */
  private pick(i: number): CtCertificate | undefined {
    const { context: stream, lane } = this
    const { filter, seen } = stream
    const { batch, openedSize, accusedOf } = this.proven
    const outside = lane.session.span.times.judge(batch.leafInput(i))
    if (outside === 'late') lane.leaveForNextRun(this.proven, i)
    if (outside !== undefined || filter?.mayMatch(batch.leafInput(i)) === false) {
      lane.filtered++
      return undefined
    }
    const keys = seen?.keys(batch.leafInput(i), () => batch.entry(i).extra)
    if (seen?.has(keys)) {
      lane.duplicates++
      return undefined
    }
    const context = batch.start + i < openedSize ? this.historical : this.current
    const certificate = decodeEntry(batch.entry(i), context)
    if (filter?.matches(certificate) === false) {
      lane.filtered++
      return undefined
    }
    // An accused log must not keep the proven copy of another log from being delivered.
    if (accusedOf === undefined) seen?.add(keys)
    if (!certificate.verified) lane.unverified++
    return certificate
  }
}
