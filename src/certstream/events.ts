import type { CtStreamError } from '../errors.js'
import type { RawMessage } from './server-message.js'

/** Certificates that this client did not get. */
export interface MissedMessages {
  /**
   * `no-resume`: the connection was lost, and the server cannot go on where it was; or not after the certificate it was asked to. `not-kept`:
   * it can, but does not keep as much, and says so.
   */
  readonly reason: 'no-resume' | 'not-kept'
  /** When the last message came before a connection was lost; `undefined` when none had come, or the server says what is missing. */
  readonly since: Date | undefined
  /** When the next connection was made. */
  readonly until: Date | undefined
  /** What the server says of it. */
  readonly message: RawMessage | undefined
}

/** What a {@link CertStream} tells beside certificates. */
export interface CertStreamEvents {
  /** A connection is there; `after`: the cursor it was asked to go on from. */
  readonly open: { readonly url: string; readonly after: string | undefined }
  /** A connection is over, or could not be made, and is tried again: the how manieth time in a row, and when. */
  readonly reconnect: { readonly attempt: number; readonly inMs: number; readonly error: CtStreamError }
  /** Messages were missed while it was not connected, and cannot be had any more. */
  readonly gap: MissedMessages
  /** Why a connection is over; a message that is none (`CT_RESPONSE_MALFORMED`), which is left out. Never fatal. */
  readonly error: CtStreamError
}
