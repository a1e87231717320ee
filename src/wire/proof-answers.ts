import { JsonAnswer } from './json.js'

/** Every proof hash is a SHA-256. */
const HASH_LENGTH = 32

/**
 * The proof of a get-sth-consistency answer (RFC 6962 section 4.4), unverified.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable.
 */
export function parseConsistencyAnswer(body: Uint8Array): Uint8Array[] {
  return new JsonAnswer(body, 'get-sth-consistency').byteList('consistency', HASH_LENGTH)
}

/**
 * A get-proof-by-hash answer (RFC 6962 section 4.5), unverified. Where a leaf occurs twice, `leafIndex` may be either.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable.
 */
export function parseProofByHash(body: Uint8Array): { leafIndex: number; auditPath: Uint8Array[] } {
  const answer = new JsonAnswer(body, 'get-proof-by-hash')
  return { leafIndex: answer.integer('leaf_index'), auditPath: answer.byteList('audit_path', HASH_LENGTH) }
}

/**
 * A get-entry-and-proof answer (RFC 6962 section 4.8), unverified.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable.
 */
export function parseEntryAndProof(body: Uint8Array): {
  leafInput: Uint8Array
  extraData: Uint8Array
  auditPath: Uint8Array[]
} {
  const answer = new JsonAnswer(body, 'get-entry-and-proof')
  return {
    leafInput: answer.bytes('leaf_input'),
    extraData: answer.bytes('extra_data'),
    auditPath: answer.byteList('audit_path', HASH_LENGTH),
  }
}

/**
 * The root certificates of a get-roots answer (RFC 6962 section 4.7).
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable.
 */
export function parseRootsAnswer(body: Uint8Array): Uint8Array[] {
  return new JsonAnswer(body, 'get-roots').byteList('certificates')
}
