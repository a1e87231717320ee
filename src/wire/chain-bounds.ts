import type { CtStreamError } from '../errors.js'
import { malformedLeaf } from './malformed.js'

/** Most issuers of one entry. Real chains have up to 5; more of them are not a chain. */
export const MAX_CHAIN = 16

/** Longest issuer certificate: those of today have 1 to 3 kB, with the largest post-quantum signatures 60. */
export const MAX_ISSUER_BYTES = 64 * 1024

export function chainTooLong(): CtStreamError {
  return malformedLeaf('extra_data', `a chain of more than ${MAX_CHAIN} issuers`)
}
