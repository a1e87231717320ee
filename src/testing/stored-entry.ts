import { hash } from 'node:crypto'
import { optionError } from '../util/options.js'
import type { IssuedCertificate } from './issue-certificates.js'

/** Arguments of `TestLog.add`. */
export type TestLogEntry = IssuedCertificate | DerEntry | PrecertificateEntry | RawLogEntry

/** Any certificate: becomes an `x509_entry`. */
export interface DerEntry {
  /** The certificate. */
  readonly der: Uint8Array
  /** Issuer certificates, nearest first. Default none. */
  readonly chain?: readonly Uint8Array[]
}

/** A precertificate with the values that a log would compute from it: becomes a `precert_entry`. */
export interface PrecertificateEntry {
  readonly kind: 'precertificate'
  /** The precertificate, with poison. */
  readonly der: Uint8Array
  /** TBSCertificate without the poison. */
  readonly tbs: Uint8Array
  /** SHA-256 of the issuer's SubjectPublicKeyInfo, 32 bytes. */
  readonly issuerKeyHash: Uint8Array
  /** Issuers (DER), nearest first. Default: none. */
  readonly chain?: readonly Uint8Array[]
}

/** Any entry as another log served it, kept byte for byte. */
export interface RawLogEntry {
  /** A `MerkleTreeLeaf`, or any other bytes: the log serves and hashes them unchanged. */
  readonly leafInput: Uint8Array
  /** RFC 6962 `extra_data`. Logs that serve tiles must be able to parse it. */
  readonly extraData: Uint8Array
}

/** An entry in the log, stored in parts, from which the forms of both protocols are assembled on request. */
export interface StoredEntry {
  /** Epoch milliseconds; `undefined` for a raw entry that is no timestamped leaf. */
  readonly timestamp: number | undefined
  readonly leafInput: () => Uint8Array
  /** RFC 6962 section 4.6. */
  readonly extraData: () => Uint8Array
  /** `TileLeaf` after its `TimestampedEntry`: pre_certificate and chain fingerprints (C2SP static-ct-api). */
  readonly tileExtra: () => Uint8Array
  readonly chain: readonly Uint8Array[]
}

/**
 * @param leafIndex - Position, put into the `leaf_index` extension of entries made here; `undefined` for a log without.
 */
export function storeEntry(entry: TestLogEntry, timestamp: number, leafIndex: number | undefined): StoredEntry {
  if ('leafInput' in entry) return storeRaw(entry)
  if (!(entry.der instanceof Uint8Array) || entry.der.length > 0xffffff)
    throw optionError(
      'entries',
      'entries with `der` of at most 2^24 - 1 bytes, or with `leafInput` and `extraData`',
      entry,
    )
  const { der, chain = [] } = entry
  const extensions = leafIndex === undefined ? u16(0) : leafIndexExtensions(leafIndex)
  if ('kind' in entry && entry.kind === 'precertificate') {
    const { issuerKeyHash, tbs } = entry
    return {
      timestamp,
      chain,
      leafInput: () => Buffer.concat([leafHeader(timestamp, 1), issuerKeyHash, u24(tbs.length), tbs, extensions]),
      extraData: () => Buffer.concat([u24(der.length), der, certificateChain(chain)]),
      tileExtra: () => Buffer.concat([u24(der.length), der, fingerprints(chain)]),
    }
  }
  return {
    timestamp,
    chain,
    leafInput: () => Buffer.concat([leafHeader(timestamp, 0), u24(der.length), der, extensions]),
    extraData: () => certificateChain(chain),
    tileExtra: () => fingerprints(chain),
  }
}

/** `TileLeaf`: the `TimestampedEntry` is the leaf without version and leaf type. */
export const tileLeaf = (entry: StoredEntry): Buffer =>
  Buffer.concat([entry.leafInput().subarray(2), entry.tileExtra()])

function storeRaw({ leafInput, extraData }: RawLogEntry): StoredEntry {
  if (!(leafInput instanceof Uint8Array) || !(extraData instanceof Uint8Array))
    throw optionError('entries', 'entries whose `leafInput` and `extraData` are Uint8Arrays', leafInput)
  const leaf = Buffer.from(leafInput)
  const known = leaf.length >= 12 && leaf[0] === 0 && leaf[1] === 0
  const preCertificateLength =
    known && leaf.readUInt16BE(10) === 1 && extraData.length >= 3 ? 3 + readU24(extraData, 0) : 0
  const chain = splitChain(extraData, preCertificateLength)
  return {
    timestamp: known ? Number(leaf.readBigUInt64BE(2)) : undefined,
    chain: chain ?? [],
    leafInput: () => leafInput,
    extraData: () => extraData,
    tileExtra: () => {
      if (chain === undefined)
        throw optionError(
          'entries',
          'entries whose extra data can be taken apart, in a log that serves tiles',
          extraData,
        )
      return Buffer.concat([extraData.subarray(0, preCertificateLength), fingerprints(chain)])
    },
  }
}

/** `undefined` when the bytes from `at` are not one vector of certificates. */
function splitChain(extraData: Uint8Array, at: number): Uint8Array[] | undefined {
  if (extraData.length < at + 3 || readU24(extraData, at) !== extraData.length - at - 3) return undefined
  const chain: Uint8Array[] = []
  for (let next = at + 3; next < extraData.length; ) {
    if (next + 3 > extraData.length) return undefined
    const end = next + 3 + readU24(extraData, next)
    if (end > extraData.length) return undefined
    chain.push(extraData.subarray(next + 3, end))
    next = end
  }
  return chain
}

// struct { Version version; MerkleLeafType leaf_type; uint64 timestamp; LogEntryType entry_type; … }
function leafHeader(timestamp: number, entryType: 0 | 1): Buffer {
  const header = Buffer.alloc(12)
  header.writeBigUInt64BE(BigInt(timestamp), 2)
  header.writeUInt16BE(entryType, 10)
  return header
}

// ASN.1Cert certificate_chain<0..2^24-1>
function certificateChain(chain: readonly Uint8Array[]): Buffer {
  const list = Buffer.concat(chain.flatMap((der) => [u24(der.length), der]))
  return Buffer.concat([u24(list.length), list])
}

// Fingerprint certificate_chain<0..2^16-1>
const fingerprints = (chain: readonly Uint8Array[]): Buffer =>
  Buffer.concat([u16(chain.length * 32), ...chain.map((der) => hash('sha256', der, 'buffer'))])

// CtExtensions: one extension of type leaf_index (0), u16 length 5, uint40
function leafIndexExtensions(index: number): Buffer {
  const extensions = Buffer.from('00080000050000000000', 'hex')
  extensions.writeUIntBE(index, 5, 5)
  return extensions
}

const readU24 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) * 0x10000 + (bytes[at + 1] as number) * 0x100 + (bytes[at + 2] as number)

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function u24(value: number): Buffer {
  const bytes = Buffer.alloc(3)
  bytes.writeUIntBE(value, 0, 3)
  return bytes
}
