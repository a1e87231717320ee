import { gunzipSync } from 'node:zlib'
import { CtStreamError } from '../errors.js'
import { TILE_WIDTH } from '../merkle/tile-hashes.js'
import type { EntryBatch } from '../types/entries.js'
import { fromBase64, plain, toBase64 } from '../util/bytes.js'
import { certificatesOfPem } from '../util/pem.js'
import { parseGetEntries } from '../wire/get-entries.js'
import { decodeMerkleLeaf } from '../wire/merkle-leaf.js'
import { leafIndexOf } from '../wire/tile-extensions.js'
import { parseDataTile } from '../wire/tile-leaf.js'

/** Content of a file for `ct-stream decode`: single certificates, or entries of a log. */
export type DecodeInput =
  | { readonly kind: 'certificates'; readonly certificates: readonly Uint8Array[] }
  | { readonly kind: 'entries'; readonly batch: EntryBatch }

/** Longest file, bytes. */
export const MAX_INPUT_BYTES = 256 * 1024 * 1024

/**
 * Detects what bytes are: PEM, DER or base64 of a certificate; a `MerkleTreeLeaf`, binary or base64; a get-entries answer
 * or one entry of it; a data tile of a static-ct log. Each of them may be packed by gzip.
 *
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` when they are none of these, `CT_RESPONSE_MALFORMED` for JSON that is no
 * get-entries answer.
 */
export function readDecodeInput(given: Uint8Array): DecodeInput {
  const bytes = unpacked(given)
  const known = readBinary(bytes)
  if (known !== undefined) return known
  const text = new TextDecoder().decode(bytes).trim()
  if (text.startsWith('{')) return { kind: 'entries', batch: parseGetEntries(answerBytes(text), 0) }
  if (text.includes(PEM_BEGIN)) return { kind: 'certificates', certificates: readPem(text) }
  const decoded = fromBase64(text.replace(/\s+/g, ''))
  const input = decoded && readBinary(decoded)
  if (input !== undefined) return input
  throw malformed('neither PEM, DER, base64, a Merkle tree leaf, a get-entries answer nor a data tile')
}

const PEM_BEGIN = '-----BEGIN '

function readBinary(bytes: Uint8Array): DecodeInput | undefined {
  // A certificate is a DER SEQUENCE longer than 127 bytes; no text begins like that.
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80) return { kind: 'certificates', certificates: [plain(bytes)] }
  // C2SP static-ct-api: a tile begins with a timestamp, milliseconds of this age, so that the third octet is not zero.
  const tile = bytes[0] === 0 && bytes[1] === 0 && (bytes[2] ?? 0) > 0 ? tileBatch(bytes) : undefined
  if (tile !== undefined) return { kind: 'entries', batch: tile }
  // RFC 6962 section 3.4: Version v1 (0), MerkleLeafType timestamped_entry (0).
  if (bytes[0] === 0 && bytes[1] === 0) return { kind: 'entries', batch: leafBatch(bytes) }
  return undefined
}

/** One object with `leaf_input` is an answer of one entry. */
function answerBytes(text: string): Uint8Array {
  const isOne = /^\{\s*"(leaf_input|extra_data)"/.test(text)
  return new TextEncoder().encode(isOne ? `{"entries":[${text}]}` : text)
}

/** A tile in a file does not state its width: tries the one that uses all of its bytes. */
function tileBatch(tile: Uint8Array): EntryBatch | undefined {
  for (let width = TILE_WIDTH; width > 0; width--) {
    try {
      const batch = parseDataTile(tile, 0, width)
      const decoded = decodeMerkleLeaf(batch.leafInput(0))
      const first = decoded.kind === 'leaf' ? leafIndexOf(decoded.leaf.extensions) : undefined
      return first === undefined ? batch : parseDataTile(tile, first, width)
    } catch (error) {
      if (!CtStreamError.is(error)) throw error
    }
  }
  return undefined
}

/** Unpacks gzip, to at most {@link MAX_INPUT_BYTES}. */
function unpacked(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_INPUT_BYTES })
  } catch (cause) {
    const isTooLarge = cause instanceof RangeError
    throw malformed(isTooLarge ? `gzip of more than ${MAX_INPUT_BYTES} bytes` : 'damaged gzip')
  }
}

function leafBatch(leaf: Uint8Array): EntryBatch {
  const answer = { entries: [{ leaf_input: toBase64(leaf), extra_data: '' }] }
  return parseGetEntries(new TextEncoder().encode(JSON.stringify(answer)), 0)
}

/** The certificates of a PEM text in order (RFC 7468 section 5); other blocks are passed over. */
function readPem(text: string): Uint8Array[] {
  const certificates = certificatesOfPem(text).map((der, i) => {
    if (der === undefined) throw malformed(`PEM block ${i + 1} is not base64, or is cut off`)
    return der
  })
  if (certificates.length === 0) throw malformed('PEM without a certificate')
  return certificates
}

function malformed(problem: string): CtStreamError {
  return new CtStreamError('CT_DER_MALFORMED', `nothing to decode: ${problem}`)
}
