import type { CtCertificate } from '../../types/certificate.js'
import type { Clock } from '../../types/clock.js'
import { linkedController } from '../../util/abort.js'
import type { Format } from './format.js'

/** Most certificates to fetch something for at the same time. */
const AT_ONCE = 8
/**
 * How long a page waits for fetches, milliseconds. Halved after each page of the same log that waited in vain: a log that serves entries
 * but no issuers must not delay them.
 */
const patienceMs = { first: 10_000, least: 250 }

export interface PageFormatterOptions {
  readonly format: Format
  readonly clock: Clock
  /** Ends the wait; the page is then not written. */
  readonly stop: AbortSignal
  /** Called for each certificate that is shown incompletely because a fetch failed. */
  readonly onMissing?: (cert: CtCertificate, error: unknown) => void
}

/** Formats pages of certificates, each of one log, after fetching what the format shows beyond the entries. */
export class PageFormatter {
  private readonly options: PageFormatterOptions
  /** By log id. */
  private readonly patience = new Map<string, number>()

  constructor(options: PageFormatterOptions) {
    this.options = options
  }

  /**
   * A failed fetch loses no line.
   *
   * @returns `undefined` when it was stopped while it fetched.
   */
  async textOf(page: readonly CtCertificate[]): Promise<string | undefined> {
    const { format, stop } = this.options
    if (format.fetch !== undefined) {
      await this.fetchAll(page, format.fetch)
      if (stop.aborted) return undefined
    }
    return page.map((cert) => format(cert)).join('')
  }

  private async fetchAll(page: readonly CtCertificate[], fetch: (cert: CtCertificate) => Promise<unknown>) {
    const { clock, stop, onMissing = () => {} } = this.options
    const logId = page[0]?.log.id ?? ''
    const patience = this.patience.get(logId) ?? patienceMs.first
    const over = linkedController(stop)
    const pending = new Set(page)
    const queue = page.values()
    const work = async () => {
      for (const cert of queue) {
        if (over.signal.aborted) return
        const failure = await fetch(cert).then(
          () => undefined,
          (error: unknown) => ({ error }),
        )
        if (pending.delete(cert) && failure !== undefined) onMissing(cert, failure.error)
      }
    }
    const outOfPatience = clock.sleep(patience, over.signal).catch(() => {})
    await Promise.race([Promise.all(Array.from({ length: Math.min(AT_ONCE, page.length) }, work)), outOfPatience])
    over.abort()
    if (stop.aborted) return
    this.patience.set(logId, pending.size === 0 ? patienceMs.first : Math.max(patienceMs.least, patience / 2))
    for (const cert of pending) onMissing(cert, new Error(`not there after ${patience / 1000} s`))
    pending.clear()
  }
}
