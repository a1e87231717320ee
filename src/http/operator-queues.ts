import PQueue from 'p-queue'
import type { Clock } from '../types/clock.js'
import { ENDED, quietController } from '../util/abort.js'
import { systemClock } from '../util/clock.js'

/** Most requests under way. */
export interface ConcurrencyLimits {
  readonly perLog: number
  readonly perOperator: number
  readonly total: number
}

export const DEFAULT_CONCURRENCY: ConcurrencyLimits = Object.freeze({ perLog: 4, perOperator: 8, total: 32 })

/** Which log a request is for, and how urgent it is. */
export interface QueueSlot {
  /** Any stable name of the log, such as its id. */
  readonly log: string
  readonly operator: string
  /** Higher goes first. Default 0. */
  readonly priority?: number
  /** A waiting task leaves the queue as soon as it aborts. */
  readonly signal?: AbortSignal
}

/** A request that takes longer than this, milliseconds, no longer counts in the limit of the process. */
const LATE_MS = 1_000

/**
 * Lets requests through within three limits: of their log, of its operator (who throttles clients over all of its logs),
 * and of the process. Within each, higher priority goes first, then first come, first served.
 *
 * The limit of the process protects the process, to which a request that merely waits costs next to nothing. So late requests do not
 * count in it, nor do those to a log whose last answer was late: slow logs, however many, do not keep the others waiting.
 */
export class OperatorQueues {
  private readonly limits: ConcurrencyLimits
  private readonly total: PQueue
  private readonly operators = new Map<string, PQueue>()
  private readonly logs = new Map<string, PQueue>()
  /** Logs whose last answer came late, or is late now. Bounded by the number of logs that were asked. */
  private readonly late = new Set<string>()
  private readonly clock: Pick<Clock, 'sleep'>

  constructor(limits: Partial<ConcurrencyLimits> = {}, clock: Pick<Clock, 'sleep'> = systemClock) {
    this.clock = clock
    this.limits = { ...DEFAULT_CONCURRENCY, ...limits }
    this.total = new PQueue({ concurrency: this.limits.total })
  }

  /**
   * Runs `task` when its turn comes.
   * @returns What the task returns or throws; rejects with `signal.reason` when aborted before or while it runs.
   */
  run<T>(slot: QueueSlot, task: () => Promise<T>): Promise<T> {
    const { signal, priority = 0 } = slot
    const operator = queueOf(this.operators, slot.operator, this.limits.perOperator)
    const name = `${slot.operator}\n${slot.log}`
    const log = queueOf(this.logs, name, this.limits.perLog)
    // The narrowest limit first: a log with a long backlog waits in its own queue, without taking a place that others need.
    return log.add(() => operator.add(() => this.runInTotal(name, task, { priority, signal }), { priority, signal }), {
      priority,
      signal,
    })
  }

  private async runInTotal<T>(
    log: string,
    task: () => Promise<T>,
    slot: { priority: number; signal?: AbortSignal },
  ): Promise<T> {
    let running: Promise<T> | undefined
    const start = () => {
      running = task()
      return this.untilLate(log, running)
    }
    if (this.late.has(log)) void start()
    else await this.total.add(start, slot)
    return await (running as Promise<T>)
  }

  /** Resolves when `running` has settled or is late, and remembers which. */
  private async untilLate(log: string, running: Promise<unknown>): Promise<void> {
    const ended = quietController()
    running.catch(() => {}).finally(() => ended.abort(ENDED))
    await this.clock.sleep(LATE_MS, ended.signal).catch(() => {})
    if (ended.signal.aborted) this.late.delete(log)
    else this.late.add(log)
  }

  /** Tasks that wait. */
  get waiting(): number {
    const queued = (queues: Iterable<PQueue>) => [...queues].reduce((sum, queue) => sum + queue.size, 0)
    return queued(this.logs.values()) + queued(this.operators.values()) + this.total.size
  }

  /** Tasks that run and are not late. */
  get running(): number {
    return this.total.pending
  }
}

function queueOf(queues: Map<string, PQueue>, name: string, concurrency: number): PQueue {
  let queue = queues.get(name)
  if (queue === undefined) queues.set(name, (queue = new PQueue({ concurrency })))
  return queue
}
