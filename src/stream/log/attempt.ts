import type { CtStreamError } from '../../errors.js'
import type { Clock } from '../../types/clock.js'
import type { LogInfo } from '../../types/log.js'
import { ENDED, type LinkedController, linkedController } from '../../util/abort.js'
import { GaveUp } from './giving-up.js'
import type { LogHeads } from './log-heads.js'
import type { Patience } from './patience.js'

/** While requests fail, how often the head is looked at beside them. Milliseconds. */
const PEEK_EVERY_MS = 60_000
/** What of the patience of a stream with an end may pass before the head is looked at. */
const PEEKS_IN_PATIENCE = 4

/** Ends an attempt to read a tree that is not served: the log shows another one. */
export class PassedOver extends Error {}

export interface AttemptContext {
  readonly log: () => LogInfo
  readonly logHeads: Pick<LogHeads, 'isReading' | 'known' | 'peek'>
  readonly patience: Pick<Patience, 'since'>
  readonly clock: Pick<Clock, 'sleep'>
  /** Milliseconds by a clock that nobody sets. */
  readonly elapsed: () => number
  /** How long a log that makes no progress is waited for, milliseconds; infinite: for ever. */
  readonly patienceMs: number
  /** The session's own: aborting it ends the session. */
  readonly controller: LinkedController
  /** Reading goes on by other heads than the one whose tree is not served. */
  readonly passOver: () => void
}

/** What is asked of a log now, until it is known to lead nowhere: then it is aborted, and there is another attempt. */
export class Attempt {
  private readonly context: AttemptContext
  private current: LinkedController
  private isWatching = false
  /** Since when heads were passed over without anything read meanwhile, elapsed time. */
  private stuckSince: number | undefined

  constructor(context: AttemptContext) {
    this.context = context
    this.current = linkedController(context.controller.signal)
  }

  /** Aborts what is asked for now, when it leads nowhere. */
  get signal(): AbortSignal {
    return this.current.signal
  }

  /** Something was handed on. */
  progressed(): void {
    this.stuckSince = undefined
  }

  /** Ends this attempt for another one. */
  renew(reason: CtStreamError): void {
    this.current.abort(reason)
    this.current = linkedController(this.context.controller.signal)
  }

  /** Nothing is requested any more: the watch over the heads ends, whose timer would keep the process alive. */
  close(): void {
    this.current.abort(ENDED)
  }

  /**
   * Runs a step; what it reads may be a tree that is not served, then by another head.
   * @param isRepeated - What the step is called with at first; later with `true`.
   * @throws {@link GaveUp} when nothing is read by any head.
   */
  async byOtherHeads(step: (again: boolean) => Promise<void>, isRepeated: boolean): Promise<void> {
    for (let again = isRepeated; ; again = true) {
      try {
        return await step(again)
      } catch (error) {
        if (!(error instanceof PassedOver)) throw error
        const { elapsed, patience, patienceMs, controller, passOver } = this.context
        this.stuckSince ??= patience.since ?? elapsed()
        if (elapsed() - this.stuckSince >= patienceMs) throw new GaveUp(error.message)
        this.current = linkedController(controller.signal)
        passOver()
      }
    }
  }

  /**
   * While requests fail, looks at the newest head beside them, on a timer of its own. It may say why: a log that went back no
   * longer has what it is asked for. And it may be one to go on by.
   */
  async watchHeads(): Promise<void> {
    if (this.isWatching) return
    const { log, logHeads, patience, clock, patienceMs, controller } = this.context
    const { current } = this
    const intervalMs = Math.min(PEEK_EVERY_MS, patienceMs / PEEKS_IN_PATIENCE)
    this.isWatching = true
    try {
      for (;;) {
        await clock.sleep(intervalMs, current.signal)
        if (patience.since === undefined) return
        if (logHeads.isReading || logHeads.known.newest === undefined) continue
        const found = await logHeads.peek(current.signal)
        if (found === undefined || patience.since === undefined) continue
        current.abort(found === 'other' ? new PassedOver(`${log().url}: what it signed is not served`) : found)
        return
      }
    } catch (error) {
      // The attempt is over, or what is remembered of it cannot be stored: that ends the session.
      if (!current.signal.aborted) controller.abort(error)
    } finally {
      this.isWatching = false
    }
  }
}
