import type { Clock } from '../../types/clock.js'
import { type LinkedController, linkedController } from '../../util/abort.js'
import { Waits } from '../../util/waits.js'

/** A wait that can be cut short. */
export class Pause {
  private readonly waits: Waits
  private readonly signal: AbortSignal
  private current: LinkedController | undefined

  constructor(clock: Clock, signal: AbortSignal) {
    this.waits = new Waits(clock)
    this.signal = signal
  }

  /** Milliseconds until the wait under way is over; `undefined` when there is none. */
  get leftMs(): number | undefined {
    return this.waits.leftMs
  }

  /** Waits `ms` milliseconds, or until it is cut short; rejects with `signal.reason` when the signal aborts. */
  async sleep(ms: number): Promise<void> {
    const current = linkedController(this.signal)
    this.current = current
    try {
      await this.waits.sleep(ms, current.signal)
    } catch (error) {
      if (this.signal.aborted || !current.signal.aborted) throw error
    } finally {
      current.unlink()
      this.current = undefined
    }
  }

  /** Ends the wait under way, if there is one. */
  cut(): void {
    this.current?.abort()
  }
}
