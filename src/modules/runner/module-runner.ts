import { CtStreamError } from '../../errors.js'
import type { Clock, Logger } from '../../types/clock.js'
import type { FindingDraft } from '../../types/finding.js'
import type { PreparedModule } from '../configure.js'
import type { CallHost, ModuleCall } from '../module-call.js'
import { type FindingItem, type Page, sizeOf, type Work } from '../module-queue.js'
import { isPromise } from '../patient-call.js'
import type { ModuleStatus } from '../status.js'
import { AbandonedCalls } from './abandoned-calls.js'
import { HandlerCalls } from './handler-calls.js'
import { Intake } from './intake.js'
import { Lifecycle } from './lifecycle.js'
import { ModuleRecord } from './module-record.js'
import { Recovery } from './recovery.js'
import type { RunnerHost } from './runner-host.js'

/** Certificates or findings handled before yielding to the event loop. */
const TURN = 256

/** Runs one module: its queue, its calls, and the recovery of failed ones. */
export class ModuleRunner implements CallHost {
  private readonly record: ModuleRecord
  private readonly abandoned: AbandonedCalls
  private readonly intake: Intake
  private readonly calls: HandlerCalls
  private readonly recovery: Recovery
  private readonly lifecycle: Lifecycle
  private workers: Promise<void>[] = []
  private isClosing = false

  constructor(prepared: PreparedModule, host: RunnerHost) {
    this.record = new ModuleRecord(prepared, host)
    this.abandoned = new AbandonedCalls(this.record)
    this.intake = new Intake(this.record, this.abandoned)
    this.calls = new HandlerCalls(this.record, this.abandoned, this)
    this.lifecycle = new Lifecycle(this.record, this)
    const { record, abandoned, intake, calls } = this
    this.recovery = new Recovery({ record, abandoned, intake, calls, succeed: (...done) => this.succeed(...done) })
  }

  get prepared(): PreparedModule {
    return this.record.prepared
  }

  get name(): string {
    return this.record.name
  }

  get options(): unknown {
    return this.prepared.options
  }

  get state(): unknown {
    return this.lifecycle.state
  }

  get log(): Logger {
    return this.record.log
  }

  get clock(): Clock {
    return this.record.host.clock
  }

  get rememberFindingsMs(): number {
    return this.record.host.rememberFindingsMs
  }

  get stop(): AbortSignal {
    return this.record.stop
  }

  status(): ModuleStatus {
    return this.record.status(this.abandoned.isHung)
  }

  /** @throws {@link CtStreamError} `CT_MODULE_FAILED`; see {@link Lifecycle.setUp}. */
  setUp(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.lifecycle.setUp(timeoutMs, signal)
  }

  start(): void {
    this.workers = Array.from({ length: this.prepared.limits.concurrency }, () => this.work())
  }

  /** Whether there is room for more work. */
  get hasRoom(): boolean {
    return this.intake.hasRoom
  }

  /** Resolves when there is room. */
  room(): Promise<void> {
    return this.intake.room()
  }

  give(page: Page): void {
    this.intake.give(page)
  }

  giveFinding(item: FindingItem): void {
    this.intake.giveFinding(item)
  }

  countDeadLetters(findings: number): void {
    if (Number.isSafeInteger(findings) && findings > 0) this.record.counts.deadLetters += findings
  }

  leaveOut(findings: number): void {
    this.intake.drop(findings, this.tooMany)
  }

  report(draft: FindingDraft, call: ModuleCall): void {
    const certificate = draft?.certificate ?? call.certificate
    if (certificate === undefined)
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        'option `finding.certificate` is needed here: which one is it about?',
      )
    const why = this.whyNotReported(call)
    if (why !== undefined) {
      this.intake.drop(1, why)
      return
    }
    const { counts, host } = this.record
    if (!host.report(this, draft, certificate, this.calls.ticketFor(call, certificate))) {
      counts.repeats++
      return
    }
    call.reported++
    counts.emitted++
  }

  /** Finishes queued work, then calls `drain`. The module must get nothing afterwards. */
  async drain(): Promise<void> {
    const { record, abandoned, intake } = this
    if (record.phase === 'running') record.phase = 'draining'
    this.isClosing = true
    record.queue.wake()
    abandoned.wake()
    await Promise.all(this.workers)
    intake.close()
    this.leave()
    if (await this.lifecycle.drain()) await record.host.roomBehind(this)
  }

  /** Tears the module down if its setup succeeded. Never rejects. */
  tearDown(timeoutMs: number): Promise<void> {
    return this.lifecycle.tearDown(timeoutMs)
  }

  private whyNotReported(call: ModuleCall): string | undefined {
    const { maxFindings } = this.prepared.limits
    const { phase, host } = this.record
    if (call.isOver || phase === 'stopped' || phase === 'failed') return 'reported by a call that is over'
    // A handler can be made to wait for room after it returns; code outside of one cannot.
    if (call.isLasting)
      return host.hasRoomBehind(this) ? undefined : 'reported outside of a handler, while a later module is full'
    return call.reported - call.reportedBefore < maxFindings ? undefined : this.tooMany
  }

  private get tooMany(): string {
    return `more than ${this.prepared.limits.maxFindings} findings in one call (limits.maxFindings)`
  }

  /** Logs how much work was left unfinished. */
  private leave(): void {
    const { queue, prepared, log, counts } = this.record
    const { entries } = queue
    if (entries === 0) return
    const comesAgain = prepared.isWaitedFor ? ', which are not acknowledged' : ''
    log.warn(`stopped with ${entries} certificates or findings unfinished${comesAgain}`)
    if (!prepared.isWaitedFor) counts.dropped += entries
  }

  private async work(): Promise<void> {
    const { record, abandoned, intake } = this
    let sinceTurn = 0
    while (!record.stop.aborted && record.phase !== 'failed') {
      if (abandoned.isHung) {
        if (!record.mustFinish) intake.dropQueue('it hangs')
        if (this.isClosing && !record.mustFinish) return
        await record.orStopped(abandoned.change())
        continue
      }
      const work = record.queue.take()
      if (work === undefined) {
        if (this.isClosing) return
        await record.orStopped(record.queue.change())
        continue
      }
      const done = this.perform(work)
      if (done !== undefined) await done
      sinceTurn += work.kind === 'certificate' ? 1 : sizeOf(work)
      if (sinceTurn < TURN) continue
      sinceTurn = 0
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  /** Calls the handler; returns a promise only when there is something to await. */
  private perform(work: Work): Promise<void> | undefined {
    const { call, result } = this.calls.begin(work, 1, 0)
    if (result.kind === 'failed') return this.recovery.from(work, call, result)
    if (isPromise(result.value)) return this.settle(work, call, result.value)
    return this.succeed(work, call)
  }

  private async settle(work: Work, call: ModuleCall, promise: PromiseLike<unknown>): Promise<void> {
    const outcome = await this.calls.wait(call, promise)
    if (outcome.kind === 'done') await this.succeed(work, call)
    else await this.recovery.from(work, call, outcome)
  }

  private succeed(work: Work, call: ModuleCall): Promise<void> | undefined {
    const { counts, queue, host } = this.record
    call.end()
    if (work.kind === 'findings') counts.findings += work.items.length
    else counts.certificates += sizeOf(work)
    queue.finish(work)
    return call.reported > 0 ? host.roomBehind(this) : undefined
  }
}
