import type { Clock } from '../types/clock.js'

/** A clock whose time passes when you say so: sleepers wake in order, a week passes in milliseconds. */
export class TestClock implements Clock {
  private time: number
  private readonly started: number
  private setBy = 0
  private readonly sleepers: { readonly at: number; readonly wake: () => void }[] = []

  /** @param start - Epoch milliseconds. Default 2026-09-21T14:13:20Z. */
  constructor(start = 1_790_000_000_000) {
    this.time = this.started = start
  }

  now = (): number => this.time + this.setBy

  elapsed = (): number => this.time - this.started

  /** Somebody sets the clock, forward or back: sleepers sleep on, and no time passes. */
  set(byMs: number): void {
    this.setBy += byMs
  }

  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      this.onSleep(ms)
      const onAbort = () => {
        this.sleepers.splice(this.sleepers.indexOf(sleeper), 1)
        reject(signal?.reason)
      }
      const sleeper = {
        at: this.time + ms,
        wake: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      const after = this.sleepers.findIndex(({ at }) => at > sleeper.at)
      this.sleepers.splice(after < 0 ? this.sleepers.length : after, 0, sleeper)
    })

  /** Milliseconds until the next sleeper wakes; `undefined`: nobody sleeps. */
  get nextIn(): number | undefined {
    const [next] = this.sleepers
    return next === undefined ? undefined : Math.max(0, next.at - this.time)
  }

  /** How many wait for time to pass. */
  get sleeping(): number {
    return this.sleepers.length
  }

  /** Lets this much time pass, milliseconds. Before each sleeper wakes, all that the one before began and that needs no time is done. */
  async pass(ms: number): Promise<void> {
    const until = this.time + ms
    await this.settle()
    for (;;) {
      const next = this.sleepers[0]
      if (next === undefined || next.at > until) break
      this.sleepers.shift()
      this.time = Math.max(this.time, next.at)
      next.wake()
      await this.settle()
    }
    this.time = until
  }

  /** Resolves when what was begun is done. */
  protected settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  /** Called with each sleep asked for. */
  protected onSleep(_ms: number): void {}
}
