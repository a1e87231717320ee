import type { LogCondition } from '../types/checkpoint.js'
import type { LogStatus, StreamStatus } from '../types/stream-status.js'
import type { Missing } from './missing.js'
import type { Delivery } from './reader/delivery.js'
import type { Settings } from './settings.js'
import { logStatus, streamStatus } from './status.js'
import type { StoreCaches } from './store-caches.js'

/** Shortest interval between two writes of the status to the store, milliseconds. */
const KEPT_EVERY_MS = 5_000
/** How long a change waits for others to be written with it, milliseconds: a log's state soon changes again after it is opened. */
const TOGETHER_MS = 1_000

export interface StatusBoardOptions {
  readonly settings: Pick<Settings, 'clock' | 'elapsed'>
  readonly delivery: Delivery
  readonly missing: Missing
  readonly store: Pick<StoreCaches, 'keepsConditions' | 'putConditions'>
  /** Aborts when nothing more is read. */
  readonly signal: AbortSignal
}

/** The status of a stream, for `status()` and in the store, from where other processes read it. */
export class StatusBoard {
  private readonly options: StatusBoardOptions
  /** Writes changes; `undefined` while there are none. */
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

  /** Called when a log is followed, changes its state or has trouble: the store shows it within five seconds. */
  changed(): void {
    const { store, signal } = this.options
    if (store.keepsConditions && !signal.aborted) this.pending ??= this.keepSoon()
  }

  /** Called when the stream is closed. */
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
      // At the end of the stream at once, because it may never be closed.
    }
    this.pending = undefined
    await this.keep((log) => log)
  }

  private async keep(as: (log: LogStatus) => LogStatus): Promise<void> {
    const { settings, store, delivery } = this.options
    // Before the first log, another stream may have the store.
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
