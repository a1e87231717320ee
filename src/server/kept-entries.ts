import type { SqliteDatabase } from '../checkpoint/sqlite-driver.js'
import type { CtStreamError } from '../errors.js'
import { type Backlog, RecentPages } from './backlog.js'
import { type IndexRange, IndexRanges, rangesOf } from './index-ranges.js'
import { keptFailed, openKept } from './kept-file.js'
import { packPage, unpackPage } from './page-codec.js'
import type { ServedEntry } from './served-entry.js'
import { ServedPage } from './served-page.js'

export interface KeepOptions {
  readonly file: string
  /** How long entries are kept, milliseconds. */
  readonly forMs: number
  /** Most compressed bytes to keep; the newest page stays in any case. */
  readonly maxBytes: number
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Called each time a page cannot be read; that page is left out. */
  readonly onDamaged?: (error: CtStreamError) => void
}

interface Kept {
  readonly last: number
  readonly at: number
  readonly bytes: number
}

interface PageRow {
  readonly first: number
  readonly last: number
  readonly entries: Uint8Array
}

/** The entries of the last hour or so in one SQLite file, one page in each row. */
export class KeptEntries implements Backlog {
  readonly series: string
  newest: number
  private readonly options: KeepOptions
  private readonly db: SqliteDatabase
  private readonly recent = new RecentPages()
  /** Pages recently read from the file: clients cut off together reconnect together. */
  private readonly sentAgain = new RecentPages()
  /** Entries kept by earlier runs. */
  private readonly known = new IndexRanges()
  private readonly knownFindings = new Set<string>()
  /** The kept pages, oldest first. */
  private readonly kept: Kept[] = []
  private bytes = 0
  private oldestKept: number
  private reading: { readonly number: number; readonly page: Promise<ServedPage | undefined> } | undefined

  /** @throws as {@link openKept}. */
  static async open(options: KeepOptions): Promise<KeptEntries> {
    const db = await openKept(options.file)
    try {
      return new KeptEntries(db, options)
    } catch (error) {
      db.close()
      throw keptFailed(options.file, 'read', error)
    }
  }

  private constructor(db: SqliteDatabase, options: KeepOptions) {
    this.db = db
    this.options = options
    const { id, newest } = db.prepare<[], { id: string; newest: number }>('SELECT id, newest FROM series').get() ?? {}
    if (id === undefined || newest === undefined) throw new Error('it has no series of ids')
    this.series = id
    this.newest = newest
    const rows = db.prepare<[], Kept & { log: string; indexes: string }>(
      'SELECT last, at, length(entries) AS bytes, log, indexes FROM pages ORDER BY last',
    )
    const oldest = db.prepare<[], number | null>('SELECT min(first) FROM pages').pluck().get()
    const ranges: { readonly log: string; readonly range: IndexRange }[] = []
    for (const { last, at, bytes, log, indexes } of rows.all()) {
      for (const one of JSON.parse(indexes) as (IndexRange | string)[])
        if (typeof one === 'string') this.knownFindings.add(one)
        else ranges.push({ log, range: one })
      this.kept.push({ last, at, bytes })
      this.bytes += bytes
    }
    ranges.sort((a, b) => a.range[0] - b.range[0])
    for (const { log, range } of ranges) this.known.add(log, ...range)
    this.oldestKept = oldest ?? newest + 1
  }

  get oldest(): number {
    return this.oldestKept
  }

  get keptBytes(): number {
    return this.bytes
  }

  async add(entries: readonly ServedEntry[]): Promise<ServedPage> {
    const packed = await packPage(entries)
    const page = new ServedPage(this.series, this.newest + 1, entries)
    const at = this.options.now()
    const surplus = this.surplus(at, packed.length)
    try {
      this.db.transaction(() => this.write(page, packed, at, this.kept[surplus - 1]?.last)).immediate()
    } catch (error) {
      throw keptFailed(this.options.file, 'written', error)
    }
    for (const { bytes, last } of this.kept.splice(0, surplus)) {
      this.bytes -= bytes
      this.oldestKept = last + 1
    }
    this.kept.push({ last: page.last, at, bytes: packed.length })
    this.bytes += packed.length
    this.newest = page.last
    this.recent.add(page)
    return page
  }

  async pageAfter(number: number): Promise<ServedPage | undefined> {
    const wanted = Math.max(number + 1, this.oldest)
    const atHand = this.recent.with(wanted) ?? this.sentAgain.with(wanted)
    if (atHand !== undefined) return atHand
    if (this.reading?.number === wanted) return this.reading.page
    const reading = { number: wanted, page: this.read(wanted) }
    this.reading = reading
    const onRead = () => {
      if (this.reading === reading) this.reading = undefined
    }
    reading.page.then(onRead, onRead)
    return reading.page
  }

  has(logId: string, index: number): boolean {
    return this.known.has(logId, index)
  }

  hasFinding(id: string): boolean {
    return this.knownFindings.has(id)
  }

  close(): void {
    this.db.close()
  }

  private write(page: ServedPage, packed: Buffer, at: number, dropped: number | undefined): void {
    // Exactly the entries it has, not the whole range: a later run may want entries that a filter dropped.
    const findings = page.entries.flatMap(({ finding }) => finding?.id ?? [])
    const entries = page.entries.filter(({ finding }) => finding === undefined)
    const indexes = JSON.stringify([...findings, ...rangesOf(entries.map(({ index }) => index))])
    this.db
      .prepare('INSERT INTO pages (last, first, at, log, indexes, entries) VALUES (?, ?, ?, ?, ?, ?)')
      .run(page.last, page.first, at, page.entries[0]?.log.id, indexes, packed)
    this.db.prepare('UPDATE series SET newest = ?').run(page.last)
    if (dropped !== undefined) this.db.prepare('DELETE FROM pages WHERE last <= ?').run(dropped)
  }

  /** How many of the oldest pages to delete when one of this length is added. */
  private surplus(at: number, added: number): number {
    const { forMs, maxBytes } = this.options
    let left = this.bytes + added
    const count = this.kept.findIndex((page) => {
      if (at - page.at <= forMs && left <= maxBytes) return true
      left -= page.bytes
      return false
    })
    return count < 0 ? this.kept.length : count
  }

  private async read(number: number): Promise<ServedPage | undefined> {
    let row: PageRow | undefined
    try {
      row = this.db
        .prepare<[number], PageRow>('SELECT first, last, entries FROM pages WHERE last >= ? ORDER BY last LIMIT 1')
        .get(number)
      if (row === undefined) return undefined
      const page = new ServedPage(this.series, row.first, await unpackPage(row.entries))
      this.sentAgain.add(page)
      return page
    } catch (cause) {
      const error = keptFailed(this.options.file, 'read', cause)
      if (row === undefined) throw error
      // Report a damaged page as a gap, or clients could never get past it.
      this.options.onDamaged?.(error)
    }
    return this.pageAfter(row.last)
  }
}
