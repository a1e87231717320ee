import type { Logger } from '../types/clock.js'
import { type LinkedController, linkedController } from '../util/abort.js'
import { messageOf } from '../util/message-of.js'
import type { Committer } from './committer.js'
import type { Delivery } from './reader/delivery.js'

export interface EndingOptions {
  readonly delivery: Delivery
  readonly committer: Committer
  /** Whether only `commit()` commits. */
  readonly commitsByHand: boolean
  readonly logger: Logger
  /** Aborts when the stream is closed. */
  readonly signal: AbortSignal
}

/**
 * Closes a stream whose logs are all read, once everything delivered is acknowledged and, if the caller commits, committed. Does not
 * keep the process alive meanwhile.
 */
export class Ending {
  private readonly options: EndingOptions
  private readonly ender: LinkedController
  /** Closes the stream; `undefined` before its end. */
  private close: (() => Promise<void>) | undefined
  private isCommitting = false
  /** Commits that the caller asked for and that are not done. */
  private commits = 0

  constructor(options: EndingOptions) {
    this.options = options
    this.ender = linkedController(options.signal)
  }

  /** Aborts at the end too, when nothing more is read. */
  get signal(): AbortSignal {
    return this.ender.signal
  }

  /** The reader has seen the end: closes the stream now, or once everything is acknowledged and committed. Can be repeated. */
  async begin(close: () => Promise<void>): Promise<void> {
    this.ender.abort()
    this.options.delivery.settle()
    if (this.isFinished) return close()
    this.close = close
    await this.commit()
  }

  /** Something was acknowledged. */
  acknowledged(): void {
    const { signal, logger } = this.options
    if (this.close === undefined || signal.aborted) return
    this.commit().catch((error) => logger.error(messageOf(error)))
  }

  /** The caller commits; reaching the end meanwhile does not close the stream before that is done. */
  async whileCommitting(commit: () => Promise<void>): Promise<void> {
    this.commits++
    try {
      await commit()
    } finally {
      this.commits--
      if (this.isFinished) await this.close?.()
    }
  }

  private get isFinished(): boolean {
    const { delivery, committer, commitsByHand } = this.options
    if (commitsByHand && committer.uncommitted > 0) return false
    return delivery.acknowledgesByReading ? this.commits === 0 : delivery.isFinishedWith
  }

  /** At the end, commits follow acknowledgements directly instead of a timer. */
  private async commit(): Promise<void> {
    const { committer, commitsByHand } = this.options
    if (this.isFinished) return this.close?.()
    if (commitsByHand || this.isCommitting) return
    this.isCommitting = true
    try {
      // One more commit for everything acknowledged while this one was written.
      do await committer.commit()
      while (committer.uncommitted > 0)
    } finally {
      this.isCommitting = false
    }
  }
}
