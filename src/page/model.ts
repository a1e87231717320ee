import type { FeedBegin, FeedMessage, FeedNews, FeedRow, FeedTick } from '../server/ui/shapes.js'
import { History } from './history.js'

/** Certificates in the list. */
const MAX_ROWS = 60

/** What the page knows: put together of what the server told, over restarts of it. */
export class Model {
  readonly history = new History()
  /** The last of either kind; `undefined`: nothing came yet. */
  tick: FeedTick | FeedBegin | undefined
  begin: FeedBegin | undefined
  news: FeedNews = { troubles: [], troubleCount: 0, findings: [], findingCount: 0 }
  /** The newest first. */
  rows: readonly FeedRow[] = []
  /** Certificates that matched the filter since it was set. */
  matched = 0
  /** When another run of the server answered than before, epoch milliseconds by its clock. */
  restartedAt: number | undefined

  take(message: FeedMessage): void {
    if (message.kind === 'begin') {
      if (this.begin !== undefined && this.begin.startedAt !== message.startedAt) this.restartedAt = message.startedAt
      this.begin = message
    } else this.matched += message.matched
    this.tick = message
    if (message.news !== null) this.news = message.news
    this.history.add(message.counts)
    // After a connection that was lost the server tells of some again.
    const known = new Set(this.rows.map(({ id }) => id))
    const fresh = message.rows.filter(({ id }) => !known.has(id))
    if (fresh.length > 0) this.rows = [...fresh, ...this.rows].slice(0, MAX_ROWS)
  }

  /** Another filter: what was shown is of the one before. */
  clear(): void {
    this.rows = []
    this.matched = 0
  }
}
