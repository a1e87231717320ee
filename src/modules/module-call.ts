import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock, Logger } from '../types/clock.js'
import type { FindingDraft } from '../types/finding.js'
import { type LinkedController, linkedController } from '../util/abort.js'
import { NO_TICKET, type Ticket } from './acknowledger.js'
import type { ModuleContext, SetupContext } from './definition.js'
import type { Keepsake } from './threads/keepsake.js'

/** What a call needs from its module. */
export interface CallHost {
  readonly name: string
  readonly options: unknown
  readonly state: unknown
  readonly log: Logger
  readonly clock: Clock
  readonly stop: AbortSignal
  /** How long the run drops findings that come again, milliseconds. */
  readonly rememberFindingsMs: number
  /** Reports a finding. */
  report(draft: FindingDraft, call: ModuleCall): void
  /** Counts findings put aside in dead letters. */
  countDeadLetters(findings: number): void
  /** Counts findings beyond `maxFindings` that were left out before they came here. */
  leaveOut(findings: number): void
}

/** Of a thread that was asked whether it is there: it has answered all it was asked before, or has ended. */
export type ThreadAnswer = 'answered' | 'ended'

/** One certificate of a batch failed: those before it are finished, those behind it were not looked at. */
export class CertificateFailed extends Error {
  readonly at: number

  /** @param at - Its index in the batch. */
  constructor(at: number, cause: unknown) {
    super('a handler failed for one certificate', { cause })
    this.at = at
  }
}

/** One call of a handler: the context passed to it, and what it has done. */
export class ModuleCall implements ModuleContext<unknown, unknown> {
  readonly attempt: number
  sinceMs: number
  /** The certificate of a finding that names none. */
  readonly certificate: CtCertificate | undefined
  /** Number of findings reported. */
  reported = 0
  /** How many of them were about earlier certificates, of a handler that gets one at a time. */
  reportedBefore = 0
  /** How many of its findings are done: the first ones, of a handler that says so. */
  done = 0
  /** How many it is at, behind these; `undefined` where it does not say, and may be at any. */
  underWay: number | undefined
  /** Whether the call is no longer waited for. */
  isOver = false
  /** Whether it has failed, or taken too long: its work is for another call, or is set aside. */
  isGivenUp = false
  /** Whether it may report long after it has returned, as `setup` may by a timer. */
  isLasting = false
  /** Of a setup in a thread, or here after one. */
  keepsake: Keepsake | undefined
  /** How often it had to wait before it could do its work. */
  pauses = 0
  /** What it waits for now, or waited for last. */
  pause: Promise<unknown> | undefined
  /** Called when it goes on to more of its findings: its time limit begins anew. */
  onGoTo: (() => void) | undefined
  /** Asked when its time is over, where another thread does its work; else the call has taken too long. */
  answered: (() => Promise<ThreadAnswer>) | undefined
  /** What its findings hold: of the certificate each is about. */
  held: Ticket | ((certificate: CtCertificate) => Ticket) = NO_TICKET
  private readonly host: CallHost
  private controller: LinkedController | undefined
  private boundEmit: SetupContext<unknown>['emit'] | undefined

  constructor(host: CallHost, certificate?: CtCertificate, attempt = 1, sinceMs = 0) {
    this.host = host
    this.certificate = certificate
    this.attempt = attempt
    this.sinceMs = sinceMs
  }

  /**
   * Made on first use, since most calls find nothing.
   *
   * V8 allocates a function that is written where it is assigned to a property (`this.emit = () => …`) among the old objects. Together with it
   * every certificate would survive until the next full collection; a variable in between avoids that.
   */
  get emit(): SetupContext<unknown>['emit'] {
    if (this.boundEmit !== undefined) return this.boundEmit
    const emit = (draft: FindingDraft) => this.host.report(draft, this)
    this.boundEmit = emit
    return emit
  }

  /** A function of its own each time: few modules have dead letters. */
  get countDeadLetters(): SetupContext<unknown>['countDeadLetters'] {
    return (findings) => this.host.countDeadLetters(findings)
  }

  get name(): string {
    return this.host.name
  }

  /** Aborts when the run stops all work. */
  get stop(): AbortSignal {
    return this.host.stop
  }

  get options(): unknown {
    return this.host.options
  }

  get state(): unknown {
    return this.host.state
  }

  get log(): Logger {
    return this.host.log
  }

  get clock(): Clock {
    return this.host.clock
  }

  get rememberFindingsMs(): number {
    return this.host.rememberFindingsMs
  }

  /** Made on first use: most calls never need it. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = linkedController(this.host.stop)
      if (this.isOver) this.controller.abort(timedOut(this.host.name, undefined))
    }
    return this.controller.signal
  }

  /** Waits for what its work needs first. Its time limit begins anew behind that. */
  pauseFor<T>(promise: Promise<T>): Promise<T> {
    this.pauses++
    this.pause = promise
    return promise
  }

  /** Goes on to the findings of another certificate, for which `maxFindings` begins anew. */
  beginNext(): void {
    this.reportedBefore = this.reported
  }

  /**
   * Goes on to the next of its findings, for which its time limit begins anew. Where the call fails, those before are not given again, and attempts
   * and the time since the first one are counted anew.
   *
   * @param done - How many are done, from the first.
   * @param size - How many are next.
   */
  goTo(done: number, size: number): void {
    if (done > this.done) this.sinceMs = 0
    this.done = done
    this.underWay = size
    this.onGoTo?.()
  }

  leaveOut(findings: number): void {
    if (findings > 0) this.host.leaveOut(findings)
  }

  /** Ends the call. @param reason - Set when it is abandoned rather than finished. */
  end(reason?: unknown): void {
    if (reason === undefined) this.controller?.unlink()
    else {
      this.isOver = true
      this.controller?.abort(reason)
    }
  }
}

/** @param option - The option that sets the bound. */
export function timedOut(name: string, ms: number | undefined, option = 'limits.timeoutMs'): CtStreamError {
  const how = ms === undefined ? 'took too long' : `took longer than ${ms} ms (${option})`
  return new CtStreamError('CT_MODULE_TIMEOUT', `module \`${name}\` ${how}`, { retryable: true })
}
