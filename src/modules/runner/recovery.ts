import { CtStreamError } from '../../errors.js'
import { backoffDelay } from '../../util/backoff.js'
import { CertificateFailed, type ModuleCall } from '../module-call.js'
import { type Batch, sizeOf, type Work } from '../module-queue.js'
import type { CallOutcome } from '../patient-call.js'
import type { AbandonedCalls } from './abandoned-calls.js'
import type { HandlerCalls } from './handler-calls.js'
import type { Intake } from './intake.js'
import type { ModuleRecord } from './module-record.js'
import { SetAside } from './set-aside.js'
import { certificatesOf, describe } from './work-text.js'

const RETRY = { baseMs: 500, maxMs: 60_000 }

export interface RecoveryParts {
  readonly record: ModuleRecord
  readonly abandoned: AbandonedCalls
  readonly intake: Intake
  readonly calls: HandlerCalls
  /** Called after a call that succeeded. */
  readonly succeed: (work: Work, call: ModuleCall) => Promise<void> | undefined
}

/** Applies the module's error policy to a call that failed or took too long. */
export class Recovery {
  private readonly parts: RecoveryParts
  private readonly aside: SetAside

  constructor(parts: RecoveryParts) {
    this.parts = parts
    const { record, calls } = parts
    const perform = (work: Work) => this.perform(work)
    const recover = (work: Work, call: ModuleCall, outcome: CallOutcome) => this.from(work, call, outcome)
    this.aside = new SetAside({ record, calls, perform, recover })
  }

  /** Resolves when the work is done, given up, or left unfinished because the run ends. */
  async from(all: Work, firstCall: ModuleCall, first: CallOutcome): Promise<void> {
    if (all.kind === 'batch' && first.kind === 'failed' && first.error instanceof CertificateFailed)
      return this.fromOne(all, firstCall, first.error)
    const { record, calls, succeed } = this.parts
    const { onError, attempts, timeoutMs } = record.prepared.limits
    const { parking } = record.host
    /** When the work that is left was tried first. */
    let began = record.host.elapsed()
    let [work, call, outcome] = [all, firstCall, first]
    /** Calls that failed since the module got on with the work. */
    let attempt = 0
    for (let made = 1; ; made++) {
      work = this.withoutDone(work, call)
      if (call.done > 0) {
        attempt = 0
        began = record.host.elapsed()
      }
      attempt++
      if (outcome.kind === 'stopped') return
      const error = record.note(record.errorOf(outcome, timeoutMs))
      record.counts.errors++
      if (parking !== undefined && error.code === 'CT_LEASE_LOST') return this.leaveToAnother(work)
      // The program is wrong, and would be with every entry: none is to be passed over for it.
      if (error.code === 'CT_MODULE_INVALID') return this.stopStream(error, attempt)
      if (onError === 'skip')
        return parking === undefined ? this.skip(work, error) : this.setAside(work, call, error, attempt)
      if (onError === 'stop-module') return this.stopModule(work, error)
      if (onError === 'retry' && parking !== undefined && attempt >= Math.min(attempts, parking.after))
        return this.setAside(work, call, error, attempt)
      if (onError === 'stop-stream' || attempt >= attempts) return this.stopStream(error, attempt)
      if (!(await this.waitToRetry(error, attempt))) return
      record.counts.retries++
      ;({ call, outcome } = await calls.make(work, made + 1, record.host.elapsed() - began))
      if (outcome.kind !== 'done') continue
      record.failures.over(`works again, after ${made + 1} attempts`)
      await succeed(work, call)
      return
    }
  }

  /** Applies the policy to the one certificate of a batch that failed, and continues behind it. */
  private async fromOne(work: Batch, call: ModuleCall, { at, cause }: CertificateFailed): Promise<void> {
    const { record, intake } = this.parts
    const { before, one, behind } = record.queue.split(work, at)
    record.counts.certificates += at
    record.queue.finish(before)
    await this.from(one, call, { kind: 'failed', error: cause })
    const left = sizeOf(behind)
    if (record.stop.aborted || (record.phase === 'failed' && record.prepared.limits.onError !== 'stop-module')) return
    if (left === 0 || record.phase === 'failed') {
      if (left > 0) intake.drop(left, 'it has stopped')
      record.queue.finish(behind)
      return
    }
    await this.perform(behind)
  }

  /** Whether there is a next attempt. */
  private async waitToRetry(error: CtStreamError, attempt: number): Promise<boolean> {
    const { record, abandoned } = this.parts
    const { host, stop } = record
    // What a receiver asks for makes a wait longer, never shorter: it may ask for none, or for a time that has passed.
    const wait = Math.max(backoffDelay(RETRY, attempt - 1, host.random), error.retryAfterMs ?? 0)
    record.failures.trouble('warn', `failed, is tried again in ${wait} ms: ${error.message}`)
    try {
      await host.clock.sleep(wait, stop)
    } catch (cause) {
      if (!stop.aborted) this.stopStream(record.errorOf({ kind: 'failed', error: cause }, 0), attempt)
      return false
    }
    // Calls that timed out keep their work in memory: do not add another while the module hangs.
    while (abandoned.isHung && !stop.aborted) await record.orStopped(abandoned.change())
    return !stop.aborted
  }

  /** Another processor has the work now. Should it end before it has finished, the work comes again. */
  private leaveToAnother(work: Work): void {
    const { host, queue } = this.parts.record
    for (const certificate of certificatesOf(work)) host.forget(certificate)
    queue.finish(work)
  }

  /** Has the source set aside what failed of the work, and continues. */
  private async setAside(work: Work, call: ModuleCall, error: CtStreamError, attempt: number): Promise<void> {
    try {
      await this.aside.work(work, call, error, attempt)
    } catch (cause) {
      this.stopStream(this.parts.record.errorOf({ kind: 'failed', error: cause }, 0), attempt)
    }
  }

  /** Finishes the findings that a call had done when it failed; returns those that are left. */
  private withoutDone(work: Work, { done }: ModuleCall): Work {
    if (work.kind !== 'findings' || done === 0) return work
    const { counts, queue } = this.parts.record
    queue.finish({ kind: 'findings', items: work.items.slice(0, done) })
    counts.findings += done
    return { kind: 'findings', items: work.items.slice(done) }
  }

  /** Calls the handler for work that it has not been called for by itself. */
  private async perform(work: Work): Promise<void> {
    const { call, outcome } = await this.parts.calls.make(work, 1, 0)
    if (outcome.kind === 'done') await this.parts.succeed(work, call)
    else await this.from(work, call, outcome)
  }

  private skip(work: Work, error: CtStreamError): void {
    const { counts, failures, queue } = this.parts.record
    counts.skipped += sizeOf(work)
    failures.trouble('error', `failed, and goes on without ${describe(work)}: ${error.message}`)
    queue.finish(work)
  }

  private stopModule(work: Work, error: CtStreamError): void {
    const { record, intake } = this.parts
    record.counts.skipped += sizeOf(work)
    record.queue.finish(work)
    if (record.phase === 'failed') return
    record.phase = 'failed'
    record.log.error(`failed at ${describe(work)}, and gets nothing more: ${error.message}`)
    intake.dropQueue('it has stopped')
  }

  private stopStream(error: CtStreamError, attempts: number): void {
    const { record } = this.parts
    if (record.phase === 'failed') return
    record.phase = 'failed'
    record.queue.wake()
    const tried = attempts > 1 ? ` ${attempts} times` : ''
    record.host.fail(
      new CtStreamError('CT_MODULE_FAILED', `module \`${record.name}\` failed${tried}: ${error.message}`, {
        cause: error,
      }),
    )
  }
}
