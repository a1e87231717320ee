import type { Logger } from '../types/clock.js'

/** How often continuing trouble is reported, milliseconds. */
const AGAIN_MS = 60_000

/** Logs trouble when it begins, once a minute while it continues, and when it ends, rather than once for each certificate. */
export class TroubleLog {
  private readonly log: Logger
  private readonly now: () => number
  private toldAt: number | undefined
  private untold = 0

  constructor(log: Logger, now: () => number) {
    this.log = log
    this.now = now
  }

  /** @param count - How many certificates or findings are affected; added up until the next report. */
  trouble(level: 'warn' | 'error', message: string, count = 1): void {
    this.untold += count
    const now = this.now()
    if (this.toldAt !== undefined && now - this.toldAt < AGAIN_MS) return
    const more = this.toldAt === undefined ? '' : ` (${this.untold} in the last minute or more)`
    this.log[level](message + more)
    this.toldAt = now
    this.untold = 0
  }

  over(message: string): void {
    if (this.toldAt === undefined) return
    this.log.info(message + (this.untold > 0 ? ` (${this.untold} more since the last report)` : ''))
    this.toldAt = undefined
    this.untold = 0
  }
}
