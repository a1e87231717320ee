import type { CtCertificate } from '../../types/certificate.js'
import type { HandlingModule } from '../../types/handling-module.js'
import { NO_TICKET, type Ticket } from '../acknowledger.js'
import { type CallHost, ModuleCall, timedOut } from '../module-call.js'
import type { FindingItem, Work } from '../module-queue.js'
import { type CallOutcome, isPromise, outcomeOf } from '../patient-call.js'
import type { AbandonedCalls } from './abandoned-calls.js'
import type { ModuleRecord } from './module-record.js'

/** Outcome of calling a handler; when it is `done` with a promise, the promise must still be awaited. */
export type Attempt = CallOutcome & { readonly value?: unknown }

/** Calls the handlers of a module for its work. */
export class HandlerCalls {
  private readonly record: ModuleRecord
  private readonly abandoned: AbandonedCalls
  private readonly host: CallHost

  constructor(record: ModuleRecord, abandoned: AbandonedCalls, host: CallHost) {
    this.record = record
    this.abandoned = abandoned
    this.host = host
  }

  /** Calls the handler for some work. */
  begin(work: Work, attempt: number, sinceMs: number): { readonly call: ModuleCall; readonly result: Attempt } {
    const call = this.callFor(work, attempt, sinceMs)
    return { call, result: attempted(() => this.handleFor(work, call)) }
  }

  /** Calls the handler for some work and awaits what it returns, as {@link wait} does. The caller ends a call that is done. */
  async make(
    work: Work,
    attempt: number,
    sinceMs: number,
  ): Promise<{ readonly call: ModuleCall; readonly outcome: CallOutcome }> {
    const { call, result } = this.begin(work, attempt, sinceMs)
    const outcome = result.kind === 'done' && isPromise(result.value) ? await this.wait(call, result.value) : result
    return { call, outcome }
  }

  /** Awaits the promise of a call, within the time limit of a call: of what it is at, where it says so. What it pauses for does not count. */
  async wait(call: ModuleCall, promise: PromiseLike<unknown>): Promise<CallOutcome> {
    const { name, stop, counts, prepared } = this.record
    const { timeoutMs } = prepared.limits
    const outcome = await this.inTime(call, promise)
    call.isGivenUp = outcome.kind !== 'done'
    if (outcome.kind === 'done' || outcome.kind === 'failed') {
      call.end()
      return outcome
    }
    call.end(outcome.kind === 'timeout' ? timedOut(name, timeoutMs) : stop.reason)
    if (outcome.kind === 'timeout') counts.timeouts++
    this.abandoned.add(promise)
    return outcome
  }

  /** The ticket that a finding of this call about a certificate holds. */
  ticketFor(call: ModuleCall, certificate: CtCertificate): Ticket {
    const { held } = call
    return typeof held === 'function' ? held(certificate) : held
  }

  private async inTime(call: ModuleCall, promise: PromiseLike<unknown>): Promise<CallOutcome> {
    const { record } = this
    const { clock, elapsed } = record.host
    const { timeoutMs } = record.prepared.limits
    let isAnswered = false
    let beganAt: number | undefined
    call.onGoTo = () => {
      beganAt = elapsed()
    }
    for (let pauses = 0, ms = timeoutMs; ; ) {
      const outcome = await outcomeOf(promise, clock, ms, record.stop)
      if (outcome.kind !== 'timeout') return outcome
      ms = timeoutMs
      if (call.pauses !== pauses) {
        pauses = call.pauses
        isAnswered = false
        await record.orStopped(call.pause as Promise<unknown>)
        continue
      }
      const left = beganAt === undefined ? 0 : beganAt + timeoutMs - elapsed()
      beganAt = undefined
      if (left > 0) {
        ms = left
        continue
      }
      // The thread may have done the work, with its answer on the way: of a process that stood still, timers come first.
      if (isAnswered || call.answered === undefined) return outcome
      isAnswered = (await this.unlessSettled(promise, call.answered())) === 'answered'
    }
  }

  /** What comes of `other`; `undefined` when `promise` is settled, or the run stops all work, before. */
  private async unlessSettled<T>(promise: PromiseLike<unknown>, other: Promise<T>): Promise<T | undefined> {
    const settled = promise.then(
      () => undefined,
      () => undefined,
    )
    let result: T | undefined
    const first = Promise.race([settled, other]).then((value) => {
      result = value
    })
    await this.record.orStopped(first)
    return result
  }

  /** Has the source know for which module, and for which call of it, it is. */
  private handleFor(work: Work, call: ModuleCall): unknown {
    const { callFor } = this.record.host
    if (callFor === undefined) return this.handle(work, call)
    const { name, isAloneInOrder } = handlingModule(this.record, work.kind)
    const caller = {
      name,
      isAloneInOrder,
      get isGivenUp() {
        return call.isGivenUp
      },
    }
    return callFor(caller, () => this.handle(work, call))
  }

  private handle(work: Work, call: ModuleCall): unknown {
    const { definition } = this.record.prepared
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
      const call = new ModuleCall(this.host, certificate, attempt, sinceMs)
      call.held = work.from.page.ticket
      return call
    }
    const { items } = work
    const only = items.length === 1 ? items[0] : undefined
    const call = new ModuleCall(this.host, only?.certificate, attempt, sinceMs)
    call.held = only?.ticket ?? ((certificate) => ticketAmong(items, certificate))
    return call
  }
}

/** A module as its source has to know it. */
export function handlingModule({ host, prepared, name }: ModuleRecord, kind: Work['kind']): HandlingModule {
  const { acknowledge, limits } = prepared
  const isAlone = acknowledge && host.waitedFor === 1
  // Findings about an earlier entry may come later.
  return { name, isAloneInOrder: isAlone && limits.concurrency === 1 && kind !== 'findings' }
}

export function attempted(action: () => unknown): Attempt {
  try {
    return { kind: 'done', value: action() }
  } catch (error) {
    return { kind: 'failed', error }
  }
}

function ticketAmong(items: readonly FindingItem[], certificate: CtCertificate): Ticket {
  return items.find((item) => item.certificate === certificate)?.ticket ?? NO_TICKET
}
