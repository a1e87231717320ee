import { type CtErrorCode, CtStreamError } from '../errors.js'
import type { GetOptions, PageForm } from '../http/transport.js'
import { messageOf } from '../util/message-of.js'

/** Settings that a worker thread starts with. */
export interface WorkerSetup {
  readonly userAgent: string | undefined
  readonly connections: number
}

/** A request for a page, and later messages about it; `number` identifies the request. */
export type ToWorker =
  | {
      readonly kind: 'page'
      readonly number: number
      readonly url: string
      readonly form: PageForm
      readonly options: Pick<GetOptions, 'fresh' | 'maxBytes' | 'publicOnly'>
    }
  | { readonly kind: 'abort'; readonly number: number }
  /** The page is no longer read: its memory is free. */
  | { readonly kind: 'release'; readonly number: number }

export type FromWorker =
  /** Sent at the start. `version`: that of the worker's program, which may come from another installation. */
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'bytes'; readonly number: number; readonly held: number }
  | {
      readonly kind: 'page'
      readonly number: number
      /** Shared memory, which returns to the worker with `release`. */
      readonly bytes: Uint8Array
      /** See `EntryTable.places`. */
      readonly places: Uint32Array
      readonly hashes: Uint8Array
      /** See `EntryBatch.subtreeRoot`. */
      readonly root: Uint8Array | undefined
    }
  | { readonly kind: 'error'; readonly number: number; readonly error: ErrorRecord }

/** A thrown error in a form that can be sent to another thread. */
export interface ErrorRecord {
  /** `undefined` for an error that is no `CtStreamError`. */
  readonly code: CtErrorCode | undefined
  readonly message: string
  readonly context: Readonly<Record<string, unknown>>
  readonly cause: string | undefined
}

export function recordOf(thrown: unknown): ErrorRecord {
  if (!CtStreamError.is(thrown)) return { code: undefined, message: messageOf(thrown), context: {}, cause: undefined }
  const { code, message, retryable, logId, url, status, retryAfterMs, index, expected, actual, cause } = thrown
  const context = { retryable, logId, url, status, retryAfterMs, index, expected, actual }
  const known = Object.entries(context).filter(([, value]) => value !== undefined)
  return {
    code,
    message,
    context: Object.fromEntries(known),
    cause: cause === undefined ? undefined : messageOf(cause),
  }
}

export function errorOf({ code, message, context, cause }: ErrorRecord): Error {
  if (code === undefined) return new Error(message)
  return new CtStreamError(code, message, { ...context, cause: cause === undefined ? undefined : new Error(cause) })
}
