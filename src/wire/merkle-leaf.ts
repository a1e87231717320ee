import { CtStreamError } from '../errors.js'
import { ByteReader, plain } from '../util/bytes.js'
import { ByteWriter } from './writer.js'

/** `MerkleTreeLeaf` (RFC 6962 section 3.4) with a `TimestampedEntry`, the only kind there is. */
export interface MerkleTreeLeaf {
  /** v1. */
  readonly version: 0
  /** timestamped_entry. */
  readonly leafType: 0
  /** The log's time of the entry (that of the SCT), epoch milliseconds. */
  readonly timestamp: number
  readonly entry: LeafEntry
  /** `CtExtensions` unparsed; empty in RFC 6962 logs. */
  readonly extensions: Uint8Array
}

export type LeafEntry =
  | { readonly kind: 'x509'; readonly certificate: Uint8Array }
  | {
      readonly kind: 'precert'
      /** SHA-256 of the SubjectPublicKeyInfo of the CA that issues the certificate, 32 bytes. */
      readonly issuerKeyHash: Uint8Array
      /** The certificate's TBSCertificate without poison and SCT list. */
      readonly tbsCertificate: Uint8Array
    }

/** The outcome of parsing a leaf. A leaf of an unknown kind is opaque: it is hashed and reported, not refused. */
export type DecodedLeaf =
  | { readonly kind: 'leaf'; readonly leaf: MerkleTreeLeaf }
  | { readonly kind: 'unknown'; readonly field: 'version' | 'leafType' | 'entryType'; readonly value: number }
  | { readonly kind: 'malformed'; readonly reason: string }

/** The entry type of a leaf of a known kind. */
export type EntryKind = LeafEntry['kind']

/** Parses a whole leaf. Never throws: a leaf that cannot be parsed is `malformed`. All byte strings are views of `leafInput`. */
export function decodeMerkleLeaf(leafInput: Uint8Array): DecodedLeaf {
  try {
    return readLeaf(new ByteReader(plain(leafInput), 'Merkle leaf'))
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return { kind: 'malformed', reason: error.message.replace(/^Merkle leaf: /, '') }
  }
}

/** The timestamp of a leaf, epoch milliseconds, without parsing the rest; `undefined` when there is none to read. */
export function leafTimestamp(leafInput: Uint8Array): number | undefined {
  if (leafInput.length < 10 || leafInput[0] !== 0 || leafInput[1] !== 0) return undefined
  let timestamp = 0
  for (let i = 2; i < 10; i++) timestamp = timestamp * 256 + (leafInput[i] as number)
  return Number.isSafeInteger(timestamp) ? timestamp : undefined
}

/** The entry type of a leaf without parsing the rest; `undefined` when it is not one of the two. */
export function leafKind(leafInput: Uint8Array): EntryKind | undefined {
  if (leafInput.length < 12 || leafInput[0] !== 0 || leafInput[1] !== 0 || leafInput[10] !== 0) return undefined
  return leafInput[11] === 0 ? 'x509' : leafInput[11] === 1 ? 'precert' : undefined
}

/** Writes a leaf: for the embedded log, and for verifying an SCT, which signs the same structure. */
export function encodeMerkleLeaf(leaf: Pick<MerkleTreeLeaf, 'timestamp' | 'entry' | 'extensions'>): Uint8Array {
  const { timestamp, entry, extensions } = leaf
  const writer = new ByteWriter().uint(0, 1).uint(0, 1).uint(timestamp, 8)
  if (entry.kind === 'x509') writer.uint(0, 2).vector(entry.certificate, 3)
  else writer.uint(1, 2).raw(entry.issuerKeyHash).vector(entry.tbsCertificate, 3)
  return writer.vector(extensions, 2).bytes()
}

function readLeaf(reader: ByteReader): DecodedLeaf {
  // Version version;
  const version = reader.u8('version')
  if (version !== 0) return { kind: 'unknown', field: 'version', value: version }
  // MerkleLeafType leaf_type;
  const leafType = reader.u8('leaf_type')
  if (leafType !== 0) return { kind: 'unknown', field: 'leafType', value: leafType }
  // uint64 timestamp;
  const timestamp = reader.u64('timestamp')
  // LogEntryType entry_type;
  const entryType = reader.u16('entry_type')
  if (entryType > 1) return { kind: 'unknown', field: 'entryType', value: entryType }
  const entry = entryType === 0 ? readX509(reader) : readPrecert(reader)
  // opaque CtExtensions<0..2^16-1>;
  const extensions = reader.view(reader.u16('extensions length'), 'extensions')
  reader.finish()
  return { kind: 'leaf', leaf: { version, leafType, timestamp, entry, extensions } }
}

function readX509(reader: ByteReader): LeafEntry {
  // opaque ASN.1Cert<1..2^24-1>;
  return { kind: 'x509', certificate: readNonEmpty(reader, 'certificate') }
}

function readPrecert(reader: ByteReader): LeafEntry {
  // opaque issuer_key_hash[32];
  const issuerKeyHash = reader.view(32, 'issuer_key_hash')
  // opaque TBSCertificate<1..2^24-1>;
  return { kind: 'precert', issuerKeyHash, tbsCertificate: readNonEmpty(reader, 'TBSCertificate') }
}

function readNonEmpty(reader: ByteReader, field: string): Uint8Array {
  const length = reader.u24(`${field} length`)
  if (length === 0) reader.fail(`${field} is empty`)
  return reader.view(length, field)
}
