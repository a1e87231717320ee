import { ageFrom, elapsedOf } from '../util/clock.js'
import { messageOf } from '../util/message-of.js'
import { Notifier } from '../util/notifier.js'
import type { QueueClaim } from './engine.js'
import { isPassing } from './patiently.js'
import type { CheckedSettings } from './source-settings.js'

/** A log that this processor works on. */
export interface Held extends QueueClaim {
  /** Index up to which pages were read. */
  readTo: number
  /** Exclusive end of the log in the queue, when last read. */
  head: number
  /** Read no further; released for another processor once everything handed out is acknowledged and stored. */
  isLeaving: boolean
  storedNext: number
  /** Where a range of a log ends, exclusive: finished with, it is released. `undefined` for a whole log. */
  readonly stop?: number | undefined
}

/** The leases of a group in an engine, whose clock alone says when one has expired. */
export interface ClaimStore<Claim extends Held> {
  /** Joins the group, or stays in it, and renews claims. */
  renew(held: readonly Claim[]): Promise<{
    /** Those that this processor still holds. */
    readonly kept: ReadonlySet<Claim>
    /** How many logs each processor should have. */
    readonly share: number
  }>
  /** Claims up to `want` logs that nobody in the group works on. */
  claim(want: number): Promise<readonly Claim[]>
  /** Releases claims, except those that another processor holds by now. */
  release(claims: readonly Claim[]): Promise<void>
  /** Releases claims and leaves the group. */
  leave(claims: readonly Claim[]): Promise<void>
  /**
   * Listens for notices of other processes.
   *
   * @param onEnd - Called when it has to be called again.
   */
  listen(onNotice: () => void, onEnd: () => void): Promise<void>
  /** Disconnects. Idempotent. */
  close(): Promise<void>
}

/** Which logs a processor works on: claims them, renews the claims, and releases some when another processor has too few. */
export class ClaimKeeper<Claim extends Held> {
  /** The claims of this processor, in the order in which they are read next. */
  held: Claim[] = []
  /** Notified when there may be more to read. */
  readonly changed = new Notifier()
  /** The ends of the logs may have moved: read them again. */
  isStale = true
  /** Entries may have been marked for replay. */
  mayReplay = true
  /** A failure in the background, for the next caller to throw. */
  failure: { readonly error: unknown } | undefined
  private readonly store: ClaimStore<Claim>
  private readonly settings: CheckedSettings
  private readonly elapsed: () => number
  /** Elapsed time. */
  private handedOverAt = Number.NEGATIVE_INFINITY
  /** Milliseconds since the claims were renewed. */
  private sinceRenewed = () => Number.POSITIVE_INFINITY
  private turning: Promise<void> | undefined

  /** @param store - Over a connection used here alone, so that no slow query delays the renewal of leases. */
  constructor(store: ClaimStore<Claim>, settings: CheckedSettings) {
    this.store = store
    this.settings = settings
    this.elapsed = elapsedOf(settings.clock)
  }

  /**
   * Whether the claims were renewed within a lease. A processor that was suspended may have lost them, and would hand out again what others
   * work on.
   */
  get isConfirmed(): boolean {
    return this.sinceRenewed() < this.settings.leaseMs
  }

  putLast(claim: Claim): void {
    this.held = [...this.held.filter((one) => one !== claim), claim]
  }

  /** Releases every claim and leaves the group. */
  async leave(): Promise<void> {
    await this.turning?.catch(() => {})
    const { held, store } = this
    this.held = []
    // If this fails, the leases expire.
    await store.leave(held).catch(() => {})
    await store.close()
  }

  /** Renews leases and listens for notices until `signal` aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    const { leaseMs, clock } = this.settings
    let isListening = false
    while (!signal.aborted) {
      try {
        if (!isListening) {
          isListening = true
          const onNotice = () => this.noteChange()
          const onEnd = () => {
            isListening = false
          }
          await this.store.listen(onNotice, onEnd)
        }
        await this.turn()
      } catch (error) {
        isListening = false
        if (!isPassing(error)) this.failure ??= { error }
        if (!signal.aborted) this.settings.logger?.warn(`the queue cannot be reached: ${messageOf(error)}`)
        this.changed.notify()
      }
      await clock.sleep(leaseMs / 3, signal).catch(() => {})
    }
  }

  /** Renews our claims, then claims or releases logs until all processors have the same number. */
  turn(): Promise<void> {
    this.turning ??= this.turnNow().finally(() => {
      this.turning = undefined
    })
    return this.turning
  }

  /** Releases finished ranges, and the leaving claims of which everything is acknowledged and stored. */
  async giveAway(): Promise<void> {
    const leaving = this.held.filter(
      ({ isLeaving, readTo, storedNext, stop = Number.POSITIVE_INFINITY }) =>
        storedNext >= stop || (isLeaving && storedNext >= readTo),
    )
    if (leaving.length === 0) return
    for (const claim of leaving) this.lose(claim)
    // If this fails, the leases expire.
    await this.store.release(leaving)
  }

  lose(claim: Claim): void {
    this.held = this.held.filter((one) => one !== claim)
  }

  noteChange(): void {
    this.isStale = true
    this.mayReplay = true
    this.changed.notify()
  }

  private async turnNow(): Promise<void> {
    const { store } = this
    const { leaseMs, clock, logger } = this.settings
    const before = this.held
    const sinceRenewed = ageFrom(clock)
    const { kept, share } = await store.renew(before)
    this.sinceRenewed = sinceRenewed
    for (const claim of before) if (!kept.has(claim)) this.lose(claim)
    const staying = this.held.filter(({ isLeaving }) => !isLeaving)
    if (staying.length < share && this.held.length === staying.length) {
      const claimed = await store.claim(share - staying.length)
      this.held.push(...claimed)
      if (claimed.length > 0) logger?.info(`works on ${this.held.length} logs`)
    } else if (staying.length > share && this.elapsed() - this.handedOverAt >= leaseMs) {
      this.handedOverAt = this.elapsed()
      const [first] = staying
      if (first !== undefined) first.isLeaving = true
    }
    await this.giveAway()
    this.noteChange()
  }
}
