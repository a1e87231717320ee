import type { Clock, Logger } from '../types/clock.js'

/** How long an engine may take for an answer before that is said; then after twice as long, and so on. Milliseconds. */
const SILENT_MS = 5000
const LONGEST_MS = 60_000

/**
 * Says that an engine gives no answer, while it gives none.
 *
 * Clients of engines wait and try again by themselves, some for long, and say nothing meanwhile.
 */
export class Silence {
  private readonly clock: Clock
  private readonly logger: Pick<Logger, 'warn' | 'info'> | undefined
  private waiting = 0
  private timer = new AbortController()
  private isSaid = false

  constructor(clock: Clock, logger: Pick<Logger, 'warn' | 'info'> | undefined) {
    this.clock = clock
    this.logger = logger
  }

  /** Settles as `answer` does. Of several at once, each that comes ends the silence. */
  async of<T>(answer: Promise<T>): Promise<T> {
    this.waiting++
    if (this.waiting === 1) this.listen()
    try {
      const value = await answer
      if (this.isSaid) this.logger?.info('the sink answers again')
      return value
    } finally {
      this.isSaid = false
      this.waiting--
      this.timer.abort()
      if (this.waiting > 0) this.listen()
    }
  }

  private listen(): void {
    const timer = new AbortController()
    this.timer = timer
    const wait = async () => {
      let silentMs = 0
      for (let ms = SILENT_MS; ; ms = Math.min(2 * ms, LONGEST_MS)) {
        await this.clock.sleep(ms, timer.signal)
        silentMs += ms
        this.isSaid = true
        this.logger?.warn(`the sink has not answered for ${silentMs / 1000} s, and is waited for`)
      }
    }
    wait().catch(() => {})
  }
}
