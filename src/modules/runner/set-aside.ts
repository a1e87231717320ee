import type { CtStreamError } from '../../errors.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { ModuleCall } from '../module-call.js'
import { type Batch, type Findings, sizeOf, type Work } from '../module-queue.js'
import type { CallOutcome } from '../patient-call.js'
import { type HandlerCalls, handlingModule } from './handler-calls.js'
import type { ModuleRecord } from './module-record.js'
import { certificatesOf, describe } from './work-text.js'

export interface SetAsideParts {
  readonly record: ModuleRecord
  readonly calls: HandlerCalls
  /** Calls the handler for work it has not been called for, and recovers from what fails. */
  readonly perform: (work: Work) => Promise<void>
  /** Recovers from a call that failed. */
  readonly recover: (work: Work, call: ModuleCall, outcome: CallOutcome) => Promise<void>
}

/** Has the source set aside work on which a module keeps failing: no more of it than what fails. */
export class SetAside {
  private readonly parts: SetAsideParts

  constructor(parts: SetAsideParts) {
    this.parts = parts
  }

  /**
   * Resolves when the work is set aside or done; the module continues.
   *
   * @param call - The one that failed last.
   * @throws what the source throws.
   */
  async work(work: Work, call: ModuleCall, error: CtStreamError, attempt: number): Promise<void> {
    if (work.kind === 'findings') return this.findings(work, call, error, attempt)
    const { record } = this.parts
    const failed = work.kind === 'batch' ? await this.failedAlone(work, error, attempt) : await this.whole(work, error)
    if (record.stop.aborted) return
    record.counts.skipped += failed
    if (work.kind === 'batch') record.counts.certificates += sizeOf(work) - failed
    this.finish(work, error)
  }

  /** Sets aside what the call was at, or those of it that fail by themselves, and goes on with what the module had not begun. */
  private async findings(work: Findings, call: ModuleCall, error: CtStreamError, attempt: number): Promise<void> {
    const { items } = work
    const begun = call.underWay ?? items.length
    const failed: Findings = { kind: 'findings', items: items.slice(0, begun) }
    if (begun === 1 || !isTheirs(error)) await this.together(failed, error)
    else for (const item of failed.items) await this.alone({ kind: 'findings', items: [item] }, attempt)
    if (begun < items.length && this.goesOn) await this.parts.perform({ kind: 'findings', items: items.slice(begun) })
  }

  private async together(work: Findings, error: CtStreamError): Promise<void> {
    for (const certificate of new Set(certificatesOf(work))) await this.park(work, certificate, error.message)
    if (this.parts.record.stop.aborted) return
    this.parts.record.counts.skipped += sizeOf(work)
    this.finish(work, error)
  }

  private async alone(work: Findings, attempt: number): Promise<void> {
    if (!this.goesOn) return
    const { record, calls, recover } = this.parts
    const { call, outcome } = await calls.make(work, attempt + 1, 0)
    if (outcome.kind === 'done') {
      call.end()
      record.counts.findings++
      record.queue.finish(work)
      return
    }
    const error = record.errorOf(outcome, record.prepared.limits.timeoutMs)
    if (outcome.kind === 'failed' && isTheirs(error) && error.code !== 'CT_LEASE_LOST') await this.together(work, error)
    else await recover(work, call, outcome)
  }

  /** Returns how many certificates are set aside. */
  private async whole(work: Work, { message }: CtStreamError): Promise<number> {
    const certificates = certificatesOf(work)
    for (const certificate of certificates) await this.park(work, certificate, message)
    return certificates.length
  }

  /**
   * Sets aside the certificates of a batch that fail when the handler is called with each alone. Each before the next call: that one may move
   * the group on, and what is not set aside by then would be gone if the process died.
   *
   * @returns How many.
   */
  private async failedAlone(work: Batch, first: CtStreamError, attempt: number): Promise<number> {
    const { record, calls } = this.parts
    const { page } = work.from
    if (page.certificates.length === 1) return this.whole(work, first)
    let failed = 0
    for (const certificate of page.certificates) {
      if (record.stop.aborted) break
      const alone: Batch = { kind: 'batch', from: { page: { ...page, certificates: [certificate] }, next: 0, left: 1 } }
      const { call, outcome } = await calls.make(alone, attempt + 1, 0)
      if (outcome.kind === 'stopped') break
      if (outcome.kind === 'done') {
        call.end()
        continue
      }
      const error = record.errorOf(outcome, record.prepared.limits.timeoutMs)
      if (error.code === 'CT_MODULE_INVALID') throw error
      if (error.code === 'CT_LEASE_LOST') {
        record.host.forget(certificate)
        continue
      }
      await this.park(alone, certificate, error.message)
      failed++
    }
    return failed
  }

  private get goesOn(): boolean {
    const { record } = this.parts
    return !record.stop.aborted && record.phase !== 'failed'
  }

  private async park({ kind }: Work, certificate: CtCertificate, message: string): Promise<void> {
    const { record } = this.parts
    const { host, name } = record
    const park = () => host.parking?.park(certificate, { by: name, message })
    // Before it can be replayed.
    host.forget(certificate)
    // The source knows what the module has finished with after its time.
    await (host.callFor === undefined ? park() : host.callFor(handlingModule(record, kind), park))
  }

  private finish(work: Work, error: CtStreamError): void {
    const { failures, queue } = this.parts.record
    failures.trouble('error', `failed, and has ${describe(work)} set aside: ${error.message}`)
    queue.finish(work)
  }
}

/** Whether it may be the findings: a receiver that is down, busy or silent would take none of them alone either. */
function isTheirs({ retryable, retryAfterMs }: CtStreamError): boolean {
  return !retryable && retryAfterMs === undefined
}
