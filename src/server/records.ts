import type { Evidence, Gap } from '../types/checkpoint.js'
import type { ServerSource, ServerStore } from './options.js'

/** How many records of each kind are kept. */
const MOST = 1000

/** Gaps and evidence of this run, for servers without a store to read them from. */
export class RecentRecords implements ServerStore {
  private readonly recentGaps: Gap[] = []
  private readonly recentEvidence: Evidence[] = []

  /** @param now - Epoch milliseconds. */
  constructor(source: ServerSource, now: () => number) {
    source.on?.('gap', (gap) => {
      this.recentGaps.push(gap)
      if (this.recentGaps.length > MOST) this.recentGaps.shift()
    })
    source.on?.('misbehaviour', ({ log, error: { code, message } }) => {
      // Keep the first ones and drop later ones: a record's number is its id in the API, so none may shift.
      if (this.recentEvidence.length < MOST)
        this.recentEvidence.push({ log, code, message, detail: {}, recordedAt: now() })
    })
  }

  gaps(): readonly Gap[] {
    return this.recentGaps
  }

  evidence(): readonly Evidence[] {
    return this.recentEvidence
  }
}
