import { CtStreamError } from '../../errors.js'
import type { CtCertificate } from '../../types/certificate.js'
import { backoffDelay } from '../../util/backoff.js'
import { CertificateFailed, type ModuleCall } from '../module-call.js'
import { type Batch, sizeOf, type Work } from '../module-queue.js'
import { type CallOutcome, isPromise } from '../patient-call.js'
import type { AbandonedCalls } from './abandoned-calls.js'
import type { HandlerCalls } from './handler-calls.js'
import type { Intake } from './intake.js'
import type { ModuleRecord } from './module-record.js'

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

  constructor(parts: RecoveryParts) {
    this.parts = parts
  }

  /** Resolves when the work is done, given up, or left unfinished because the run ends. */
  async from(work: Work, first: CallOutcome): Promise<void> {
    if (work.kind === 'batch' && first.kind === 'failed' && first.error instanceof CertificateFailed)
      return this.fromOne(work, first.error)
    const { record, calls, succeed } = this.parts
    const { onError, attempts, timeoutMs } = record.prepared.limits
    const { parking } = record.host
    const began = record.host.elapsed()
    let outcome = first
    for (let attempt = 1; ; attempt++) {
      if (outcome.kind === 'stopped') return
      const error = record.note(record.errorOf(outcome, timeoutMs))
      record.counts.errors++
      if (parking !== undefined && error.code === 'CT_LEASE_LOST') return this.leaveToAnother(work)
      if (onError === 'skip')
        return parking === undefined ? this.skip(work, error) : this.setAside(work, error, attempt)
      if (onError === 'stop-module') return this.stopModule(work, error)
      if (onError === 'retry' && parking !== undefined && attempt >= Math.min(attempts, parking.after))
        return this.setAside(work, error, attempt)
      if (onError === 'stop-stream' || attempt >= attempts) return this.stopStream(error, attempt)
      if (!(await this.waitToRetry(error, attempt))) return
      record.counts.retries++
      const { call, result } = calls.begin(work, attempt + 1, record.host.elapsed() - began)
      outcome = result.kind === 'done' && isPromise(result.value) ? await calls.wait(call, result.value) : result
      if (outcome.kind !== 'done') continue
      record.failures.over(`works again, after ${attempt + 1} attempts`)
      await succeed(work, call)
      return
    }
  }

  /** Applies the policy to the one certificate of a batch that failed, and continues behind it. */
  private async fromOne(work: Batch, { at, cause }: CertificateFailed): Promise<void> {
    const { record, calls, intake, succeed } = this.parts
    const { before, one, behind } = record.queue.split(work, at)
    record.counts.certificates += at
    record.queue.finish(before)
    await this.from(one, { kind: 'failed', error: cause })
    const left = sizeOf(behind)
    if (record.stop.aborted || (record.phase === 'failed' && record.prepared.limits.onError !== 'stop-module')) return
    if (left === 0 || record.phase === 'failed') {
      if (left > 0) intake.drop(left, 'it has stopped')
      record.queue.finish(behind)
      return
    }
    const { call, result } = calls.begin(behind, 1, 0)
    const outcome = result.kind === 'done' && isPromise(result.value) ? await calls.wait(call, result.value) : result
    if (outcome.kind === 'done') await succeed(behind, call)
    else await this.from(behind, outcome)
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

  /** Has the source set aside the work that failed, and continues. */
  private async setAside(work: Work, error: CtStreamError, attempt: number): Promise<void> {
    const { record } = this.parts
    const { counts, failures, queue, host } = record
    try {
      const failed = work.kind === 'batch' ? await this.failedAlone(work, error, attempt) : withError(work, error)
      for (const [certificate, { message }] of failed) {
        // Before it can be replayed.
        host.forget(certificate)
        await host.parking?.park(certificate, { by: record.name, message })
      }
      if (record.stop.aborted) return
      counts.skipped += work.kind === 'findings' ? sizeOf(work) : failed.size
      if (work.kind === 'batch') counts.certificates += sizeOf(work) - failed.size
      failures.trouble('error', `failed, and has ${describe(work)} set aside: ${error.message}`)
      queue.finish(work)
    } catch (cause) {
      this.stopStream(record.errorOf({ kind: 'failed', error: cause }, 0), attempt)
    }
  }

  /** Finds the certificates of a batch that fail, by calling the handler with each alone. */
  private async failedAlone(
    work: Batch,
    first: CtStreamError,
    attempt: number,
  ): Promise<Map<CtCertificate, CtStreamError>> {
    const { record, calls } = this.parts
    const { page } = work.from
    if (page.certificates.length === 1) return withError(work, first)
    const failed = new Map<CtCertificate, CtStreamError>()
    for (const certificate of page.certificates) {
      if (record.stop.aborted) break
      const alone: Batch = { kind: 'batch', from: { page: { ...page, certificates: [certificate] }, next: 0, left: 1 } }
      const { call, result } = calls.begin(alone, attempt + 1, 0)
      const outcome = result.kind === 'done' && isPromise(result.value) ? await calls.wait(call, result.value) : result
      if (outcome.kind === 'stopped') break
      if (outcome.kind === 'done') {
        call.end()
        continue
      }
      const error = record.errorOf(outcome, record.prepared.limits.timeoutMs)
      if (error.code === 'CT_LEASE_LOST') record.host.forget(certificate)
      else failed.set(certificate, error)
    }
    return failed
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

function withError(work: Work, error: CtStreamError): Map<CtCertificate, CtStreamError> {
  return new Map(certificatesOf(work).map((certificate) => [certificate, error]))
}

function certificatesOf(work: Work): readonly CtCertificate[] {
  if (work.kind === 'certificate') return [work.certificate]
  return work.kind === 'batch' ? work.from.page.certificates : work.items.map(({ certificate }) => certificate)
}

function describe(work: Work): string {
  if (work.kind === 'certificate') return `entry ${work.certificate.index} of ${work.certificate.log.url}`
  if (work.kind === 'findings') return work.items.length === 1 ? 'a finding' : `${work.items.length} findings`
  const [first] = work.from.page.certificates
  return `${work.from.page.certificates.length} certificates from entry ${first?.index} of ${first?.log.url}`
}
