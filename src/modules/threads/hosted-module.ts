import { CtStreamError } from '../../errors.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { Clock, Logger } from '../../types/clock.js'
import type { FindingDraft } from '../../types/finding.js'
import type { Module } from '../definition.js'
import { checkDraft } from '../finding.js'
import { type CallHost, ModuleCall } from '../module-call.js'
import { isPromise } from '../patient-call.js'
import type { Keepsake } from './keepsake.js'
import type { BatchResult, FoundAt } from './messages.js'

/** Findings of one call that may be repeats, which do not count: only the run can tell. */
const REPEATS = 10_000

export interface HostedModuleOptions {
  readonly definition: Module
  readonly name: string
  readonly options: unknown
  readonly maxFindings: number
  readonly rememberFindingsMs: number
  readonly log: Logger
  readonly clock: Clock
}

/** How often a batch was tried, as in `ModuleContext`, and what aborts it. */
export interface BatchCall {
  readonly attempt: number
  readonly sinceMs: number
  readonly signal: AbortSignal
}

/** Calls the handlers of a module and collects what it finds: in a thread, or here where there is none. */
export class HostedModule implements CallHost {
  readonly name: string
  readonly options: unknown
  readonly log: Logger
  readonly clock: Clock
  readonly rememberFindingsMs: number
  state: unknown
  readonly stop: AbortSignal = new AbortController().signal
  private readonly definition: Module
  private readonly maxFindings: number

  constructor({ definition, name, options, maxFindings, rememberFindingsMs, log, clock }: HostedModuleOptions) {
    this.definition = definition
    this.name = name
    this.options = options
    this.maxFindings = maxFindings
    this.rememberFindingsMs = rememberFindingsMs
    this.log = log
    this.clock = clock
  }

  async setUp(signal: AbortSignal, keepsake?: Keepsake): Promise<void> {
    const call = new ModuleCall({ ...this.callHost(), stop: signal })
    call.keepsake = keepsake
    this.state = await this.definition.setup?.(call)
  }

  /** Calls the handler for all of them, or one after the other. Rejects only with what the handler for all of them throws. */
  async batch(certificates: readonly CtCertificate[], call: BatchCall): Promise<BatchResult> {
    const { definition } = this
    const findings = new Findings(this.name, certificates, this.maxFindings + REPEATS)
    const host = { ...this.callHost(), stop: call.signal, report: findings.report }
    const { attempt, sinceMs } = call
    if (definition.onBatch !== undefined) {
      await definition.onBatch(certificates, new ModuleCall(host, undefined, attempt, sinceMs))
      return findings.result()
    }
    for (const [at, certificate] of certificates.entries()) {
      findings.goTo(at)
      try {
        const result = definition.onCertificate?.(certificate, new ModuleCall(host, certificate, attempt, sinceMs))
        if (isPromise(result)) await result
      } catch (error) {
        return findings.result({ at, error })
      }
    }
    return findings.result()
  }

  async tearDown(): Promise<void> {
    await this.definition.teardown?.(new ModuleCall(this.callHost()))
  }

  report(): never {
    throw new CtStreamError('CT_OPTION_INVALID', 'a module in a thread reports findings while it gets certificates')
  }

  countDeadLetters(): void {}

  leaveOut(): void {}

  private callHost(): CallHost {
    const { name, options, state, log, clock, stop, rememberFindingsMs, report } = this
    return {
      ...{ name, options, state, log, clock, stop, rememberFindingsMs, report },
      countDeadLetters() {},
      leaveOut() {},
    }
  }
}

/** What is found in a batch. */
class Findings {
  private readonly found: FoundAt[] = []
  private readonly module: string
  private readonly certificates: readonly CtCertificate[]
  private readonly most: number
  private excess = 0
  private reported = 0
  private at: number | undefined

  constructor(module: string, certificates: readonly CtCertificate[], most: number) {
    this.module = module
    this.certificates = certificates
    this.most = most
  }

  /** Begins a call for this certificate alone. */
  goTo(at: number): void {
    this.at = at
    this.reported = 0
  }

  readonly report = (draft: FindingDraft): void => {
    const at = draft?.certificate === undefined ? this.at : this.certificates.indexOf(draft.certificate)
    const certificate = at === undefined ? undefined : this.certificates[at]
    if (at === undefined || certificate === undefined)
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        'option `finding.certificate` is needed here, one of those that the handler was called with',
      )
    // A draft that is wrong fails the handler that made it, as it does without a thread.
    checkDraft(this.module, draft, certificate)
    if (this.reported++ >= this.most) {
      this.excess++
      return
    }
    const { certificate: _, ...rest } = draft
    this.found.push([at, rest])
  }

  result(failed?: BatchResult['failed']): BatchResult {
    return { found: this.found, excess: this.excess, failed }
  }
}
