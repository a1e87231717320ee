import type { CtStreamError } from '../errors.js'
import type { Evidence } from '../types/checkpoint.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { toBase64 } from '../util/bytes.js'
import type { Heads } from './heads.js'
import type { HeldEntries } from './held-entries.js'

/** A log's answer that contradicted what the log signed. */
export interface Disproof {
  readonly log: LogInfo
  readonly error: CtStreamError
}

/**
 * A record that shows the contradiction to somebody who has only the log's public key: the head and the proof the answer was
 * measured against, what was verified before, and the hashes of the entries that did not fit.
 *
 * @param recordedAt - Epoch milliseconds.
 */
export function evidenceOf(
  { log, error }: Disproof,
  heads: Pick<Heads, 'disputed' | 'newest' | 'verified'>,
  held: Pick<HeldEntries<unknown>, 'provenRange' | 'leafHashes'>,
  recordedAt: number,
): Evidence {
  const { disputed, newest, verified } = heads
  const head = disputed.head ?? newest
  const { provenRange } = held
  return {
    log,
    code: error.code,
    message: error.message,
    recordedAt,
    detail: {
      error: error.toJSON(),
      verifiedHead: verified && headRecord(verified),
      head: head && headRecord(head),
      // What it was compared with, where that is not the verified one: two signed heads contradict each other.
      newestHead: newest && newest !== head && newest !== verified ? headRecord(newest) : undefined,
      provenRange: { size: provenRange.size, hashes: provenRange.hashes.map(toBase64) },
      proof: disputed.proof?.map(toBase64),
      leafHashes: held.leafHashes().map(toBase64),
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
