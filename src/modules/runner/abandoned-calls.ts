import { Notifier } from '../../util/notifier.js'
import type { ModuleRecord } from './module-record.js'

/** Calls that timed out and still run, at most: each keeps its certificates in memory. */
const MAX_ABANDONED = 8

/** Calls that nobody waits for any more and that have not come back: too many, and the module hangs. */
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

  /** Resolves when one more was abandoned or came back, or `wake()` was called. */
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
      if (this.count === MAX_ABANDONED - 1) log.info('hangs no more')
      this.changed.notify()
    }
    promise.then(over, over)
  }
}
