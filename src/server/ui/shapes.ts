// What the server tells its page. JSON; `null` where there is no value. Imports nothing that needs Node: the page is built for browsers.
import type { LogKind, LogState } from '../../types/log.js'

/** Entries of consecutive whole seconds. */
export interface Counts {
  /** The first second, since 1970. */
  readonly from: number
  readonly values: readonly number[]
}

/** How one log fares. Times are milliseconds. */
export interface FeedLog {
  readonly id: string
  readonly name: string
  readonly operator: string
  readonly kind: LogKind
  readonly state: LogState
  readonly headSize: number | null
  readonly headAgeMs: number | null
  /** Whether that head is older than the log promised, or signed ahead of time. */
  readonly isHeadLate: boolean
  /** Entries between what was read and the newest head. */
  readonly lagEntries: number | null
  readonly lagMs: number | null
  readonly perSecond: number
  readonly entries: number
  /** Requests sent again after one failed. */
  readonly retries: number
  /** How long it has been giving no answer, or wrong ones. */
  readonly troubleMs: number | null
  readonly error: { readonly code: string; readonly message: string } | null
}

/** One certificate in short. */
export interface FeedRow {
  /** Id of its message. */
  readonly id: string
  readonly kind: string
  /** When the log received it, epoch milliseconds. */
  readonly at: number | null
  /** The first few, each of 253 characters at most. */
  readonly names: readonly string[]
  /** How many there are beside these. */
  readonly more: number
  readonly issuer: string
  readonly log: string
  readonly isVerified: boolean
}

/** What is not as it should be. */
export interface FeedTrouble {
  /** Counts up. */
  readonly number: number
  readonly kind: 'gap' | 'misbehaviour'
  /** Epoch milliseconds. */
  readonly at: number
  readonly log: string
  /** An error code; empty for gaps. */
  readonly code: string
  readonly text: string
}

/** What a module reported. */
export interface FeedFinding {
  readonly id: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly module: string
  readonly kind: string
  readonly subject: string
  readonly severity: string
  /** 0 to 100. */
  readonly score: number
  /** The strongest few. */
  readonly reasons: readonly string[]
}

/** The newest troubles and findings, each list the newest first; the numbers count all there were. */
export interface FeedNews {
  readonly troubles: readonly FeedTrouble[]
  readonly troubleCount: number
  readonly findings: readonly FeedFinding[]
  readonly findingCount: number
}

/** Sent every second. */
export interface FeedTick {
  readonly kind: 'tick'
  /** Epoch milliseconds by the server's clock. */
  readonly at: number
  /** Certificates since the server began. */
  readonly total: number
  /** The last seconds that are over; what was sent before is repeated, not changed. */
  readonly counts: Counts
  readonly logs: readonly FeedLog[]
  /** Clients that are sent messages, and pages like this one. */
  readonly clients: number
  readonly viewers: number
  /** Why nothing more comes, or nothing comes yet. */
  readonly problem: string | null
  /** Where there is something new. */
  readonly news: FeedNews | null
  /** Some of the certificates of this second that match, the newest first. */
  readonly rows: readonly FeedRow[]
  /** How many matched. */
  readonly matched: number
}

/** Sent first. */
export interface FeedBegin extends Omit<FeedTick, 'kind'> {
  readonly kind: 'begin'
  readonly version: string
  /** When the server began, epoch milliseconds: tells one run from another. */
  readonly startedAt: number
  readonly news: FeedNews
}

export type FeedMessage = FeedBegin | FeedTick
