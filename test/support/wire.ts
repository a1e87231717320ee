import type { SignedHead } from '../../src/types/log.js'
import { concatBytes, toBase64 } from '../../src/util/bytes.js'
import { atOnce } from '../../src/util/turns.js'
import type { DigitallySigned } from '../../src/wire/digitally-signed.js'
import { JsonAnswer } from '../../src/wire/json.js'
import { malformedLeaf } from '../../src/wire/malformed.js'
import { decodeMerkleLeaf, type MerkleTreeLeaf } from '../../src/wire/merkle-leaf.js'
import { type EntryAndProofAnswer, entryAndProofSteps } from '../../src/wire/proof-answers.js'
import type { Sct } from '../../src/wire/sct.js'
import { type NoteSignature, noteKeyId, type SignedNote } from '../../src/wire/signed-note.js'
import { ByteWriter } from '../../src/wire/writer.js'

// What the library never does itself: writing what logs publish, and reading in one go, with an error, what it reads in steps or as data.

/** The bytes of a `DigitallySigned` (RFC 5246 section 4.7). */
export function encodeDigitallySigned({ hashAlgorithm, signatureAlgorithm, signature }: DigitallySigned): Uint8Array {
  return new ByteWriter().uint(hashAlgorithm, 1).uint(signatureAlgorithm, 1).vector(signature, 2).bytes()
}

/** The bytes of an SCT (RFC 6962 section 3.2). */
export function encodeSct({ logId, timestamp, extensions, signature }: Omit<Sct, 'version'>): Uint8Array {
  return new ByteWriter().uint(0, 1).raw(logId).uint(timestamp, 8).vector(extensions, 2).raw(signature).bytes()
}

/** @param scts - Serialized SCTs. */
export function encodeSctList(scts: readonly Uint8Array[]): Uint8Array {
  return new ByteWriter().vector(concatBytes(scts.map((sct) => new ByteWriter().vector(sct, 2).bytes())), 2).bytes()
}

/** `CtExtensions`, without their own length, that hold a `leaf_index`. */
export function encodeLeafIndex(index: number): Uint8Array {
  return new ByteWriter().uint(0, 1).uint(5, 2).uint(index, 5).bytes()
}

/** A `TileLeaf` in its parts, to be encoded. */
export interface TileLeafParts {
  /** `MerkleTreeLeaf` bytes: version and leaf type, which a tile leaves out, then the `TimestampedEntry`. */
  readonly leafInput: Uint8Array
  /** For a precert entry. */
  readonly preCertificate?: Uint8Array
  /** SHA-256 of the issuer certificates, nearest first. */
  readonly fingerprints: readonly Uint8Array[]
}

/** The bytes of a `TileLeaf`; a data tile is a row of them. */
export function encodeTileLeaf({ leafInput, preCertificate, fingerprints }: TileLeafParts): Uint8Array {
  const writer = new ByteWriter().raw(leafInput.subarray(2))
  if (preCertificate !== undefined) writer.vector(preCertificate, 3)
  return writer.vector(concatBytes(fingerprints), 2).bytes()
}

/** The bytes of an `extra_data`; `preCertificate` for a precert entry. */
export function encodeExtraData(certificates: readonly Uint8Array[], preCertificate?: Uint8Array): Uint8Array {
  const writer = new ByteWriter()
  if (preCertificate !== undefined) writer.vector(preCertificate, 3)
  return writer.vector(concatBytes(certificates.map((der) => new ByteWriter().vector(der, 3).bytes())), 3).bytes()
}

/** The bytes of a checkpoint, as a log publishes it. */
export function encodeCheckpoint(
  origin: string,
  head: SignedHead,
  logId: Uint8Array,
  cosignatures: readonly NoteSignature[] = [],
): Uint8Array {
  const signature = new ByteWriter().uint(head.timestamp, 8).raw(head.signature).bytes()
  return encodeSignedNote({
    text: checkpointText(origin, head),
    signatures: [{ name: origin, keyId: noteKeyId(origin, 0x05, logId), signature }, ...cosignatures],
  })
}

/**
 * Parses a leaf to its last byte. All byte strings are views of `leafInput`.
 * @throws {@link CtStreamError} `CT_LEAF_MALFORMED` for anything else, unknown versions and types included.
 */
export function parseMerkleLeaf(leafInput: Uint8Array): MerkleTreeLeaf {
  const decoded = decodeMerkleLeaf(leafInput)
  if (decoded.kind === 'leaf') return decoded.leaf
  if (decoded.kind === 'malformed') throw malformedLeaf('Merkle leaf', decoded.reason)
  throw malformedLeaf('Merkle leaf', `unknown ${decoded.field} ${decoded.value}`)
}

/**
 * A get-entry-and-proof answer (RFC 6962 section 4.8), unverified, read in one go.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable.
 */
export function parseEntryAndProof(body: Uint8Array): EntryAndProofAnswer {
  return atOnce(entryAndProofSteps(body))
}

/**
 * The root certificates of a get-roots answer (RFC 6962 section 4.7).
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable.
 */
export function parseRootsAnswer(body: Uint8Array): Uint8Array[] {
  return JsonAnswer.read(body, 'get-roots', ['certificates']).byteList('certificates')
}

/** The text of a checkpoint: what cosigners sign. */
export function checkpointText(origin: string, head: Pick<SignedHead, 'treeSize' | 'rootHash'>): string {
  return `${origin}\n${head.treeSize}\n${toBase64(head.rootHash)}\n`
}

/** The bytes of a note. */
export function encodeSignedNote({ text, signatures }: SignedNote): Uint8Array {
  const lines = signatures.map(({ name, keyId, signature }) => {
    const blob = Buffer.concat([keyId, signature]).toString('base64')
    return `— ${name} ${blob}\n`
  })
  return new TextEncoder().encode(`${text}\n${lines.join('')}`)
}
