import { CtStreamError } from '../errors.js'
import { leafHash as merkleLeafHash } from '../merkle/hash.js'
import type { CtCertificate } from '../types/certificate.js'
import type { EntryExtra, RawEntry } from '../types/entries.js'
import { ByteMemory } from '../util/byte-memory.js'
import { concatBytes, equalBytes } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'
import { decodeMerkleLeaf } from '../wire/merkle-leaf.js'
import { parseDataTile } from '../wire/tile-leaf.js'
import { ByteWriter } from '../wire/writer.js'
import { decodeEntry, rawOf } from './decode-entry.js'
import type { EntryContext } from './entry-context.js'

/** Version and leaf type, both zero, which a tile leaves out. */
const PREFIX_LENGTH = 2

/**
 * The entry as one `TileLeaf` (C2SP static-ct-api, "Log Entries"), for logs of both kinds; it names issuers by their SHA-256.
 *
 * Leaves out unreadable data beside the leaf, which the tree does not cover.
 *
 * @returns `undefined` for an entry that no `TileLeaf` can hold (not a leaf of RFC 6962), or without its bytes.
 */
export function encodeLeafBody(certificate: CtCertificate): Uint8Array | undefined {
  const raw = rawOf(certificate)
  if (raw === undefined) return undefined
  const decoded = decodeMerkleLeaf(raw.leafInput)
  if (decoded.kind !== 'leaf') return undefined
  const writer = new ByteWriter().raw(raw.leafInput.subarray(PREFIX_LENGTH))
  // ASN.1Cert pre_certificate;
  if (decoded.leaf.entry.kind === 'precert') writer.vector(preCertificateOf(raw.extra), 3)
  // Fingerprint certificate_chain<0..2^16-1>;
  return writer.vector(concatBytes(fingerprintsOf(raw.extra)), 2).bytes()
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
  const raw = readLeaf(body, index)
  const actual = merkleLeafHash(raw.leafInput)
  if (!equalBytes(actual, leafHash))
    throw new CtStreamError('CT_LEAF_MALFORMED', 'the body does not hash to its ct-leaf', { index })
  return decodeEntry(raw, context, actual)
}

function readLeaf(body: Uint8Array, index: number): RawEntry {
  try {
    return parseDataTile(body, index, 1).entry(0)
  } catch (cause) {
    if (!CtStreamError.is(cause)) throw cause
    throw new CtStreamError('CT_LEAF_MALFORMED', `the body is not one TileLeaf: ${cause.message}`, { cause, index })
  }
}

const nothing = new Uint8Array(0)

/** The precertificate as submitted; nothing when there is none that can be read. */
export function preCertificateOf(extra: EntryExtra): Uint8Array {
  return orElse(() => extra.preCertificate(), nothing) ?? nothing
}

function fingerprintsOf(extra: EntryExtra): readonly Uint8Array[] {
  const chain = orElse(() => extra.chain(), { kind: 'fingerprints', fingerprints: [] } as const)
  return chain.kind === 'fingerprints' ? chain.fingerprints : chain.certificates.map(fingerprintOf)
}

/** Some hundred issuers stand in nearly every chain; real ones have 1 or 2 KiB. */
const fingerprints = new ByteMemory<Uint8Array>(9, 8192)

function fingerprintOf(der: Uint8Array): Uint8Array {
  const known = fingerprints.find(der)
  if (known !== undefined) return known
  const fingerprint = sha256(der)
  fingerprints.keep(fingerprint, der)
  return fingerprint
}

/** Tolerant, because the data beside the leaf may be anything. */
function orElse<T>(read: () => T, fallback: T): T {
  try {
    return read()
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return fallback
  }
}
