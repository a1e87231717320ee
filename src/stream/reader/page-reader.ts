import { decodeEntry, type EntryContext } from '../../decode/index.js'
import type { SeenEntries } from '../../filter/dedupe.js'
import type { EntryFilter } from '../../filter/entry-filter.js'
import type { CtCertificate } from '../../types/certificate.js'
import { copyBytes } from '../../util/bytes.js'
import type { ProvenPage } from '../log/proven-page.js'
import type { Settings } from '../settings.js'
import type { Lane } from './lane.js'
import { PageCursors, type Places } from './page-cursors.js'
import type { TakenPage } from './taken-page.js'

/** What a {@link PageReader} needs of its stream. */
export interface PageReaderContext {
  readonly settings: Pick<Settings, 'clock'>
  /** The filter; `undefined` to deliver every entry. */
  readonly filter: EntryFilter | undefined
  /** The entries delivered before; `undefined` to drop none of them. */
  readonly seen: SeenEntries | undefined
  /** Whether going on to the next entry or page acknowledges the one before. */
  readonly acknowledgesByReading: boolean
  /** Whether entries at or after the end are delivered too, as they could not be written later. */
  readonly deliversLate: boolean
  /** Which entries of each log are acknowledged, for a cursor. */
  places(): Places
  /** The issuer with this SHA-256, from the store or the log. */
  issuer(logId: string, fingerprint: Uint8Array): Promise<Uint8Array>
}

/** Says which stream and lane delivered a certificate, so that `acknowledge()` recognizes it. */
export interface ReaderEntryContext extends EntryContext {
  readonly stream: PageReaderContext
  readonly lane: Lane
}

/**
 * Reads one page: decodes entries when the reader reaches them, and drops unwanted ones.
 *
 * Each entry can make a cursor of the whole stream at any later time. Where reading acknowledges, the other logs' positions in it are
 * those at the beginning of this page, which do not change while it is read. Where the caller acknowledges, entries of other logs may still
 * be unacknowledged: the cursor then delivers them again.
 */
export class PageReader {
  readonly lane: Lane
  readonly page: TakenPage
  private readonly proven: ProvenPage
  private readonly context: PageReaderContext
  /** Number of entries given to the reader, dropped, or found and not yet given. */
  private looked = 0
  /** The entry found last, until the reader takes it. */
  private found: CtCertificate | undefined
  private readonly historical: ReaderEntryContext
  private readonly current: ReaderEntryContext

  constructor(context: PageReaderContext, lane: Lane, proven: ProvenPage) {
    this.context = context
    this.lane = lane
    this.proven = proven
    this.page = lane.take(proven)
    const { log } = lane.session
    // With manual acknowledgement, the other logs' positions are those acknowledged when the cursor is read.
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
      // Many entries share an issuer; each gets its own copy.
      issuer: async (fingerprint) => copyBytes(await context.issuer(log.id, fingerprint)),
    }
    this.historical = { ...this.current, historical: true }
  }

  /** Whether the rest of the page has an entry for the reader. Drops the entries before it. */
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

  /** The next entries, at most `most`; `undefined` when there are none left. */
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
    // All or none: when the caller's filter throws in the middle, the reader gets none of them.
    this.page.given = Math.max(this.page.given, last)
    return certificates
  }

  /** Acknowledges everything given. */
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

  /** Whether entry `i` of the page is outside of the stream by its time. */
  private judge(i: number): 'early' | 'late' | undefined {
    const outside = this.lane.session.span.times.judge(this.proven.batch.leafInput(i))
    return outside === 'late' && this.context.deliversLate ? undefined : outside
  }

  /** Entry `i` of the page, unless it is dropped, which is decided with as little work as possible. */
  private pick(i: number): CtCertificate | undefined {
    const { context: stream, lane } = this
    const { filter, seen } = stream
    const { batch, openedSize, accusedOf } = this.proven
    const outside = this.judge(i)
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
    // An unproven entry of an accused log must not suppress the proven copy in another log.
    if (accusedOf === undefined) seen?.add(keys)
    if (!certificate.verified) lane.unverified++
    return certificate
  }
}
