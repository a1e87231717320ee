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
  /** Gives each request its turn, and knows the rate to which the log's origin limits its clients. */
  readonly scheduler: RequestScheduler
  /** What the log may hold of the byte budget. */
  readonly share: ByteBudget
  /** The longest time from an entry's timestamp to its merge that is reckoned with, milliseconds. */
  readonly mergeDelayMs: number
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  /** What was remembered of this log. */
  readonly stored: LogCheckpoint | undefined
  /** Where a cursor says to continue. */
  readonly resumeAt: number | undefined
  /** What the root of everything before begins with, as the cursor says; `undefined` when it does not. */
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
  /** Something is to be stored that no event reports. */
  changed(): void
  error(error: CtStreamError): void
  accuse(evidence: Evidence, error: CtStreamError): Promise<void>
  gap(gap: Gap): Promise<void>
  /** A stream with an end reads the log no further; what is missing of it may not be known. */
  gaveUp(reason: string): void
}
