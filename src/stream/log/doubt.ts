import type { CtStreamError } from '../../errors.js'
import { type BackoffPolicy, backoffDelay } from '../../util/backoff.js'

/** How long, and how often, answers must have contradicted a signature before the log is blamed instead of a cache. */
const PERSISTS_MS = 300_000
const PERSISTS_TRIES = 5
/** Waits between tries: short ones at first, for faults that pass at once, then a steady one until the cause is known. */
const IN_DOUBT: BackoffPolicy = { baseMs: 2_000, maxMs: 30_000 }
const ACCUSED: BackoffPolicy = { baseMs: 60_000, maxMs: 60_000 }
/** After this long without a contradiction the doubt ends, even if nothing was proven. */
const QUIET_MS = 120_000

/** Contradictions between what one log serves and what it signed: since when, how often, and whether they were reported. */
export class Doubt {
  /** When the contradictions began, elapsed time; `undefined` when there are none. */
  since: number | undefined
  /** Whether it was reported as misbehaviour. */
  accused = false
  /** Its subject, as last reported. */
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

  /** Whether it has lasted too long to be the fault of a cache or gateway. */
  persists(now: number): boolean {
    return this.since !== undefined && this.tries >= PERSISTS_TRIES && now - this.since >= PERSISTS_MS
  }

  /** Whether to search for the cause now: after the first contradiction, and before the log is accused. */
  isWorthALook(now: number): boolean {
    return this.named === undefined || this.tries <= 3 || (!this.accused && this.persists(now))
  }

  /** Notes the subject. Returns whether it is another than before. */
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
   * Whether a step without a contradiction ends the doubt.
   * @param isAdrift - Entries were handed on without proof, and none were proven since: then the absence of contradictions proves nothing.
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
