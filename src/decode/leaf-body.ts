import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { RawEntry } from '../types/entries.js'
import { equalBytes } from '../util/bytes.js'
import { decodeMerkleLeaf } from '../wire/merkle-leaf.js'
import { type PageMemory, parseDataTile } from '../wire/tile-leaf.js'
import { ByteWriter } from '../wire/writer.js'
import { decodeEntry, rawOf } from './decode-entry.js'
import type { EntryContext } from './entry-context.js'
import { besideLeaf, type OnIssuer } from './sent-chain.js'

/** Version and leaf type, both zero, which a tile leaves out. */
const PREFIX_LENGTH = 2

/**
 * The entry as one `TileLeaf` (C2SP static-ct-api, "Log Entries"), for logs of both kinds; it names issuers by their SHA-256.
 *
 * Leaves out unreadable data beside the leaf, which the tree does not cover.
 *
 * @param onIssuer - Called with each issuer that stands in the entry itself, as those of RFC 6962 logs do. `der` is the caller's for the call; the
 * same issuer may have the same `fingerprint` again.
 * @returns `undefined` for an entry that no `TileLeaf` can hold (not a leaf of RFC 6962), or without its bytes.
 */
export function encodeLeafBody(certificate: CtCertificate, onIssuer?: OnIssuer): Uint8Array | undefined {
  const raw = rawOf(certificate)
  if (raw === undefined) return undefined
  const decoded = decodeMerkleLeaf(raw.leafInput)
  if (decoded.kind !== 'leaf') return undefined
  const writer = new ByteWriter().raw(raw.leafInput.subarray(PREFIX_LENGTH))
  // ASN.1Cert pre_certificate;
  const { preCertificate, fingerprints } = besideLeaf(raw.extra, onIssuer)
  if (decoded.leaf.entry.kind === 'precert') writer.vector(preCertificate, 3)
  // Fingerprint certificate_chain<0..2^16-1>;
  return writer.vector(fingerprints, 2).bytes()
}

/**
 * The certificate from the output of {@link encodeLeafBody}.
 *
 * @param body - Copied.
 * @param leafHash - The expected leaf hash, 32 bytes.
 * @throws {@link CtStreamError} `CT_LEAF_MALFORMED` for other bytes, or when they hash to something else.
 */
export function decodeLeafBody(
  body: Uint8Array,
  index: number,
  leafHash: Uint8Array,
  context: EntryContext,
): CtCertificate {
  const { raw, actual } = readLeaf(body, index)
  if (!equalBytes(actual, leafHash))
    throw new CtStreamError('CT_LEAF_MALFORMED', 'the body does not hash to its ct-leaf', { index })
  return decodeEntry(raw, context, actual)
}

/** The entry, and the hash of its leaf. */
function readLeaf(body: Uint8Array, index: number): { readonly raw: RawEntry; readonly actual: Uint8Array } {
  try {
    const tile = parseDataTile(body, index, 1, scratch)
    return { raw: tile.entry(0), actual: tile.leafHashes() }
  } catch (cause) {
    if (!CtStreamError.is(cause)) throw cause
    throw new CtStreamError('CT_LEAF_MALFORMED', `the body is not one TileLeaf: ${cause.message}`, { cause, index })
  }
}

/** Longer bodies, which are rare, get memory of their own. */
const SCRATCH_BYTES = 2 ** 16
let memory: Buffer | undefined

/**
 * Memory in which one body after the other is read and hashed: an entry is copied out of it before the next one comes. New memory outside of
 * V8's heap for each, and its share of collecting garbage, costs as much as the hash.
 */
const scratch: PageMemory = {
  take(length) {
    if (length > SCRATCH_BYTES) return Buffer.allocUnsafeSlow(length)
    memory ??= Buffer.alloc(SCRATCH_BYTES)
    return memory
  },
  give() {},
}
