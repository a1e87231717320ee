import type { GetOptions, PageForm } from '../http/transport.js'
import type { ErrorRecord } from '../threads/error-record.js'

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
  | { readonly kind: 'bytes'; readonly number: number; readonly held: number }
  /** See `GetOptions.onReceived`. */
  | { readonly kind: 'received'; readonly number: number }
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
