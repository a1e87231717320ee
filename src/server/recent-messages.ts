import type { MessageFormat } from './messages.js'
import type { ServedPage } from './served-page.js'

/** How many messages to return, like CertStream servers. */
const COUNT = 25

/** The newest messages, made when requested. */
export class RecentMessages {
  private pages: ServedPage[] = []

  add(page: ServedPage): void {
    this.pages.push(page)
    let rest = 0
    // Only as many pages as needed.
    const first = this.pages.findLastIndex(({ entries }) => {
      rest += entries.length
      return rest >= COUNT
    })
    if (first > 0) this.pages = this.pages.slice(first)
  }

  /** At most 25, the newest first. */
  newest(format: MessageFormat, atMost = COUNT): Buffer[] {
    const messages: Buffer[] = []
    for (const page of [...this.pages].reverse())
      for (let i = page.entries.length - 1; i >= 0 && messages.length < atMost; i--) {
        const message = page.message(format, i)
        if (message !== undefined) messages.push(message)
      }
    return messages
  }
}
