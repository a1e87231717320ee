import { CtStreamError } from '../errors.js'
import type { SignedHead } from '../types/log.js'
import { parseDigitallySigned } from './digitally-signed.js'
import { JsonAnswer } from './json.js'
import { ByteWriter } from './writer.js'

/**
 * Parses a get-sth answer (RFC 6962 section 4.3). Its signature is not verified.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable.
 */
export function parseGetSth(body: Uint8Array): SignedHead {
  const answer = JsonAnswer.read(body, 'get-sth', ['tree_size', 'timestamp', 'sha256_root_hash', 'tree_head_signature'])
  const head = {
    treeSize: answer.integer('tree_size'),
    timestamp: answer.integer('timestamp'),
    rootHash: answer.bytes('sha256_root_hash', 32),
    signature: answer.bytes('tree_head_signature'),
  }
  try {
    parseDigitallySigned(head.signature, 'CT_RESPONSE_MALFORMED')
  } catch (cause) {
    if (!CtStreamError.is(cause)) throw cause
    throw answer.refuse(`tree_head_signature: ${cause.message}`, cause)
  }
  return head
}

/** The bytes that the log signs: `TreeHeadSignature`, always 50 (RFC 6962 section 3.5). */
export function treeHeadSignatureInput(head: Pick<SignedHead, 'treeSize' | 'timestamp' | 'rootHash'>): Uint8Array {
  return new ByteWriter()
    .uint(0, 1) // Version version = v1;
    .uint(1, 1) // SignatureType signature_type = tree_hash;
    .uint(head.timestamp, 8) // uint64 timestamp;
    .uint(head.treeSize, 8) // uint64 tree_size;
    .raw(head.rootHash) // opaque sha256_root_hash[32];
    .bytes()
}
