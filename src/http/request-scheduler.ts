import type { Clock } from '../types/clock.js'
import type { LogInfo } from '../types/log.js'
import type { KeptRate } from './learned-rate.js'
import { type ConcurrencyLimits, OperatorQueues } from './operator-queues.js'
import { OriginRates } from './origin-rates.js'
import { priorityAtRate } from './priority.js'

export interface RequestSchedulerOptions {
  readonly concurrency: Partial<ConcurrencyLimits>
  readonly clock: Clock
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number
}

/** How urgent a request is. */
export interface RequestTurn {
  /** Higher goes first; see `PRIORITY`. */
  readonly priority: number
  /** A waiting request leaves the queue as soon as it aborts. */
  readonly signal: AbortSignal
}

/**
 * Decides when each request of the process is sent: at the rate that its origin allows, and within the limits of its log, its
 * operator and the process.
 */
export class RequestScheduler {
  private readonly rates: OriginRates
  private readonly queues: OperatorQueues

  constructor(options: RequestSchedulerOptions) {
    this.rates = new OriginRates(options)
    this.queues = new OperatorQueues(options.concurrency, options.clock)
  }

  /**
   * Runs a request to `log` when its turn comes.
   * @returns What the request returns or throws; rejects with `signal.reason` when aborted before.
   */
  run<T>(
    { id, operator, url }: Pick<LogInfo, 'id' | 'operator' | 'url'>,
    { priority, signal }: RequestTurn,
    request: () => Promise<T>,
  ): Promise<T> {
    // Waits for the rate first: meanwhile the request takes no place that others could use.
    return this.rates.run({ url, priority: priorityAtRate(priority), signal }, () =>
      this.queues.run({ log: id, operator, priority, signal }, request),
    )
  }

  /** Requests per second now allowed to the origin of `url`; `undefined` while they are not limited. */
  requestsPerSecond(url: string): number | undefined {
    return this.rates.requestsPerSecond(url)
  }

  /** The rate of the origin of `url`, to store for later runs; `undefined` while there is none. */
  kept(url: string): KeptRate | undefined {
    return this.rates.kept(url)
  }

  /** Continues with what {@link kept} returned in an earlier run, or with anything else that a foreign store may hold. */
  restore(url: string, learned: Readonly<Record<string, unknown>>): void {
    this.rates.restore(url, learned)
  }
}
