import { PagePlanner } from '../poll/page-planner.js'
import type { LogCheckpoint } from '../types/checkpoint.js'

/** What an entry is taken to weigh before one was seen, bytes. */
const FIRST_BYTES_PER_ENTRY = 6_000

/** What is known of how a log likes to be read: how many entries it gives at once, and how large they are. */
export class LearnedLimits {
  readonly planner: PagePlanner
  /** Kept up to date by who reads. */
  readonly bytesPerEntry = { value: FIRST_BYTES_PER_ENTRY }

  /** @param remembered - What {@link record} returned once; anything, as stores of others may hold it. */
  constructor(remembered: LogCheckpoint['learned'] = {}) {
    const { pageSize, bytesPerEntry } = remembered
    this.planner = new PagePlanner(typeof pageSize === 'number' ? pageSize : undefined)
    if (typeof bytesPerEntry === 'number' && bytesPerEntry > 0) this.bytesPerEntry.value = bytesPerEntry
  }

  /**
   * What is worth remembering.
   * @param requestsPerSecond - The rate to which the log's origin limits its clients, if it does.
   */
  record(requestsPerSecond: number | undefined): LogCheckpoint['learned'] {
    return {
      pageSize: this.planner.pageSize,
      bytesPerEntry: Math.round(this.bytesPerEntry.value),
      ...(requestsPerSecond !== undefined && { requestsPerSecond: Number(requestsPerSecond.toPrecision(3)) }),
    }
  }
}
