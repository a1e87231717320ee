import { CtStreamError } from '../errors.js'
import { ByteReader, copyBytes, equalBytes } from '../util/bytes.js'
import { digitallySignedView } from './digitally-signed.js'
import type { LogKey } from './head-signature.js'
import { encodeMerkleLeaf, type LeafEntry } from './merkle-leaf.js'

/** `SignedCertificateTimestamp` (RFC 6962 section 3.2), version v1. */
export interface Sct {
  readonly version: 0
  /** 32 bytes. */
  readonly logId: Uint8Array
  /** Epoch milliseconds. */
  readonly timestamp: number
  /** `CtExtensions` without their length. */
  readonly extensions: Uint8Array
  /** `DigitallySigned` as received. */
  readonly signature: Uint8Array
}

/** The outcome of parsing one SCT of a list. An SCT of another version is opaque; it does not make the list malformed. */
export type DecodedSct =
  | { readonly kind: 'sct'; readonly sct: Sct }
  | { readonly kind: 'unknown'; readonly version: number; readonly bytes: Uint8Array }
  | { readonly kind: 'malformed'; readonly reason: string; readonly bytes: Uint8Array }

/** Parses one whole SCT, whose parts are views of `bytes`. */
function decodeSct(bytes: Uint8Array): DecodedSct {
  try {
    return { kind: 'sct', sct: parseSct(bytes) }
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    const version = bytes[0] ?? 0
    if (version !== 0) return { kind: 'unknown', version, bytes }
    return { kind: 'malformed', reason: error.message, bytes }
  }
}

function parseSct(bytes: Uint8Array): Sct {
  const reader = new ByteReader(bytes, 'SCT')
  // Version sct_version;
  const version = reader.u8('sct_version')
  if (version !== 0) reader.fail(`unknown sct_version ${version}`)
  // LogID id;
  const logId = reader.view(32, 'id')
  // uint64 timestamp;
  const timestamp = reader.u64('timestamp')
  // CtExtensions extensions;
  const extensions = reader.view(reader.u16('extensions length'), 'extensions')
  // digitally-signed struct { ... };
  const signature = digitallySignedView(reader)
  reader.finish()
  return { version: 0, logId, timestamp, extensions, signature }
}

/** Most SCTs to read of one list: real lists have up to ten, while 64 KiB could hold 20,000 empty ones. */
const MAX_SCTS = 1_000

/**
 * Parses a `SignedCertificateTimestampList` (RFC 6962 section 3.3), the content of the certificate extension inside its two OCTET
 * STRINGs. A malformed SCT does not affect the others; they share no memory with `bytes`.
 * @throws {@link CtStreamError} `CT_LEAF_MALFORMED` when the list itself is malformed.
 */
export function parseSctList(bytes: Uint8Array): DecodedSct[] {
  // One copy for all of them: memory of its own is dear for a few octets.
  const reader = new ByteReader(copyBytes(bytes), 'SCT list')
  // SerializedSCT sct_list <1..2^16-1>;
  const length = reader.u16('sct_list length')
  if (length !== reader.remaining) reader.fail(`a list of ${length} bytes in ${reader.remaining}`)
  const scts: DecodedSct[] = []
  // opaque SerializedSCT<1..2^16-1>;
  while (reader.remaining > 0 && scts.length < MAX_SCTS)
    scts.push(decodeSct(reader.view(reader.u16('SerializedSCT length'), 'SerializedSCT')))
  if (reader.remaining === 0) return scts
  const reason = `SCT list: more than ${MAX_SCTS} SCTs, the others are not read`
  return [...scts, { kind: 'malformed', reason, bytes: reader.view(reader.remaining, 'SCTs') }]
}

/**
 * The bytes that an SCT signs (RFC 6962 section 3.2). They equal the Merkle leaf of its entry: the leaf's version and leaf type take the
 * places of the SCT's version and signature type.
 */
export function sctSignatureInput(sct: Pick<Sct, 'timestamp' | 'extensions'>, entry: LeafEntry): Uint8Array {
  return encodeMerkleLeaf({ timestamp: sct.timestamp, entry, extensions: sct.extensions })
}

/** Whether an SCT is the log's promise for this entry: the log's id, and a signature that verifies. */
export function isSctBy(sct: Sct, key: LogKey, entry: LeafEntry): boolean {
  const ofLog = equalBytes(sct.logId, key.logId)
  return ofLog && key.problemWith(sct.signature, sctSignatureInput(sct, entry)) === undefined
}
