import type { CtStreamError } from '../../errors.js'
import type { LogState } from '../../types/log.js'
import type { LogSessionEvents } from './log-session-options.js'

/** The state of a log and its last trouble, as reported by events and `status()`. */
export class Condition {
  state: LogState = 'opening'
  lastError: CtStreamError | undefined
  private readonly events: Pick<LogSessionEvents, 'state' | 'error'>

  constructor(events: Pick<LogSessionEvents, 'state' | 'error'>) {
    this.events = events
  }

  enter(state: LogState): void {
    if (state === this.state) return
    const previous = this.state
    this.state = state
    this.events.state(state, previous)
  }

  /** Reading waits because of it. */
  blocked(error: CtStreamError): void {
    this.lastError = error
    this.waits()
    this.events.error(error)
  }

  /** Reading still waits because of what was reported. */
  waits(): void {
    if (this.state !== 'misbehaving') this.enter('waiting')
  }

  /** Reading goes on in spite of it. */
  noted(error: CtStreamError): void {
    this.lastError = error
    this.events.error(error)
  }
}
