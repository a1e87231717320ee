import type { ServerResponse } from 'node:http'
import type { CtCertificate } from '../../types/certificate.js'
import type { ServedPage } from '../served-page.js'
import { rowOf } from './rows.js'
import { Sample } from './sample.js'
import type { FeedRow } from './shapes.js'

/** Most certificates shown of one second: more than anybody can read. */
const ROWS_PER_TICK = 12
/** Most bytes queued for a page before ticks are left out. */
const MAX_QUEUE_BYTES = 1024 * 1024
/** Most ticks left out for a page that does not read, before it is disconnected. */
const MAX_SKIPPED = 60

/** An entry by its page and place; decoded only if it is chosen. */
interface Place {
  readonly page: ServedPage
  readonly i: number
}

/** One open page. */
export class Viewer {
  /** The {@link News.version} last sent to it. */
  newsVersion = -1
  private readonly response: ServerResponse
  private readonly matches: ((certificate: CtCertificate) => boolean) | undefined
  private readonly sample = new Sample<Place>(ROWS_PER_TICK, Math.random)
  private skipped = 0

  constructor(response: ServerResponse, matches: Viewer['matches']) {
    this.response = response
    this.matches = matches
  }

  add(page: ServedPage): void {
    for (let i = 0; i < page.entries.length; i++)
      if (this.matches?.(page.certificate(i)) ?? true) this.sample.add({ page, i })
  }

  /** The chosen certificates since the last call, the newest first. */
  rows(): { readonly rows: readonly FeedRow[]; readonly matched: number } {
    const { items, count } = this.sample.take()
    items.sort((a, b) => b.page.first + b.i - (a.page.first + a.i))
    return { rows: items.map(({ page, i }) => rowOf(page.certificate(i), page.id(i))), matched: count }
  }

  /** @returns Whether it was sent. A page that does not read gets a later state, not every state in between. */
  send(json: string): boolean {
    const { response } = this
    if (response.writableLength > MAX_QUEUE_BYTES) {
      this.skipped++
      if (this.skipped > MAX_SKIPPED) response.destroy()
      return false
    }
    this.skipped = 0
    response.write(`data: ${json}\n\n`)
    return true
  }

  goAway(): void {
    this.response.end()
  }
}
