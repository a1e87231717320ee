import type { CtStreamError } from '../errors.js'
import type { CompactRange } from '../merkle/compact-range.js'
import type { Evidence } from '../types/checkpoint.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { toBase64 } from '../util/bytes.js'

/** What was at hand when a log's answer contradicted what it signed. */
export interface Disproof {
  readonly log: LogInfo
  readonly error: CtStreamError
  /** The largest head that everything delivered is known to be consistent with. */
  readonly verifiedHead: SignedHead | undefined
  /** The head the answer was measured against. */
  readonly head: SignedHead | undefined
  /** What was proven before. */
  readonly provenRange: CompactRange | undefined
  /** The consistency proof that did not prove, if that was it. */
  readonly proof?: readonly Uint8Array[]
  /** Leaf hashes of the entries that did not hash to the root, from the end of `provenRange` on, 32 bytes each. */
  readonly leafHashes?: readonly Uint8Array[]
}

/** A record that shows the contradiction to somebody who has only the log's public key. */
export function evidenceOf(disproof: Disproof, recordedAt: number): Evidence {
  const { log, error, verifiedHead, head, provenRange, proof, leafHashes } = disproof
  return {
    log,
    code: error.code,
    message: error.message,
    recordedAt,
    detail: {
      error: error.toJSON(),
      verifiedHead: verifiedHead && headRecord(verifiedHead),
      head: head && headRecord(head),
      provenRange: provenRange && { size: provenRange.size, hashes: provenRange.hashes.map(toBase64) },
      proof: proof?.map(toBase64),
      leafHashes: leafHashes?.map(toBase64),
    },
  }
}

/** A signed head in the words of get-sth (RFC 6962 section 4.3). */
export function headRecord(head: SignedHead): Record<string, string | number> {
  return {
    tree_size: head.treeSize,
    timestamp: head.timestamp,
    sha256_root_hash: toBase64(head.rootHash),
    tree_head_signature: toBase64(head.signature),
  }
}
