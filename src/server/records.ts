import type { Evidence, Gap } from '../types/checkpoint.js'
import type { ServerSource, ServerStore } from './options.js'

/** Kept of each kind where nobody else keeps them. */
const MOST = 1000

/** Gaps and evidence of this run, for servers whose source keeps them nowhere that the server could look. */
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
      // Its number is what it is asked for by, so that none may go.
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
