import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock, Logger } from '../types/clock.js'
import type { FindingDraft } from '../types/finding.js'
import { backoffDelay } from '../util/backoff.js'
import { Notifier } from '../util/notifier.js'
import { MAX_RETRY_AFTER_MS } from '../util/retry-after.js'
import { NO_TICKET, type Ticket } from './acknowledger.js'
import type { PreparedModule } from './configure.js'
import { type CallHost, ModuleCall, timedOut } from './module-call.js'
import { type FindingItem, ModuleQueue, type Page, type Work } from './module-queue.js'
import { type CallOutcome, isPromise, outcomeOf } from './patient-call.js'
import { prefixedLogger } from './prefixed-logger.js'
import type { ModuleState, ModuleStatus } from './status.js'
import { TroubleLog } from './trouble-log.js'

/** Calls that timed out and still run, at most: each keeps its certificates in memory. */
const MAX_ABANDONED = 8
const RETRY = { baseMs: 500, maxMs: 60_000 }
/** Certificates or findings after which everybody else has a turn. */
const TURN = 256
const MAX_FINDINGS = 1000

/** What a module needs of the run it is part of. */
export interface RunnerHost {
  readonly clock: Clock
  readonly elapsed: () => number
  readonly random: () => number
  readonly logger: Logger | undefined
  /** Aborts when the run is stopped for good. */
  readonly stop: AbortSignal
  /** Passes a finding to later modules. `false`: it is a repeat. */
  report(from: ModuleRunner, draft: FindingDraft, certificate: CtCertificate, ticket: Ticket): boolean
  /** Whether those who get this module's findings, and leave out none, have room. */
  hasRoomBehind(from: ModuleRunner): boolean
  /** Resolves when they have. */
  roomBehind(from: ModuleRunner): Promise<void>
  /** Ends the run. */
  fail(error: CtStreamError): void
}

/** One module at work: its queue, its calls, and what becomes of those that fail. */
export class ModuleRunner implements CallHost {
  readonly prepared: PreparedModule
  readonly log: Logger
  private readonly host: RunnerHost
  private readonly queue: ModuleQueue
  private readonly failures: TroubleLog
  private readonly drops: TroubleLog
  private readonly counts = {
    certificates: 0,
    findings: 0,
    emitted: 0,
    repeats: 0,
    dropped: 0,
    skipped: 0,
    errors: 0,
    retries: 0,
    timeouts: 0,
  }
  private moduleState: unknown
  private phase: ModuleState = 'waiting'
  private lastError: CtStreamError | undefined
  private abandoned = 0
  private readonly abandonedChanged = new Notifier()
  private workers: Promise<void>[] = []
  private isSetUp = false
  private isClosing = false
  private isDrained = false
  private readonly ticketOf = new WeakMap<ModuleCall, Ticket | ((certificate: CtCertificate) => Ticket)>()

  constructor(prepared: PreparedModule, host: RunnerHost) {
    this.prepared = prepared
    this.host = host
    this.log = prefixedLogger(host.logger, prepared.name)
    this.failures = new TroubleLog(this.log, host.elapsed)
    this.drops = new TroubleLog(this.log, host.elapsed)
    const { limits, definition, isWaitedFor } = prepared
    this.queue = new ModuleQueue({
      maxEntries: limits.queueEntries,
      maxBytes: limits.queueBytes,
      byPage: definition.onBatch !== undefined,
      maxFindings: definition.onFindings !== undefined ? MAX_FINDINGS : 1,
      holdsTickets: isWaitedFor,
    })
  }

  get name(): string {
    return this.prepared.name
  }

  get options(): unknown {
    return this.prepared.options
  }

  get state(): unknown {
    return this.moduleState
  }

  get clock(): Clock {
    return this.host.clock
  }

  get stop(): AbortSignal {
    return this.host.stop
  }

  status(): ModuleStatus {
    const { name, acknowledge, isWaitedFor } = this.prepared
    return {
      name,
      state: this.isHung && this.phase === 'running' ? 'hung' : this.phase,
      acknowledge,
      isWaitedFor,
      queuedEntries: this.queue.entries,
      queuedBytes: this.queue.bytes,
      ...this.counts,
      lastError: this.lastError,
    }
  }

  /**
   * @param signal - Gives it up: what it opens after all is closed after all.
   * @throws {@link CtStreamError} `CT_MODULE_FAILED`
   */
  async setUp(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { setup } = this.prepared.definition
    this.phase = 'setting-up'
    const call = new ModuleCall(this)
    call.isLasting = true
    const result = this.attempt(() => setup?.call(this.prepared.definition, call))
    const outcome = isPromise(result.value) ? await outcomeOf(result.value, this.clock, timeoutMs, signal) : result
    if (outcome.kind === 'done') {
      this.moduleState = outcome.value
      this.isSetUp = true
      this.phase = 'running'
      return
    }
    this.phase = 'failed'
    call.end(this.errorOf(outcome, timeoutMs))
    if (isPromise(result.value))
      result.value.then(
        (state) => {
          this.moduleState = state
          this.isSetUp = true
          return this.tearDown(timeoutMs)
        },
        () => {},
      )
    throw this.note(
      new CtStreamError('CT_MODULE_FAILED', `module \`${this.name}\` could not be set up: ${reasonOf(outcome)}`, {
        cause: this.errorOf(outcome, timeoutMs),
      }),
    )
  }

  start(): void {
    const { concurrency } = this.prepared.limits
    this.workers = Array.from({ length: concurrency }, () => this.work())
  }

  /** Whether whoever brings work may bring more. */
  get hasRoom(): boolean {
    return this.prepared.whenFull === 'drop' || this.queue.hasRoom || !this.takesWork || this.stop.aborted
  }

  /** Resolves when it has. */
  async room(): Promise<void> {
    while (!this.hasRoom) await this.stopped(this.queue.change())
  }

  give(page: Page): void {
    if (this.accepts(page.certificates.length)) this.queue.addPage(page)
  }

  giveFinding(item: FindingItem): void {
    if (this.accepts(1)) this.queue.addFinding(item)
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
      this.drop(1, why)
      return
    }
    const held = this.ticketOf.get(call) ?? NO_TICKET
    const ticket = typeof held === 'function' ? held(certificate) : held
    if (!this.host.report(this, draft, certificate, ticket)) {
      this.counts.repeats++
      return
    }
    call.reported++
    this.counts.emitted++
  }

  private whyNotReported(call: ModuleCall): string | undefined {
    const { maxFindings } = this.prepared.limits
    if (call.isOver || this.phase === 'stopped' || this.phase === 'failed') return 'reported by a call that is over'
    // A handler waits for room when it returns; nobody else can be made to.
    if (call.isLasting)
      return this.host.hasRoomBehind(this) ? undefined : 'reported outside of a handler, while a later module is full'
    return call.reported < maxFindings
      ? undefined
      : `more than ${maxFindings} findings in one call (limits.maxFindings)`
  }

  /** Works off what is queued and lets the module report for the last time. Nothing may be given to it afterwards. */
  async drain(): Promise<void> {
    if (this.phase === 'running') this.phase = 'draining'
    this.isClosing = true
    this.queue.wake()
    this.abandonedChanged.notify()
    await Promise.all(this.workers)
    this.isDrained = true
    this.leave()
    const { definition } = this.prepared
    if (this.phase !== 'draining' || definition.drain === undefined || this.stop.aborted) return
    await this.callOnce('drain', () => definition.drain?.bind(definition), this.prepared.limits.timeoutMs)
    await this.host.roomBehind(this)
  }

  /** Where the setup succeeded. Never rejects. */
  async tearDown(timeoutMs: number): Promise<void> {
    const { definition } = this.prepared
    if (this.phase !== 'failed') this.phase = 'stopped'
    if (!this.isSetUp) return
    this.isSetUp = false
    // The run's stop signal has aborted by now, perhaps; this has a time of its own.
    await this.callOnce(
      'teardown',
      () => definition.teardown?.bind(definition),
      timeoutMs,
      new AbortController().signal,
    )
  }

  /** Says what it did not get to. */
  private leave(): void {
    const { entries } = this.queue
    if (entries === 0) return
    const comesAgain = this.prepared.isWaitedFor ? ', which are not acknowledged' : ''
    this.log.warn(`stopped with ${entries} certificates or findings unfinished${comesAgain}`)
    if (!this.prepared.isWaitedFor) this.counts.dropped += entries
  }

  private async callOnce(
    what: string,
    handler: () => ((context: ModuleCall) => unknown) | undefined,
    timeoutMs: number,
    stop = this.stop,
  ): Promise<void> {
    const call = new ModuleCall(this)
    const result = this.attempt(() => handler()?.(call))
    const outcome = isPromise(result.value) ? await outcomeOf(result.value, this.clock, timeoutMs, stop) : result
    if (outcome.kind === 'done') return call.end()
    const error = this.errorOf(outcome, timeoutMs)
    call.end(error)
    this.counts.errors++
    this.note(error)
    this.log.error(`${what} failed: ${error.message}`)
  }

  /** Whether more work has a place to go. */
  private get takesWork(): boolean {
    return this.phase !== 'failed' && this.phase !== 'stopped' && !(this.isHung && !this.prepared.isWaitedFor)
  }

  private get isHung(): boolean {
    return this.abandoned >= MAX_ABANDONED
  }

  private accepts(count: number): boolean {
    if (this.isDrained) {
      this.drop(count, 'it has ended')
      return false
    }
    if (this.prepared.isWaitedFor && this.phase !== 'failed') return true
    if (this.phase === 'failed' && this.prepared.limits.onError !== 'stop-module') {
      // The run ends for its sake: what it did not do stays unfinished, and comes again.
      return this.prepared.isWaitedFor
    }
    if (!this.takesWork) this.drop(count, this.isHung ? 'it hangs' : 'it has stopped')
    else if (this.prepared.whenFull === 'drop' && !this.queue.hasRoom)
      this.drop(count, 'its queue is full (limits.queueEntries, limits.queueBytes, limits.whenFull)')
    else {
      this.drops.over('takes everything again')
      return true
    }
    return false
  }

  private drop(count: number, why: string): void {
    this.counts.dropped += count
    this.drops.trouble('warn', `left out certificates or findings: ${why}`, count)
  }

  private async work(): Promise<void> {
    let sinceTurn = 0
    while (!this.stop.aborted && this.phase !== 'failed') {
      if (this.isHung) {
        if (!this.prepared.isWaitedFor) this.dropQueue('it hangs')
        if (this.isClosing && !this.prepared.isWaitedFor) return
        await this.stopped(this.abandonedChanged.wait())
        continue
      }
      const work = this.queue.take()
      if (work === undefined) {
        if (this.isClosing) return
        await this.stopped(this.queue.change())
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

  /** Waits for something, or for the end of the run. */
  private stopped(promise: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.stop.removeEventListener('abort', end)
        resolve()
      }
      this.stop.addEventListener('abort', end, { once: true })
      promise.then(end, end)
    })
  }

  /** Calls the handler; a promise only where there is something to wait for. */
  private perform(work: Work): Promise<void> | undefined {
    const call = this.callFor(work, 1, 0)
    const result = this.attempt(() => this.handle(work, call))
    if (result.kind === 'failed') return this.recover(work, result)
    if (isPromise(result.value)) return this.settle(work, call, result.value)
    return this.succeed(work, call)
  }

  private async settle(work: Work, call: ModuleCall, promise: PromiseLike<unknown>): Promise<void> {
    const outcome = await this.wait(call, promise)
    if (outcome.kind === 'done') await this.succeed(work, call)
    else await this.recover(work, outcome)
  }

  private succeed(work: Work, call: ModuleCall): Promise<void> | undefined {
    call.end()
    if (work.kind === 'findings') this.counts.findings += work.items.length
    else this.counts.certificates += sizeOf(work)
    this.queue.finish(work)
    return call.reported > 0 ? this.host.roomBehind(this) : undefined
  }

  /** After a call that failed: what the module's policy says. */
  private async recover(work: Work, first: CallOutcome): Promise<void> {
    const { onError, attempts, timeoutMs } = this.prepared.limits
    const began = this.host.elapsed()
    let outcome = first
    for (let attempt = 1; ; attempt++) {
      if (outcome.kind === 'stopped') return
      const error = this.note(this.errorOf(outcome, timeoutMs))
      this.counts.errors++
      if (onError === 'skip') return this.skip(work, error)
      if (onError === 'stop-module') return this.stopModule(work, error)
      if (onError === 'stop-stream' || attempt >= attempts) return this.stopStream(error, attempt)
      if (!(await this.waitToRetry(error, attempt))) return
      this.counts.retries++
      const call = this.callFor(work, attempt + 1, this.host.elapsed() - began)
      const result = this.attempt(() => this.handle(work, call))
      outcome = result.kind === 'done' && isPromise(result.value) ? await this.wait(call, result.value) : result
      if (outcome.kind !== 'done') continue
      this.failures.over(`works again, after ${attempt + 1} attempts`)
      await this.succeed(work, call)
      return
    }
  }

  /** Whether there is a next attempt. */
  private async waitToRetry(error: CtStreamError, attempt: number): Promise<boolean> {
    const wait = error.retryAfterMs ?? backoffDelay(RETRY, attempt - 1, this.host.random)
    this.failures.trouble('warn', `failed, is tried again in ${wait} ms: ${error.message}`)
    try {
      await this.clock.sleep(wait, this.stop)
    } catch (cause) {
      if (!this.stop.aborted) this.stopStream(this.errorOf({ kind: 'failed', error: cause }, 0), attempt)
      return false
    }
    // Each call that is still under way keeps what it was given: not one more of them.
    while (this.isHung && !this.stop.aborted) await this.stopped(this.abandonedChanged.wait())
    return !this.stop.aborted
  }

  private skip(work: Work, error: CtStreamError): void {
    this.counts.skipped += sizeOf(work)
    this.failures.trouble('error', `failed, and goes on without ${describe(work)}: ${error.message}`)
    this.queue.finish(work)
  }

  private stopModule(work: Work, error: CtStreamError): void {
    this.counts.skipped += sizeOf(work)
    this.queue.finish(work)
    if (this.phase === 'failed') return
    this.phase = 'failed'
    this.log.error(`failed at ${describe(work)}, and gets nothing more: ${error.message}`)
    this.dropQueue('it has stopped')
  }

  private dropQueue(why: string): void {
    const count = this.queue.discard()
    if (count > 0) this.drop(count, why)
  }

  private stopStream(error: CtStreamError, attempts: number): void {
    if (this.phase === 'failed') return
    this.phase = 'failed'
    this.queue.wake()
    const tried = attempts > 1 ? ` ${attempts} times` : ''
    this.host.fail(
      new CtStreamError('CT_MODULE_FAILED', `module \`${this.name}\` failed${tried}: ${error.message}`, {
        cause: error,
      }),
    )
  }

  private handle(work: Work, call: ModuleCall): unknown {
    const { definition } = this.prepared
    if (work.kind === 'certificate') return definition.onCertificate?.(work.certificate, call)
    if (work.kind === 'batch') return definition.onBatch?.(work.from.page.certificates, call)
    const [first] = work.items
    if (definition.onFinding !== undefined) return first && definition.onFinding(first.finding, call)
    return definition.onFindings?.(
      work.items.map(({ finding }) => finding),
      call,
    )
  }

  private callFor(work: Work, attempt: number, sinceMs: number): ModuleCall {
    if (work.kind !== 'findings') {
      const certificate = work.kind === 'certificate' ? work.certificate : undefined
      const call = new ModuleCall(this, certificate, attempt, sinceMs)
      this.ticketOf.set(call, work.from.page.ticket)
      return call
    }
    const { items } = work
    const only = items.length === 1 ? items[0] : undefined
    const call = new ModuleCall(this, only?.certificate, attempt, sinceMs)
    this.ticketOf.set(call, only?.ticket ?? ((certificate) => ticketAmong(items, certificate)))
    return call
  }

  private async wait(call: ModuleCall, promise: PromiseLike<unknown>): Promise<CallOutcome> {
    const { timeoutMs } = this.prepared.limits
    const outcome = await outcomeOf(promise, this.clock, timeoutMs, this.stop)
    if (outcome.kind === 'done' || outcome.kind === 'failed') {
      call.end()
      return outcome
    }
    call.end(outcome.kind === 'timeout' ? timedOut(this.name, timeoutMs) : this.stop.reason)
    if (outcome.kind === 'timeout') this.counts.timeouts++
    this.abandon(promise)
    return outcome
  }

  private abandon(promise: PromiseLike<unknown>): void {
    this.abandoned++
    if (this.abandoned === MAX_ABANDONED) {
      this.log.error(`hangs: ${MAX_ABANDONED} calls have not come back`)
      this.abandonedChanged.notify()
      this.queue.wake()
    }
    const over = () => {
      this.abandoned--
      if (this.abandoned === MAX_ABANDONED - 1) this.log.info('hangs no more')
      this.abandonedChanged.notify()
    }
    promise.then(over, over)
  }

  private attempt(action: () => unknown): CallOutcome & { readonly value?: unknown } {
    try {
      return { kind: 'done', value: action() }
    } catch (error) {
      return { kind: 'failed', error }
    }
  }

  private note(error: CtStreamError): CtStreamError {
    this.lastError = error
    return error
  }

  private errorOf(outcome: CallOutcome, timeoutMs: number): CtStreamError {
    if (outcome.kind === 'timeout') return timedOut(this.name, timeoutMs)
    const error = outcome.kind === 'failed' ? outcome.error : this.stop.reason
    if (CtStreamError.is(error)) return error
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const { retryAfterMs } = (error ?? {}) as { readonly retryAfterMs?: unknown }
    const asked = typeof retryAfterMs === 'number' && retryAfterMs >= 0 && retryAfterMs <= MAX_RETRY_AFTER_MS
    return new CtStreamError('CT_MODULE_FAILED', message, { cause: error, ...(asked ? { retryAfterMs } : {}) })
  }
}

function reasonOf(outcome: CallOutcome): string {
  if (outcome.kind === 'timeout') return 'it took too long'
  if (outcome.kind !== 'failed') return 'the run was stopped'
  return outcome.error instanceof Error ? outcome.error.message : String(outcome.error)
}

function ticketAmong(items: readonly FindingItem[], certificate: CtCertificate): Ticket {
  return items.find((item) => item.certificate === certificate)?.ticket ?? NO_TICKET
}

function sizeOf(work: Work): number {
  if (work.kind === 'certificate') return 1
  return work.kind === 'batch' ? work.from.page.certificates.length : work.items.length
}

function describe(work: Work): string {
  if (work.kind === 'certificate') return `entry ${work.certificate.index} of ${work.certificate.log.url}`
  if (work.kind === 'findings') return work.items.length === 1 ? 'a finding' : `${work.items.length} findings`
  const [first] = work.from.page.certificates
  return `${work.from.page.certificates.length} certificates from entry ${first?.index} of ${first?.log.url}`
}
