import type { CtStreamError } from '../errors.js'

/**
 * What a module is doing.
 *
 * - `waiting`: its setup has not begun
 * - `setting-up`, `running`, `draining` (nothing more comes), `stopped`
 * - `hung`: eight of its calls have timed out and not returned; it gets no work until one returns
 * - `failed`: its setup failed, or its error policy stopped it
 */
export type ModuleState = 'waiting' | 'setting-up' | 'running' | 'hung' | 'draining' | 'stopped' | 'failed'

/** State of one module. Counts are since the run began. */
export interface ModuleStatus {
  /** Name of this use of the module. */
  readonly name: string
  /** What it is doing. */
  readonly state: ModuleState
  /** Whether it has `acknowledge: true`. */
  readonly acknowledge: boolean
  /** Whether acknowledgement waits for it: by itself, or because a later module with `acknowledge: true` gets its findings. */
  readonly isWaitedFor: boolean
  /** Certificates and findings waiting for it or in progress. */
  readonly queuedEntries: number
  /** Their bytes, estimated. */
  readonly queuedBytes: number
  /** Certificates it has finished. */
  readonly certificates: number
  /** Findings of earlier modules it has finished. */
  readonly findings: number
  /** Findings it reported, without repeats. */
  readonly emitted: number
  /** Findings it reported that had been reported before. */
  readonly repeats: number
  /** Certificates and findings left out, and findings it reported that were left out: see `limits.whenFull` and `limits.maxFindings`. */
  readonly dropped: number
  /** Certificates and findings given up after it failed (`onError: 'skip'`). */
  readonly skipped: number
  /** Findings that an output could not deliver and put aside, as in the file of its option `deadLetters`. */
  readonly deadLetters: number
  /** Calls that failed or timed out. */
  readonly errors: number
  /** Repeated calls for work that had failed. */
  readonly retries: number
  /** Calls that took longer than `limits.timeoutMs`. */
  readonly timeouts: number
  /** Last error of its handlers; `undefined` when none has failed. */
  readonly lastError: CtStreamError | undefined
}

/** State of a run of modules. */
export interface ModulesStatus {
  /** The modules, in the order in which they see each other's findings. */
  readonly modules: readonly ModuleStatus[]
  /** Certificates read from the source. */
  readonly certificates: number
  /** Certificates not acknowledged yet, since some module has not finished them. 0 for a source that is not acknowledged. */
  readonly unacknowledged: number
}
