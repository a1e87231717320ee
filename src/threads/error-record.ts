import { type CtErrorCode, CtStreamError } from '../errors.js'
import { messageOf } from '../util/message-of.js'

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
