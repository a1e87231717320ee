import type { CtStreamError } from '../../errors.js'
import { type BackoffPolicy, backoffDelay } from '../../util/backoff.js'

/** How long, and how often, an answer must have contradicted a signature before the log is blamed, and not a cache. */
const PERSISTS_MS = 300_000
const PERSISTS_TRIES = 5
/** The first waits are short, for what passes at once; then a steady one, as long as nobody knows whose fault it is. */
const IN_DOUBT: BackoffPolicy = { baseMs: 2_000, maxMs: 30_000 }
const ACCUSED: BackoffPolicy = { baseMs: 60_000, maxMs: 60_000 }
/** After this long without a contradiction there is no doubt any more, whether anything was proven or not. */
const QUIET_MS = 120_000

/** What one log serves contradicts what it signed: since when, how often, and what was done about it. */
export class Doubt {
  /** Elapsed time; `undefined`: there is none. */
  since: number | undefined
  /** Whether it was held against the log. */
  accused = false
  /** What it is about, as last reported. */
  named: CtStreamError | undefined
  private tries = 0
  private lastAt = 0
  private aboutEntries = false

  get isOpen(): boolean {
    return this.since !== undefined
  }

  /** An answer contradicted a signature. @param aboutEntries - Whether only entries that are proven can settle it. */
  contradicted(now: number, aboutEntries: boolean): void {
    this.since ??= now
    this.lastAt = now
    this.tries++
    this.aboutEntries ||= aboutEntries
  }

  /** Whether it has lasted so long that it is no matter of transport. */
  persists(now: number): boolean {
    return this.since !== undefined && this.tries >= PERSISTS_TRIES && now - this.since >= PERSISTS_MS
  }

  /** Whether it is worth looking for what is at fault: at first, and before anybody is accused. */
  isWorthALook(now: number): boolean {
    return this.named === undefined || this.tries <= 3 || (!this.accused && this.persists(now))
  }

  /** Notes what it is about. Returns whether that is news. */
  name(error: CtStreamError): boolean {
    const isNews = this.named?.code !== error.code || this.named.message !== error.message
    this.named = error
    return isNews
  }

  /** Milliseconds until the next try. @param random - Uniform in [0, 1). */
  delayMs(random: () => number): number {
    return this.accused ? backoffDelay(ACCUSED, 0, random) : backoffDelay(IN_DOUBT, this.tries - 1, random)
  }

  /**
   * Whether a step that contradicted nothing ends it.
   * @param isAdrift - Entries were handed on without proof, and none were proven since: that no answer contradicts says nothing.
   */
  isSettledAt(now: number, isAdrift = false): boolean {
    return this.isOpen && (!this.aboutEntries || (!isAdrift && now - this.lastAt > QUIET_MS))
  }

  clear(): void {
    this.since = this.named = undefined
    this.accused = this.aboutEntries = false
    this.tries = 0
  }
}
