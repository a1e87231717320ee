import type { Clock } from '../types/clock.js'
import type { LogInfo } from '../types/log.js'
import type { KeptRate } from './learned-rate.js'
import { type ConcurrencyLimits, OperatorQueues } from './operator-queues.js'
import { OriginRates } from './origin-rates.js'

export interface RequestSchedulerOptions {
  readonly concurrency: Partial<ConcurrencyLimits>
  readonly clock: Clock
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number
}

/** How urgent a request is. */
export interface RequestTurn {
  /** Higher goes first. */
  readonly priority: number
  /** A waiting request leaves the queue as soon as it aborts. */
  readonly signal: AbortSignal
}

/**
 * Gives every request of one process its turn: as often as its origin may be asked, and within the limits of its log, of its
 * operator and of the process.
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
    // The rate comes first: who waits for it takes no place that others could use.
    return this.rates.run({ url, priority, signal }, () =>
      this.queues.run({ log: id, operator, priority, signal }, request),
    )
  }

  /** How often the origin of `url` is asked at most now; `undefined` while nothing limits it. */
  requestsPerSecond(url: string): number | undefined {
    return this.rates.requestsPerSecond(url)
  }

  /** What was learned of the rate of the origin of `url`, to be kept; `undefined` while nothing limits it. */
  kept(url: string): KeptRate | undefined {
    return this.rates.kept(url)
  }

  /** Takes up what {@link kept} returned in an earlier run; anything, as stores of others may hold it. */
  restore(url: string, learned: Readonly<Record<string, unknown>>): void {
    this.rates.restore(url, learned)
  }
}
