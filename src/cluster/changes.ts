import type { Clock } from '../types/clock.js'
import { linkedController } from '../util/abort.js'

/** Wakes a waiter on a change; a change before the wait began counts too. */
export class Changes {
  private isChanged = false
  private wake: (() => void) | undefined

  tell(): void {
    this.isChanged = true
    this.wake?.()
  }

  /** Resolves at the next change, after `ms` milliseconds, or when `signal` aborts. Only one caller may wait. */
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
