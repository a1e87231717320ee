import type { Clock } from '../types/clock.js'
import { linkedController } from '../util/abort.js'

/** Wakes whoever waits when something has changed; also one that begins to wait after it did. */
export class Changes {
  private isChanged = false
  private wake: (() => void) | undefined

  tell(): void {
    this.isChanged = true
    this.wake?.()
  }

  /** Resolves at the next change, after `ms` milliseconds, or when `signal` aborts. For one at a time. */
  async wait(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
    if (!this.isChanged) {
      const waiting = linkedController(signal)
      this.wake = () => waiting.abort()
      await clock.sleep(ms, waiting.signal).catch(() => {})
      waiting.unlink()
    }
    this.wake = undefined
    this.isChanged = false
  }
}
