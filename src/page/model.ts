import type { FeedBegin, FeedMessage, FeedNews, FeedRow, FeedTick } from '../server/ui/shapes.js'
import { History } from './history.js'

/** Most certificates in the list. */
const MAX_ROWS = 60

/** What the page shows, collected from the server's messages, across its restarts. */
export class Model {
  readonly history = new History()
  /** The last message; `undefined` before the first. */
  tick: FeedTick | FeedBegin | undefined
  begin: FeedBegin | undefined
  news: FeedNews = { troubles: [], troubleCount: 0, findings: [], findingCount: 0 }
  /** Certificates, newest first. */
  rows: readonly FeedRow[] = []
  /** Certificates that matched the filter since it was set. */
  matched = 0
  /** Start of the server's present run if it was restarted while the page was open, epoch milliseconds by its clock. */
  restartedAt: number | undefined

  take(message: FeedMessage): void {
    if (message.kind === 'begin') {
      if (this.begin !== undefined && this.begin.startedAt !== message.startedAt) this.restartedAt = message.startedAt
      this.begin = message
    } else this.matched += message.matched
    this.tick = message
    if (message.news !== null) this.news = message.news
    this.history.add(message.counts)
    // After a lost connection the server repeats some certificates.
    const known = new Set(this.rows.map(({ id }) => id))
    const fresh = message.rows.filter(({ id }) => !known.has(id))
    if (fresh.length > 0) this.rows = [...fresh, ...this.rows].slice(0, MAX_ROWS)
  }

  /** Clears the list for a new filter. */
  clear(): void {
    this.rows = []
    this.matched = 0
  }
}
