import type { SignedHead } from '../types/log.js'
import type { LogState } from './log-state.js'
import type { StoredEntry } from './stored-entry.js'

/** The content of an answer before it is rendered; faults change it. */
export type Content =
  | { readonly kind: 'refusal'; readonly status: number; readonly body: string }
  | { readonly kind: 'head'; readonly head: SignedHead }
  | {
      readonly kind: 'entries'
      readonly start: number
      readonly entries: readonly StoredEntry[]
      readonly full: boolean
    }
  | {
      readonly kind: 'proof'
      readonly hashes: readonly Uint8Array[]
      readonly leafIndex?: number
      readonly entry?: StoredEntry
    }
  | { readonly kind: 'tile'; readonly bytes: Uint8Array }
  | { readonly kind: 'certificates'; readonly certificates: readonly Uint8Array[] }

/** How a log answers get-entries, and which tiles it keeps. */
export interface ServingRules {
  readonly pageSize: number
  readonly align: boolean | 'always'
  readonly keepPartialTiles: boolean
}

/** The log as of one of its heads: later entries do not exist in it. */
export interface LogView {
  readonly state: LogState
  readonly head: SignedHead
}

/** An HTTP status with its message. */
export const refusal = (status: number, body: string): Content => ({ kind: 'refusal', status, body })

export const notFound = refusal(404, 'not found\n')
