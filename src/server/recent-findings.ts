import type { Finding } from '../types/finding.js'
import { messageId } from './message-id.js'
import type { ServedPage } from './served-page.js'

/** How many findings to remember. */
const MOST = 1000

/** A finding with the id of its message. */
export interface SentFinding {
  readonly id: string
  readonly number: number
  readonly finding: Finding
}

/** The newest findings of this run. */
export class RecentFindings {
  private readonly sent: SentFinding[] = []

  /** @param series - Series of the server's message ids. */
  add(series: string, { first, entries }: ServedPage): void {
    entries.forEach(({ finding }, i) => {
      if (finding === undefined) return
      this.sent.push({ id: messageId(series, first + i), number: first + i, finding })
      if (this.sent.length > MOST) this.sent.shift()
    })
  }

  /** The newest first. */
  get newest(): readonly SentFinding[] {
    return this.sent.toReversed()
  }
}
