import { CtStreamError } from '../../errors.js'
import { type CallHost, ModuleCall } from '../module-call.js'
import { type CallOutcome, isPromise, outcomeOf } from '../patient-call.js'
import { attempted } from './handler-calls.js'
import type { ModuleRecord } from './module-record.js'

/** The handlers that run once: `setup`, `drain`, `teardown`. */
export class Lifecycle {
  private readonly record: ModuleRecord
  private readonly host: CallHost
  private moduleState: unknown
  private isSetUp = false

  constructor(record: ModuleRecord, host: CallHost) {
    this.record = record
    this.host = host
  }

  /** What `setup` returned. */
  get state(): unknown {
    return this.moduleState
  }

  /**
   * @param signal - Abandons the setup. If it still succeeds later, it is torn down.
   * @throws {@link CtStreamError} `CT_MODULE_FAILED`
   */
  async setUp(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { record } = this
    const { definition } = record.prepared
    record.phase = 'setting-up'
    const call = new ModuleCall(this.host)
    call.isLasting = true
    const result = attempted(() => definition.setup?.call(definition, call))
    const outcome = isPromise(result.value)
      ? await outcomeOf(result.value, record.host.clock, timeoutMs, signal)
      : result
    if (outcome.kind === 'done') {
      this.moduleState = outcome.value
      this.isSetUp = true
      record.phase = 'running'
      return
    }
    record.phase = 'failed'
    const cause = record.errorOf(outcome, timeoutMs, 'setupTimeoutMs')
    call.end(cause)
    if (isPromise(result.value))
      result.value.then(
        (state) => {
          this.moduleState = state
          this.isSetUp = true
          return this.tearDown(timeoutMs)
        },
        () => {},
      )
    throw record.note(
      new CtStreamError('CT_MODULE_FAILED', `module \`${record.name}\` could not be set up: ${reasonOf(outcome)}`, {
        cause,
      }),
    )
  }

  /** Calls `drain`, the last chance to report. Returns whether it could. */
  async drain(): Promise<boolean> {
    const { phase, prepared, stop } = this.record
    const { definition, limits } = prepared
    if (phase !== 'draining' || definition.drain === undefined || stop.aborted) return false
    const bound = { timeoutMs: limits.timeoutMs, option: 'limits.timeoutMs', stop }
    await this.callOnce('drain', () => definition.drain?.bind(definition), bound)
    return true
  }

  /** Calls `teardown` if the setup succeeded. Never rejects. */
  async tearDown(timeoutMs: number): Promise<void> {
    const { record } = this
    const { definition } = record.prepared
    if (record.phase !== 'failed') record.phase = 'stopped'
    if (!this.isSetUp) return
    this.isSetUp = false
    // Not the run's stop signal, which may have aborted: teardown has a time limit of its own.
    const bound = { timeoutMs, option: 'teardownTimeoutMs', stop: new AbortController().signal }
    await this.callOnce('teardown', () => definition.teardown?.bind(definition), bound)
  }

  private async callOnce(
    what: string,
    handler: () => ((context: ModuleCall) => unknown) | undefined,
    { timeoutMs, option, stop }: { readonly timeoutMs: number; readonly option: string; readonly stop: AbortSignal },
  ): Promise<void> {
    const { record } = this
    const call = new ModuleCall(this.host)
    const result = attempted(() => handler()?.(call))
    const outcome = isPromise(result.value) ? await outcomeOf(result.value, record.host.clock, timeoutMs, stop) : result
    if (outcome.kind === 'done') return call.end()
    const error = record.errorOf(outcome, timeoutMs, option)
    call.end(error)
    record.counts.errors++
    record.note(error)
    record.log.error(`${what} failed: ${error.message}`)
  }
}

function reasonOf(outcome: CallOutcome): string {
  if (outcome.kind === 'timeout') return 'it took too long'
  if (outcome.kind !== 'failed') return 'the run was stopped'
  return outcome.error instanceof Error ? outcome.error.message : String(outcome.error)
}
