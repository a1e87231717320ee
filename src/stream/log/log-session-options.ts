import type { CtStreamError } from '../../errors.js'
import type { RequestScheduler } from '../../http/request-scheduler.js'
import type { LogClient, RequestOptions } from '../../logs/client.js'
import type { Evidence, Gap, LogCheckpoint } from '../../types/checkpoint.js'
import type { Clock } from '../../types/clock.js'
import type { Cosignature, LogState, SignedHead } from '../../types/log.js'
import type { ByteBudget } from '../../util/byte-budget.js'
import type { Settings } from '../settings.js'
import type { ProvenPage } from './proven-page.js'

export interface LogSessionOptions {
  readonly client: LogClient
  readonly settings: Settings
  /** Decides when each request is sent, and knows the rate limit of the log's origin. */
  readonly scheduler: RequestScheduler
  /** The log's share of the byte budget. */
  readonly share: ByteBudget
  /** Longest expected time from an entry's timestamp to its merge, milliseconds. */
  readonly mergeDelayMs: number
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  /** The stored row of this log. */
  readonly stored: LogCheckpoint | undefined
  /** Where a cursor says to continue. */
  readonly resumeAt: number | undefined
  /** First bytes of the root of everything before that position, from the cursor; `undefined` when it has none. */
  readonly resumeRoot: Uint8Array | undefined
  readonly events: LogSessionEvents
}

/** How a session asks its log. */
export interface Asking extends RequestOptions {
  readonly priority: number
  readonly fresh: boolean
  readonly signal: AbortSignal
  /** Size of the tree that is read. */
  readonly treeSize: number | undefined
}

/** What a session tells the stream. */
export interface LogSessionEvents {
  opened(): Promise<void>
  deliver(pages: readonly ProvenPage[]): void
  state(state: LogState, previous: LogState): void
  head(head: SignedHead, cosignatures: readonly Cosignature[]): void
  /** The state to store has changed without another event. */
  changed(): void
  error(error: CtStreamError): void
  accuse(evidence: Evidence, error: CtStreamError): Promise<void>
  gap(gap: Gap): Promise<void>
  /** A stream with an end gave the log up; the extent of what is missing may be unknown. */
  gaveUp(reason: string): void
}
