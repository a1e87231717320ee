import type { CtErrorCode } from '../../errors.js'
import type { ErrorRecord } from '../../threads/error-record.js'
import type { FindingDraft } from '../../types/finding.js'
import type { LogInfo } from '../../types/log.js'
import type { Kept } from './keepsake.js'
import type { ThreadableName } from './threadable.js'

/** Certificates of one log, in shared memory. `page-bytes.ts` writes and reads it. */
export interface SharedPage {
  readonly count: number
  readonly memory: SharedArrayBuffer
  readonly extra: 'get-entries' | 'data-tile'
  readonly log: LogInfo
  /** How many certificates in a row have each context. */
  readonly contexts: readonly { readonly count: number; readonly context: SharedContext }[]
}

/** What of an entry's context another thread can have. */
export interface SharedContext {
  readonly historical: boolean
  readonly verified: boolean
  readonly accusedOf: CtErrorCode | undefined
  readonly seenAt?: number
}

/** A finding, and the index in its page of the certificate that it is about. */
export type FoundAt = readonly [at: number, draft: FindingDraft]

/** What a module made of some certificates. */
export interface BatchResult {
  readonly found: readonly FoundAt[]
  /** Findings left out, far beyond `maxFindings`. */
  readonly excess: number
  /** The certificate at which a handler for single certificates failed: those before are finished, those behind were not looked at. */
  readonly failed: { readonly at: number; readonly error: unknown } | undefined
}

/** How a module is set up in a thread. */
export interface HostedSetup {
  /** Identifies this use of the module. */
  readonly module: number
  readonly make: ThreadableName
  /** Name of this use. */
  readonly name: string
  /** Checked, with defaults; plain data. */
  readonly options: unknown
  readonly maxFindings: number
  readonly rememberFindingsMs: number
}

/** Work for a thread; the answer has the same `number`. */
export type ToModuleWorker =
  | ({ readonly kind: 'set-up'; readonly number: number; readonly kept: Kept } & HostedSetup)
  | {
      readonly kind: 'batch'
      readonly number: number
      readonly module: number
      readonly page: number
      /** Unless the thread has it. */
      readonly bytes: SharedPage | undefined
      /** Whether nobody will ask for the page again. */
      readonly isLast: boolean
      readonly attempt: number
      readonly sinceMs: number
    }
  /** Nobody will ask for these pages again. */
  | { readonly kind: 'forget'; readonly pages: readonly number[] }
  | { readonly kind: 'tear-down'; readonly number: number; readonly module: number }
  /** Nobody waits for this any more. */
  | { readonly kind: 'abort'; readonly number: number }
  | { readonly kind: 'ping'; readonly number: number }

export type FromModuleWorker =
  | { readonly kind: 'done'; readonly number: number }
  | {
      readonly kind: 'result'
      readonly number: number
      readonly found: readonly FoundAt[]
      readonly excess: number
      readonly failed: { readonly at: number; readonly error: ErrorRecord } | undefined
    }
  | { readonly kind: 'error'; readonly number: number; readonly error: ErrorRecord }
  /** Something that the module begins with when the thread is replaced. */
  | { readonly kind: 'keep'; readonly module: number; readonly key: string; readonly bytes: Uint8Array }
  | {
      readonly kind: 'log'
      readonly module: number
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>> | undefined
    }
