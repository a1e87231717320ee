import type { Clock } from '../types/clock.js'
import { elapsedOf } from './clock.js'

/** Sleeps that are under way, and the time until the first of them ends. */
export class Waits {
  private readonly clock: Clock
  private readonly elapsed: () => number
  private readonly ends = new Set<{ readonly at: number }>()

  constructor(clock: Clock) {
    this.clock = clock
    this.elapsed = elapsedOf(clock)
  }

  /** Milliseconds until the first sleep ends, at least 0; `undefined` when there is none. */
  get leftMs(): number | undefined {
    if (this.ends.size === 0) return undefined
    return Math.max(0, Math.min(...[...this.ends].map(({ at }) => at)) - this.elapsed())
  }

  /** Sleeps for `ms` milliseconds; rejects with `signal.reason` when the signal aborts. */
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
