import type { Evidence } from '../types/checkpoint.js'
import { sha256Hex } from '../util/hash.js'
import { claimOf } from '../verify/evidence.js'

/** How many contradictions of a log are stored of each error code before they are thinned out. */
const FIRST = 16

/**
 * The evidence that a store has, by hashes. A log may sign another contradiction every minute, for months: of each log and error code the first
 * 16 are stored, and then the 32nd, the 64th and so on, with their number as `ordinal`.
 */
export class KnownEvidence {
  /** What is stored. */
  private readonly claims = new Set<string>()
  /** By log and code: how many contradictions were seen, and how many of them are stored. */
  private readonly counts = new Map<string, { seen: number; stored: number }>()

  /** Adds records that the store has, also ones that are known. */
  learn(records: readonly Evidence[]): void {
    for (const record of records) {
      if (this.has(record)) continue
      this.claims.add(hashOf(record))
      const count = this.countOf(record)
      const { ordinal } = record.detail
      count.stored++
      count.seen = Math.max(count.seen, count.stored, Number.isSafeInteger(ordinal) ? Number(ordinal) : 0)
    }
  }

  /** Whether evidence of the same contradiction is stored. */
  has(evidence: Evidence): boolean {
    return this.claims.has(hashOf(evidence))
  }

  /** How many records of its log and code are stored. */
  storedLike(evidence: Evidence): number {
    return this.countOf(evidence).stored
  }

  /** The record to store for a contradiction that is new; `undefined` where it is only to be counted. */
  record(evidence: Evidence): Evidence | undefined {
    const ordinal = this.countOf(evidence).seen + 1
    if (ordinal <= FIRST) return evidence
    return Number.isInteger(Math.log2(ordinal)) ? { ...evidence, detail: { ...evidence.detail, ordinal } } : undefined
  }

  /** Counts a contradiction that is not stored. */
  count(evidence: Evidence): void {
    this.countOf(evidence).seen++
  }

  private countOf({ log, code }: Evidence): { seen: number; stored: number } {
    const key = `${log.id} ${code}`
    const count = this.counts.get(key) ?? { seen: 0, stored: 0 }
    this.counts.set(key, count)
    return count
  }
}

function hashOf(evidence: Evidence): string {
  return sha256Hex(new TextEncoder().encode(JSON.stringify([evidence.log.id, evidence.code, claimOf(evidence)])))
}
