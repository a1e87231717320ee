import PQueue from 'p-queue'

/** Requests in flight at most. */
export interface ConcurrencyLimits {
  readonly perLog: number
  readonly perOperator: number
  readonly total: number
}

export const DEFAULT_CONCURRENCY: ConcurrencyLimits = Object.freeze({ perLog: 4, perOperator: 8, total: 32 })

/** Whose request it is, and how urgent. */
export interface QueueSlot {
  /** Any stable name of the log, such as its id. */
  readonly log: string
  readonly operator: string
  /** Higher goes first. Default 0. */
  readonly priority?: number
  /** A waiting task leaves the queue as soon as it aborts. */
  readonly signal?: AbortSignal
}

/**
 * Lets requests through within three limits: of their log, of its operator (who throttles clients over all of its logs),
 * and of the process. Within each, higher priority goes first, then who came first.
 */
export class OperatorQueues {
  private readonly limits: ConcurrencyLimits
  private readonly total: PQueue
  private readonly operators = new Map<string, PQueue>()
  private readonly logs = new Map<string, PQueue>()

  constructor(limits: Partial<ConcurrencyLimits> = {}) {
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
    const log = queueOf(this.logs, `${slot.operator}\n${slot.log}`, this.limits.perLog)
    // The narrowest first: a log with a long backlog waits in its own queue, not in a place that others need.
    return log.add(() => operator.add(() => this.total.add(task, { priority, signal }), { priority, signal }), {
      priority,
      signal,
    })
  }

  /** Tasks that wait for their turn. */
  get waiting(): number {
    const queued = (queues: Iterable<PQueue>) => [...queues].reduce((sum, queue) => sum + queue.size, 0)
    return queued(this.logs.values()) + queued(this.operators.values()) + this.total.size
  }

  /** Tasks that run. */
  get running(): number {
    return this.total.pending
  }
}

function queueOf(queues: Map<string, PQueue>, name: string, concurrency: number): PQueue {
  let queue = queues.get(name)
  if (queue === undefined) queues.set(name, (queue = new PQueue({ concurrency })))
  return queue
}
