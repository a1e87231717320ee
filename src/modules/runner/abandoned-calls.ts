import { Notifier } from '../../util/notifier.js'
import type { ModuleRecord } from './module-record.js'

/** Most calls that timed out and still run: each keeps its certificates in memory. */
const MAX_ABANDONED = 8

/** Counts calls that timed out and have not returned; with too many of them the module counts as hung. */
export class AbandonedCalls {
  private readonly record: ModuleRecord
  private count = 0
  private readonly changed = new Notifier()

  constructor(record: ModuleRecord) {
    this.record = record
  }

  get isHung(): boolean {
    return this.count >= MAX_ABANDONED
  }

  /** Resolves when another call was abandoned or returned, or `wake()` was called. */
  change(): Promise<void> {
    return this.changed.wait()
  }

  wake(): void {
    this.changed.notify()
  }

  add(promise: PromiseLike<unknown>): void {
    const { log, queue } = this.record
    this.count++
    if (this.count === MAX_ABANDONED) {
      log.error(`hangs: ${MAX_ABANDONED} calls have not come back`)
      this.changed.notify()
      queue.wake()
    }
    const over = () => {
      this.count--
      if (this.count === MAX_ABANDONED - 1) log.info('no longer hangs')
      this.changed.notify()
    }
    promise.then(over, over)
  }
}
