import { newSeries } from './message-id.js'
import type { ServedEntry } from './served-entry.js'
import { ServedPage } from './served-page.js'

/** What was sent and can be sent again. */
export interface Backlog {
  /** First part of all ids. */
  readonly series: string
  /** Number of the newest entry; 0: there was none. */
  readonly newest: number
  /** Number of the oldest entry that can be sent again; `newest + 1`: there is none. */
  readonly oldest: number
  /** Bytes on the disk of what can be sent again. */
  readonly keptBytes: number
  /**
   * Numbers entries and keeps them: when it resolves, what is sent of them can be asked for again, also after the process was killed.
   *
   * @param entries - Of one log, at least one.
   * @throws {@link CtStreamError} `CT_CACHE_UNUSABLE` when they cannot be kept.
   */
  add(entries: readonly ServedEntry[]): Promise<ServedPage>
  /** The page with the oldest entry whose number is larger; `undefined`: there is none. */
  pageAfter(number: number): Promise<ServedPage | undefined>
  /** Whether an entry was kept by a run before this one, so that it must not get a second number. */
  has(logId: string, index: number): boolean
  /** Whether a finding was: a module that is not finished with an entry sees it again, and says the same. */
  hasFinding(id: string): boolean
  close(): void
}

/** Pages at hand in memory, the newest: what clients want that are a little late, or that just came back. */
const MAX_PAGES = 8

/** The last few pages that were made or read. */
export class RecentPages {
  private readonly pages: ServedPage[] = []

  add(page: ServedPage): void {
    this.pages.push(page)
    if (this.pages.length > MAX_PAGES) this.pages.shift()
  }

  /** With the entry of this number. */
  with(number: number): ServedPage | undefined {
    return this.pages.find(({ first, last }) => first <= number && number <= last)
  }

  get oldest(): number | undefined {
    return this.pages[0]?.first
  }
}

/** For servers without a file: the last pages, and ids that nobody knows after a restart. */
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
