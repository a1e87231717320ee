import type { Steps } from '../util/turns.js'
import { JsonAnswer } from './json.js'

/** Bytes of every hash in a proof: SHA-256. */
const HASH_LENGTH = 32

/**
 * The proof of a get-sth-consistency answer (RFC 6962 section 4.4), unverified.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable.
 */
export function parseConsistencyAnswer(body: Uint8Array): Uint8Array[] {
  return JsonAnswer.read(body, 'get-sth-consistency', ['consistency']).byteList('consistency', HASH_LENGTH)
}

/**
 * A get-proof-by-hash answer (RFC 6962 section 4.5), unverified. Where a leaf occurs twice, `leafIndex` may be either.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable.
 */
export function parseProofByHash(body: Uint8Array): { leafIndex: number; auditPath: Uint8Array[] } {
  const answer = JsonAnswer.read(body, 'get-proof-by-hash', ['leaf_index', 'audit_path'])
  return { leafIndex: answer.integer('leaf_index'), auditPath: answer.byteList('audit_path', HASH_LENGTH) }
}

/** A get-entry-and-proof answer, unverified. */
export interface EntryAndProofAnswer {
  readonly leafInput: Uint8Array
  readonly extraData: Uint8Array
  readonly auditPath: Uint8Array[]
}

/**
 * A get-entry-and-proof answer (RFC 6962 section 4.8), unverified. Pauses after every megabyte of work: one entry can be as long as a
 * page of entries.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable.
 */
export function* entryAndProofSteps(body: Uint8Array): Steps<EntryAndProofAnswer> {
  const names = ['leaf_input', 'extra_data', 'audit_path'] as const
  const answer = yield* JsonAnswer.steps(body, 'get-entry-and-proof', names)
  const auditPath = answer.byteList('audit_path', HASH_LENGTH)
  return {
    leafInput: yield* answer.bytesSteps('leaf_input'),
    extraData: yield* answer.bytesSteps('extra_data'),
    auditPath,
  }
}
