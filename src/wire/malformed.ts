import { CtStreamError } from '../errors.js'
import { bufferOf } from '../util/bytes.js'

/** Bytes of a bad answer that an error quotes. */
export const EXCERPT_LENGTH = 80

/**
 * A body that is not what was asked for. Retryable: gateways answer with HTML, cut bodies short and serve stale ones.
 */
export function malformedResponse(what: string, reason: string, body?: Uint8Array, cause?: unknown): CtStreamError {
  const quote = body === undefined ? '' : `; it begins ${excerpt(body)}`
  return new CtStreamError('CT_RESPONSE_MALFORMED', `${what}: ${reason}${quote}`, { retryable: true, cause })
}

/** A leaf or its extra data that is not the structure of the standard: what the log stores, so asking again cannot help. */
export function malformedLeaf(what: string, reason: string): CtStreamError {
  return new CtStreamError('CT_LEAF_MALFORMED', `${what}: ${reason}`)
}

/** Issuers of one entry that are read. Real chains have up to 5; a log that keeps more of them keeps something else. */
export const MAX_CHAIN = 16

/** Certificates of CAs have 1 to 3 kB, those of the largest post-quantum signatures 60. */
export const MAX_ISSUER_BYTES = 64 * 1024

export function chainTooLong(): CtStreamError {
  return malformedLeaf('extra_data', `a chain of more than ${MAX_CHAIN} issuers`)
}

/** The beginning of a body as a JSON string, safe to print. */
function excerpt(body: Uint8Array): string {
  // JSON escapes the control characters below 0x20; those at 0x7f to 0x9f move a terminal's cursor as well.
  const text = bufferOf(body.subarray(0, EXCERPT_LENGTH))
    .toString('latin1')
    .replace(/[\u007f-\u009f]/g, '?')
  return body.length > EXCERPT_LENGTH ? `${JSON.stringify(text)}...` : JSON.stringify(text)
}
