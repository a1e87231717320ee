import type { ServerResponse } from 'node:http'
import type { Clock } from '../../types/clock.js'
import { quietController } from '../../util/abort.js'
import { VERSION } from '../../version.js'
import type { ServerSource } from '../options.js'
import { whenOver } from '../response-over.js'
import type { ServedPage } from '../served-page.js'
import { feedLog } from './feed-log.js'
import { News } from './news.js'
import { RATE_SECONDS, Rates } from './rates.js'
import { matcherOf } from './rows.js'
import type { FeedBegin, FeedTick } from './shapes.js'
import { Viewer } from './viewer.js'

const TICK_MS = 1000
/** Seconds of figures in each tick. They overlap, so that a page that misses a few ticks has no hole. */
const REPEATED_SECONDS = 15
/** Recent entries kept for a page that has just been opened. */
const RECENT_ENTRIES = 256

export interface FeedOptions {
  readonly source: ServerSource
  readonly clock: Clock
  /** Number of clients of the server. */
  readonly clients: () => number
  /** Why nothing is read any more, or yet; `undefined` while reading. */
  readonly problem: () => string | undefined
}

/** Feeds the page with figures every second, and with a few certificates. Does costly work only while a page is open. */
export class Feed {
  private readonly options: FeedOptions
  private readonly rates: Rates
  private readonly news = new News()
  private readonly viewers = new Set<Viewer>()
  private readonly startedAt: number
  private recent: ServedPage[] = []
  private ticking = quietController()

  constructor(options: FeedOptions) {
    const { source, clock } = options
    this.options = options
    this.startedAt = clock.now()
    this.rates = new Rates(this.startedAt)
    source.on?.('gap', (gap) => this.news.gap(gap))
    source.on?.('misbehaviour', (payload) => this.news.misbehaviour(payload, clock.now()))
  }

  /** Number of open pages. */
  get size(): number {
    return this.viewers.size
  }

  /** @param page - Of certificates or of findings. */
  add(page: ServedPage): void {
    if (page.entries[0]?.finding !== undefined) {
      for (const { finding } of page.entries) if (finding !== undefined) this.news.finding(finding)
      return
    }
    this.rates.add(page.entries.length, this.options.clock.now())
    this.recent.push(page)
    let rest = 0
    const first = this.recent.findLastIndex(({ entries }) => {
      rest += entries.length
      return rest >= RECENT_ENTRIES
    })
    if (first > 0) this.recent = this.recent.slice(first)
    for (const viewer of this.viewers) viewer.add(page)
  }

  /** @param match - Which certificates to show, from {@link matcherOf}. */
  open(response: ServerResponse, match: string): void {
    const viewer = new Viewer(response, matcherOf(match))
    for (const page of this.recent) viewer.add(page)
    const { kind: _, ...tick } = this.tick(RATE_SECONDS)
    const { startedAt } = this
    const begin: FeedBegin = {
      kind: 'begin',
      version: VERSION,
      startedAt,
      ...tick,
      news: this.news.now(),
      ...viewer.rows(),
    }
    viewer.newsVersion = this.news.version
    viewer.send(JSON.stringify(begin))
    this.viewers.add(viewer)
    response.on('error', () => {})
    whenOver(response, () => {
      this.viewers.delete(viewer)
      if (this.viewers.size === 0) this.ticking.abort()
    })
    if (this.viewers.size > 1) return
    this.ticking = quietController()
    this.keepTicking(this.ticking.signal)
  }

  /** Disconnects all pages. */
  goAway(): void {
    for (const viewer of this.viewers) viewer.goAway()
  }

  private keepTicking(signal: AbortSignal): void {
    this.options.clock.sleep(TICK_MS, signal).then(
      () => {
        this.tell()
        if (!signal.aborted) this.keepTicking(signal)
      },
      () => {},
    )
  }

  private tell(): void {
    const { news: _, rows: __, matched: ___, ...shared } = this.tick(REPEATED_SECONDS)
    const begun = JSON.stringify(shared).slice(0, -1)
    for (const viewer of this.viewers) {
      const isNew = viewer.newsVersion !== this.news.version
      const { rows, matched } = viewer.rows()
      const rest = `"matched":${matched},"rows":${JSON.stringify(rows)}}`
      if (viewer.send(`${begun},"news":${isNew ? this.news.json() : null},${rest}`))
        viewer.newsVersion = this.news.version
    }
  }

  private tick(seconds: number): FeedTick {
    const { source, clock, clients, problem } = this.options
    const at = clock.now()
    return {
      kind: 'tick',
      at,
      total: this.rates.total,
      counts: this.rates.last(seconds, at),
      logs: source.status?.().logs.map(feedLog) ?? [],
      clients: clients(),
      viewers: this.viewers.size,
      problem: problem() ?? null,
      news: null,
      rows: [],
      matched: 0,
    }
  }
}
