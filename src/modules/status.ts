import type { CtStreamError } from '../errors.js'

/**
 * What a module is doing.
 *
 * - `waiting`: its setup has not begun
 * - `setting-up`, `running`, `draining` (nothing more comes), `stopped`
 * - `hung`: eight of its calls have timed out and not come back; it gets nothing before one does
 * - `failed`: its setup failed, or its error policy stopped it
 */
export type ModuleState = 'waiting' | 'setting-up' | 'running' | 'hung' | 'draining' | 'stopped' | 'failed'

/** How one module fares. Counts are since the run began. */
export interface ModuleStatus {
  /** Of this use of it. */
  readonly name: string
  /** What it is doing. */
  readonly state: ModuleState
  /** Whether it asked for acknowledgement to wait for it. */
  readonly acknowledge: boolean
  /** … or it is waited for because a later module that asked gets its findings. */
  readonly isWaitedFor: boolean
  /** Certificates and findings that wait for it or that it works on. */
  readonly queuedEntries: number
  /** … and their bytes, by estimate. */
  readonly queuedBytes: number
  /** Certificates it has finished. */
  readonly certificates: number
  /** Findings of earlier modules it has finished. */
  readonly findings: number
  /** Findings it reported, without repeats. */
  readonly emitted: number
  /** Findings it reported that had been reported before. */
  readonly repeats: number
  /** Certificates and findings it did not get, and findings it reported in vain: see `limits.whenFull` and `limits.maxFindings`. */
  readonly dropped: number
  /** Certificates and findings it failed for, and that were given up (`onError: 'skip'`). */
  readonly skipped: number
  /** Findings that an output could not deliver and put aside, as the file of its option `deadLetters`. */
  readonly deadLetters: number
  /** Calls that failed or timed out. */
  readonly errors: number
  /** Calls for work that had failed before. */
  readonly retries: number
  /** Calls that took longer than `limits.timeoutMs`. */
  readonly timeouts: number
  /** Of its handlers; `undefined` when none has failed. */
  readonly lastError: CtStreamError | undefined
}

/** What {@link runModules} is doing. */
export interface ModulesStatus {
  /** In the order in which they see each other's findings. */
  readonly modules: readonly ModuleStatus[]
  /** Certificates read from the source. */
  readonly certificates: number
  /** … of which some module that is waited for has not finished. 0 for a source that is not acknowledged. */
  readonly unacknowledged: number
}
