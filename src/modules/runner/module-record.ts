import { CtStreamError } from '../../errors.js'
import type { Logger } from '../../types/clock.js'
import { MAX_RETRY_AFTER_MS } from '../../util/retry-after.js'
import type { PreparedModule } from '../configure.js'
import { timedOut } from '../module-call.js'
import { ModuleQueue } from '../module-queue.js'
import type { CallOutcome } from '../patient-call.js'
import { prefixedLogger } from '../prefixed-logger.js'
import type { ModuleState, ModuleStatus } from '../status.js'
import { TroubleLog } from '../trouble-log.js'
import type { RunnerHost } from './runner-host.js'

const MAX_FINDINGS = 1000

/** State shared by the parts that run one module: its definition, its queue, its counts. */
export class ModuleRecord {
  readonly prepared: PreparedModule
  readonly host: RunnerHost
  readonly log: Logger
  readonly queue: ModuleQueue
  readonly failures: TroubleLog
  readonly counts = {
    certificates: 0,
    findings: 0,
    emitted: 0,
    repeats: 0,
    dropped: 0,
    skipped: 0,
    deadLetters: 0,
    errors: 0,
    retries: 0,
    timeouts: 0,
  }
  phase: ModuleState = 'waiting'
  private lastError: CtStreamError | undefined

  constructor(prepared: PreparedModule, host: RunnerHost) {
    this.prepared = prepared
    this.host = host
    this.log = prefixedLogger(host.logger, prepared.name)
    this.failures = new TroubleLog(this.log, host.elapsed)
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

  /** Whether waiting work must be done even if the module hangs; otherwise a hung module's work is given up. */
  get mustFinish(): boolean {
    return this.prepared.isWaitedFor && this.prepared.limits.onError !== 'skip'
  }

  get stop(): AbortSignal {
    return this.host.stop
  }

  status(isHung: boolean): ModuleStatus {
    const { name, acknowledge, isWaitedFor } = this.prepared
    return {
      name,
      state: isHung && this.phase === 'running' ? 'hung' : this.phase,
      acknowledge,
      isWaitedFor,
      queuedEntries: this.queue.entries,
      queuedBytes: this.queue.bytes,
      ...this.counts,
      lastError: this.lastError,
    }
  }

  note(error: CtStreamError): CtStreamError {
    this.lastError = error
    return error
  }

  /** @param option - The option that sets `timeoutMs`. */
  errorOf(outcome: CallOutcome, timeoutMs: number, option?: string): CtStreamError {
    if (outcome.kind === 'timeout') return timedOut(this.name, timeoutMs, option)
    const error = outcome.kind === 'failed' ? outcome.error : this.stop.reason
    if (CtStreamError.is(error)) return error
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const { retryAfterMs } = (error ?? {}) as { readonly retryAfterMs?: unknown }
    const asked = typeof retryAfterMs === 'number' && retryAfterMs >= 0 && retryAfterMs <= MAX_RETRY_AFTER_MS
    return new CtStreamError('CT_MODULE_FAILED', message, { cause: error, ...(asked ? { retryAfterMs } : {}) })
  }

  /** Resolves when `promise` is settled, or the run stops all work. */
  orStopped(promise: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.stop.removeEventListener('abort', end)
        resolve()
      }
      this.stop.addEventListener('abort', end, { once: true })
      promise.then(end, end)
    })
  }
}
