import type { CtStreamError } from '../../errors.js'
import type { Clock } from '../../types/clock.js'
import type { LogInfo } from '../../types/log.js'
import { ENDED, type LinkedController, linkedController } from '../../util/abort.js'
import { GaveUp } from './giving-up.js'
import type { LogHeads } from './log-heads.js'
import type { Patience } from './patience.js'

/** How often the newest head is read while other requests fail, milliseconds. */
const PEEK_EVERY_MS = 60_000
/** With an end, the head is read this many times within the stream's patience. */
const PEEKS_IN_PATIENCE = 4

/** Ends an attempt to read a tree that the log does not serve, because the log shows another head. */
export class PassedOver extends Error {}

export interface AttemptContext {
  readonly log: () => LogInfo
  readonly logHeads: Pick<LogHeads, 'isReading' | 'known' | 'peek'>
  readonly patience: Pick<Patience, 'since'>
  readonly clock: Pick<Clock, 'sleep'>
  /** Milliseconds of a clock that nobody can set. */
  readonly elapsed: () => number
  /** How long to wait for a log without progress, milliseconds; infinite for ever. */
  readonly patienceMs: number
  /** The session's own: aborting it ends the session. */
  readonly controller: LinkedController
  /** Makes reading aim at other heads than the one whose tree is not served. */
  readonly passOver: () => void
}

/** The current requests to a log. When they are known to be futile they are aborted, and another attempt begins. */
export class Attempt {
  private readonly context: AttemptContext
  private current: LinkedController
  private isWatching = false
  /** Since when only heads were changed and nothing was read, elapsed time. */
  stuckSince: number | undefined

  constructor(context: AttemptContext) {
    this.context = context
    this.current = linkedController(context.controller.signal)
  }

  /** Aborts when the current requests are futile. */
  get signal(): AbortSignal {
    return this.current.signal
  }

  /** Entries were handed on. */
  progressed(): void {
    this.stuckSince = undefined
  }

  /** Ends this attempt for another one. */
  renew(reason: CtStreamError): void {
    this.current.abort(reason)
    this.current = linkedController(this.context.controller.signal)
  }

  /** Ends the session's last attempt, and with it the watch over heads, whose timer would keep the process alive. */
  close(): void {
    this.current.abort(ENDED)
  }

  /**
   * Runs a step; repeats it with another head where the tree of the current one is not served.
   * @param isRepeated - Argument of the first call of the step; later calls get `true`.
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
   * While requests fail, reads the newest head on a timer of its own. It may explain the failures, since a log that lost entries cannot serve
   * them, or be a head whose tree the log serves.
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
      // Either the attempt is over, or the state could not be stored, which ends the session.
      if (!current.signal.aborted) controller.abort(error)
    } finally {
      this.isWatching = false
    }
  }
}
