import { newSeries } from './message-id.js'
import type { ServedEntry } from './served-entry.js'
import { ServedPage } from './served-page.js'

/** Messages that were sent and can be sent again. */
export interface Backlog {
  /** The series that all its message ids begin with. */
  readonly series: string
  /** Number of the newest entry; 0 before the first. */
  readonly newest: number
  /** Number of the oldest entry that can be sent again; `newest + 1` when none can. */
  readonly oldest: number
  /** Bytes it takes on the disk; 0 in memory. */
  readonly keptBytes: number
  /**
   * Numbers entries and keeps them. Once it resolves, they survive a kill of the process, so clients may be sent their ids.
   *
   * @param entries - At least one, all of one log.
   * @throws {@link CtStreamError} `CT_CACHE_UNUSABLE` when they cannot be kept.
   */
  add(entries: readonly ServedEntry[]): Promise<ServedPage>
  /** The page with the first kept entry after a number; `undefined` when there is none. */
  pageAfter(number: number): Promise<ServedPage | undefined>
  /** Whether an earlier run kept this entry: then it must not get a second number. */
  has(logId: string, index: number): boolean
  /** Whether a finding was kept: after a restart a module sees unfinished entries again, and reports the same. */
  hasFinding(id: string): boolean
  close(): void
}

/** Newest pages held in memory, for clients that are a little behind or just reconnected. */
const MAX_PAGES = 8

/** The last few pages made or read. */
export class RecentPages {
  private readonly pages: ServedPage[] = []

  add(page: ServedPage): void {
    this.pages.push(page)
    if (this.pages.length > MAX_PAGES) this.pages.shift()
  }

  /** The page that contains the entry with this number. */
  with(number: number): ServedPage | undefined {
    return this.pages.find(({ first, last }) => first <= number && number <= last)
  }

  get oldest(): number | undefined {
    return this.pages[0]?.first
  }
}

/** A backlog for servers without a file: only the last pages, and ids that end with the process. */
export class MemoryBacklog implements Backlog {
  readonly series = newSeries()
  readonly keptBytes = 0
  newest = 0
  private readonly pages = new RecentPages()

  get oldest(): number {
    return this.pages.oldest ?? this.newest + 1
  }

  async add(entries: readonly ServedEntry[]): Promise<ServedPage> {
    const page = new ServedPage(this.series, this.newest + 1, entries)
    this.newest = page.last
    this.pages.add(page)
    return page
  }

  async pageAfter(number: number): Promise<ServedPage | undefined> {
    return this.pages.with(Math.max(number + 1, this.oldest))
  }

  has(): boolean {
    return false
  }

  hasFinding(): boolean {
    return false
  }

  close(): void {}
}
