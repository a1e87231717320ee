// Messages from the server to its page, as JSON; `null` where there is no value. Must not import anything of Node: the page runs in browsers.
import type { LogKind, LogState } from '../../types/log.js'

/** Entries of consecutive whole seconds. */
export interface Counts {
  /** The first second, since 1970. */
  readonly from: number
  readonly values: readonly number[]
}

/** State of one log. Times are milliseconds. */
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
  /** Entries between the last one read and the newest head. */
  readonly lagEntries: number | null
  readonly lagMs: number | null
  readonly perSecond: number
  readonly entries: number
  /** Requests sent again after one failed. */
  readonly retries: number
  /** How long it has given no answer or wrong ones. */
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
  /** How many more names there are. */
  readonly more: number
  readonly issuer: string
  readonly log: string
  readonly isVerified: boolean
}

/** A problem with a log. */
export interface FeedTrouble {
  /** Grows with each trouble. */
  readonly number: number
  readonly kind: 'gap' | 'misbehaviour'
  /** Epoch milliseconds. */
  readonly at: number
  readonly log: string
  /** An error code; empty for gaps. */
  readonly code: string
  readonly text: string
}

/** A module's finding. */
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
  /** The few strongest reasons. */
  readonly reasons: readonly string[]
}

/** The newest troubles and findings, newest first; the counts include older ones. */
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
  /** Certificates since the server started. */
  readonly total: number
  /** Figures of the last complete seconds. Repeated seconds are unchanged. */
  readonly counts: Counts
  readonly logs: readonly FeedLog[]
  /** Number of clients, and of open pages. */
  readonly clients: number
  readonly viewers: number
  /** Why nothing is read any more, or yet. */
  readonly problem: string | null
  /** Present when it has changed. */
  readonly news: FeedNews | null
  /** A sample of the matching certificates of this second, newest first. */
  readonly rows: readonly FeedRow[]
  /** How many matched. */
  readonly matched: number
}

/** The first message. */
export interface FeedBegin extends Omit<FeedTick, 'kind'> {
  readonly kind: 'begin'
  readonly version: string
  /** When the server started, epoch milliseconds; identifies the run. */
  readonly startedAt: number
  readonly news: FeedNews
}

export type FeedMessage = FeedBegin | FeedTick
