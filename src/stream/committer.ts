import type { CheckpointStore, LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'

export interface CommitterOptions {
  readonly store: CheckpointStore
  /** `undefined`: only by `commit()`. */
  readonly policy: { readonly everyMs: number; readonly everyEntries: number } | undefined
  readonly clock: Clock
  /** Called before looking whether anything was acknowledged. */
  readonly settle: () => void
  /** What is to be remembered now, of every open log. */
  readonly checkpoints: () => LogCheckpoint[]
  readonly onCommit: (committed: { entries: number; logs: number }) => void
  /** A commit of the policy failed. */
  readonly onError: (error: unknown) => void
}

/**
 * Makes acknowledged positions durable: after so many entries, after so much time, or when asked; one transaction for all
 * logs, never two at once.
 */
export class Committer {
  private readonly options: CommitterOptions
  private pending = 0
  private dirty = false
  private tail: Promise<void> = Promise.resolve()
  private busy = false

  constructor(options: CommitterOptions) {
    this.options = options
  }

  /** Entries acknowledged and not yet durable. */
  get uncommitted(): number {
    return this.pending
  }

  /** Entries were acknowledged. */
  acknowledged(entries: number): void {
    this.dirty = true
    this.pending += entries
    const { policy } = this.options
    if (policy !== undefined && this.pending >= policy.everyEntries && !this.busy) this.commitInBackground()
  }

  /** Something other than a position is worth remembering, such as where a log was begun. */
  changed(): void {
    this.dirty = true
  }

  /** Everything acknowledged before the call is durable when it resolves. */
  commit(): Promise<void> {
    const done = this.tail.then(() => this.write())
    this.tail = done.catch(() => {})
    return done
  }

  /** Runs a call to the store when no commit is under way. */
  exclusively<T>(call: () => T | Promise<T>): Promise<T> {
    const done = this.tail.then(call)
    this.tail = done.then(
      () => {},
      () => {},
    )
    return done
  }

  /** Commits at the policy's interval until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { policy, clock } = this.options
    while (policy !== undefined && !signal.aborted) {
      await clock.sleep(policy.everyMs, signal).catch(() => {})
      this.options.settle()
      if (this.dirty && !signal.aborted && !this.busy) this.commitInBackground()
    }
  }

  private commitInBackground(): void {
    this.busy = true
    this.commit()
      .catch(this.options.onError)
      .finally(() => {
        this.busy = false
      })
  }

  private async write(): Promise<void> {
    this.options.settle()
    if (!this.dirty) return
    const entries = this.pending
    this.dirty = false
    this.pending = 0
    const checkpoints = this.options.checkpoints()
    try {
      await this.options.store.commit(checkpoints)
    } catch (error) {
      this.dirty = true
      this.pending += entries
      throw error
    }
    this.options.onCommit({ entries, logs: checkpoints.length })
  }
}
