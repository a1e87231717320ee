import type { LogCondition } from '../types/checkpoint.js'
import type { LogStatus, StreamStatus } from '../types/stream.js'
import type { Missing } from './missing.js'
import type { Delivery } from './reader/delivery.js'
import type { Settings } from './settings.js'
import { logStatus, streamStatus } from './status.js'
import type { StoreCaches } from './store-caches.js'

/** How often the store is written for those who look at it from outside, at most; milliseconds. */
const KEPT_EVERY_MS = 5_000
/** How long a change waits for those that come with it, at least: where a log is opened, it soon is what it will be. Milliseconds. */
const TOGETHER_MS = 1_000

export interface StatusBoardOptions {
  readonly settings: Pick<Settings, 'clock' | 'elapsed'>
  readonly delivery: Delivery
  readonly missing: Missing
  readonly store: Pick<StoreCaches, 'keepsConditions' | 'putConditions'>
  /** Aborts when nothing more is read. */
  readonly signal: AbortSignal
}

/** What a stream says of itself: when it is asked, and in the store, for those who can only look at that. */
export class StatusBoard {
  private readonly options: StatusBoardOptions
  /** Writes what changed; `undefined` when nothing did. */
  private pending: Promise<void> | undefined
  private keptAt = Number.NEGATIVE_INFINITY

  constructor(options: StatusBoardOptions) {
    this.options = options
  }

  status(): StreamStatus {
    const { delivery, missing } = this.options
    delivery.settle()
    return streamStatus(this.logs(), delivery.budget.used, missing.openGaps(() => delivery.checkpoints()).length)
  }

  /** A log is followed, changed its state or gave trouble: the store has it within five seconds. */
  changed(): void {
    const { store, signal } = this.options
    if (store.keepsConditions && !signal.aborted) this.pending ??= this.keepSoon()
  }

  /** The stream is closed: no log is asked any more. */
  async close(): Promise<void> {
    await this.pending
    await this.keep((log) => ({ ...log, nextRetryAt: undefined }))
  }

  private async keepSoon(): Promise<void> {
    const { settings, signal } = this.options
    const ms = Math.max(TOGETHER_MS, this.keptAt + KEPT_EVERY_MS - settings.elapsed())
    try {
      await settings.clock.sleep(ms, signal)
    } catch {
      // At the end of the stream at once: nobody may close it.
    }
    this.pending = undefined
    await this.keep((log) => log)
  }

  private async keep(as: (log: LogStatus) => LogStatus): Promise<void> {
    const { settings, store, delivery } = this.options
    // Before the first log the store may not be this stream's.
    if (!store.keepsConditions || delivery.lanes.length === 0) return
    this.keptAt = settings.elapsed()
    const recordedAt = settings.clock.now()
    await store.putConditions(this.logs().map((log) => conditionOf(as(log), recordedAt)))
  }

  private logs(): LogStatus[] {
    const { settings, delivery } = this.options
    const [now, elapsed] = [settings.clock.now(), settings.elapsed()]
    return delivery.lanes.map((lane) => logStatus(lane, now, elapsed))
  }
}

function conditionOf(status: LogStatus, recordedAt: number): LogCondition {
  const { log, state, failingSince, nextRetryAt, waitsFor, lastError } = status
  const error = lastError && { code: lastError.code, message: lastError.message }
  return { log, state, failingSince, nextRetryAt, waitsFor, lastError: error, recordedAt }
}
