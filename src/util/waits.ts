import type { Clock } from '../types/clock.js'
import { elapsedOf } from './clock.js'

/** Waits under way, and how long it is until the first of them is over. */
export class Waits {
  private readonly clock: Clock
  private readonly elapsed: () => number
  private readonly ends = new Set<{ readonly at: number }>()

  constructor(clock: Clock) {
    this.clock = clock
    this.elapsed = elapsedOf(clock)
  }

  /** Milliseconds until the first wait is over, at least 0; `undefined` when nothing waits. */
  get leftMs(): number | undefined {
    if (this.ends.size === 0) return undefined
    return Math.max(0, Math.min(...[...this.ends].map(({ at }) => at)) - this.elapsed())
  }

  /** Waits `ms` milliseconds; rejects with `signal.reason` when the signal aborts. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const end = { at: this.elapsed() + ms }
    this.ends.add(end)
    try {
      await this.clock.sleep(ms, signal)
    } finally {
      this.ends.delete(end)
    }
  }
}
