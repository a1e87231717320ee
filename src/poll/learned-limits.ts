import type { KeptRate } from '../http/learned-rate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import { EntryWeight } from './entry-weight.js'
import { PagePlanner } from './page-planner.js'

/** What is known of how a log likes to be read: how many entries it gives at once, and how large they are. */
export class LearnedLimits {
  readonly planner: PagePlanner
  readonly weight: EntryWeight

  /** @param remembered - What {@link record} returned once; anything, as stores of others may hold it. */
  constructor(remembered: LogCheckpoint['learned'] = {}) {
    const { pageSize, retryAfter, bytesPerEntry } = remembered
    this.planner = new PagePlanner(numberOf(pageSize), numberOf(retryAfter))
    this.weight = new EntryWeight(bytesPerEntry)
  }

  /**
   * What is worth remembering.
   * @param rate - The rate to which the log's origin limits its clients, if it does, with its dates: a limit ages.
   */
  record(rate: KeptRate | undefined): LogCheckpoint['learned'] {
    const { pageSize, retryAfter } = this.planner
    return {
      pageSize,
      ...(retryAfter !== undefined && { retryAfter }),
      ...(this.weight.isKnown && { bytesPerEntry: Math.round(this.weight.bytesPerEntry) }),
      ...(rate && { ...rate, requestsPerSecond: Number(rate.requestsPerSecond.toPrecision(3)) }),
    }
  }
}

function numberOf(remembered: unknown): number | undefined {
  return typeof remembered === 'number' ? remembered : undefined
}
