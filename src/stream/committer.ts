import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Tracing } from '../util/tracing.js'
import type { ExclusiveStore, WriteRows } from './exclusive-store.js'
import { STORE_PATIENCE } from './store-queue.js'

export interface CommitterOptions {
  readonly store: Pick<ExclusiveStore, 'commit'>
  /** When to commit by itself; `undefined` for only by `commit()`. */
  readonly policy: { readonly everyMs: number; readonly everyEntries: number } | undefined
  readonly clock: Clock
  readonly tracing?: Tracing
  /** Called before each commit, so that the latest acknowledgements count. */
  readonly settle: () => void
  /** The rows to store now, of every open log. */
  readonly checkpoints: () => LogCheckpoint[]
  readonly onCommit: (committed: { entries: number; logs: number }) => void
  /** A commit of the policy failed, for good or for longer than five minutes. */
  readonly onError: (error: unknown) => void
}

/**
 * Makes acknowledged positions durable: after so many entries, after so much time, or when asked; one transaction for all
 * logs, never two at once.
 *
 * Acknowledged entries free their memory without a commit: while commits fail, reading goes on, and only more entries would be
 * repeated after a crash.
 */
export class Committer {
  private readonly options: CommitterOptions
  private pending = 0
  private dirty = false
  private busy = false
  /** Commits that were asked for and wait for their turn at the store, by their patience. */
  private readonly waiting = new Map<number, Promise<void>>()

  constructor(options: CommitterOptions) {
    this.options = options
  }

  /** Number of acknowledged entries that are not yet durable. */
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

  /** Notes a change other than a position, such as where reading of a log began. */
  changed(): void {
    this.dirty = true
  }

  /**
   * Everything acknowledged before the call is durable when it resolves.
   *
   * Calls made while a commit waits for its turn at the store share it. With a commit each, those behind the first one would have nothing to
   * write, and what is acknowledged later would be written page by page as they end.
   *
   * @param patienceMs - How long to retry when it fails with a retryable error.
   */
  commit(patienceMs: number = STORE_PATIENCE.commitMs): Promise<void> {
    const { waiting } = this
    const shared = waiting.get(patienceMs)
    if (shared !== undefined) return shared
    const commit = this.options.store.commit((writeRows) => {
      // From here on it takes no more acknowledgements. When it is tried again, a later one may wait.
      if (waiting.get(patienceMs) === commit) waiting.delete(patienceMs)
      return this.write(writeRows)
    }, patienceMs)
    waiting.set(patienceMs, commit)
    return commit
  }

  /** Commits at the policy's interval until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { policy, clock } = this.options
    while (policy !== undefined && !signal.aborted) {
      try {
        await clock.sleep(policy.everyMs, signal)
      } catch (error) {
        if (signal.aborted) return
        throw error
      }
      this.options.settle()
      if (this.dirty && !signal.aborted && !this.busy) this.commitInBackground()
    }
  }

  private commitInBackground(): void {
    this.busy = true
    this.commit(STORE_PATIENCE.backgroundMs)
      .catch(this.options.onError)
      .finally(() => {
        this.busy = false
      })
  }

  private async traced(
    entries: number,
    { length: logs }: readonly LogCheckpoint[],
    write: () => ReturnType<WriteRows>,
  ): Promise<void> {
    const { tracing } = this.options
    if (!tracing?.isOn) return write()
    const attributes = { 'ct_stream.entries': entries, 'ct_stream.logs': logs }
    return tracing.span({ name: 'ct_stream.commit', kind: 'internal', attributes }, async () => write())
  }

  private async write(writeRows: WriteRows): Promise<void> {
    this.options.settle()
    if (!this.dirty) return
    const entries = this.pending
    this.dirty = false
    this.pending = 0
    const checkpoints = this.options.checkpoints()
    try {
      await this.traced(entries, checkpoints, () => writeRows(checkpoints))
    } catch (error) {
      this.dirty = true
      this.pending += entries
      throw error
    }
    this.options.onCommit({ entries, logs: checkpoints.length })
  }
}
