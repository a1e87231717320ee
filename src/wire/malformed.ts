import { CtStreamError } from '../errors.js'
import { bufferOf } from '../util/bytes.js'

/** Most bytes of a bad answer that an error quotes. */
export const EXCERPT_LENGTH = 80

/**
 * The error for a body without the expected form. Retryable: gateways answer with HTML, cut bodies short and serve stale ones.
 */
export function malformedResponse(what: string, reason: string, body?: Uint8Array, cause?: unknown): CtStreamError {
  const quote = body === undefined ? '' : `; it begins ${excerpt(body)}`
  return new CtStreamError('CT_RESPONSE_MALFORMED', `${what}: ${reason}${quote}`, { retryable: true, cause })
}

/** The error for a leaf or extra data without the structure of the standard. Not retryable: the log stores it so. */
export function malformedLeaf(what: string, reason: string): CtStreamError {
  return new CtStreamError('CT_LEAF_MALFORMED', `${what}: ${reason}`)
}

/** The beginning of a body as a JSON string, safe to print. */
function excerpt(body: Uint8Array): string {
  // JSON escapes the control characters below 0x20; those at 0x7f to 0x9f move a terminal's cursor as well.
  const text = bufferOf(body.subarray(0, EXCERPT_LENGTH))
    .toString('latin1')
    .replace(/[\u007f-\u009f]/g, '?')
  return body.length > EXCERPT_LENGTH ? `${JSON.stringify(text)}...` : JSON.stringify(text)
}
