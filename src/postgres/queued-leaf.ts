import { decodeEntry } from '../decode/decode-entry.js'
import { type EntryContext, rawOf } from '../decode/index.js'
import { decodeLeafBody, encodeLeafBody } from '../decode/leaf-body.js'
import type { CtCertificate } from '../types/certificate.js'
import type { EntryExtra } from '../types/entries.js'

/** Bits that are stored with an entry. */
const RAW = 1
const UNVERIFIED = 2
const HISTORICAL = 4

/** A larger entry is not stored, and only its log has it: Postgres would take a row of a gigabyte, but memory must stay bounded. */
const MAX_LEAF = 2 ** 24

/** An entry in the columns of its row. */
export interface QueuedLeaf {
  readonly flags: number
  /** 32 bytes. */
  readonly hash: Uint8Array
  /** A `TileLeaf`; the leaf as its log hashed it where it has no structure of RFC 6962; `undefined` when only its log has it. */
  readonly leaf: Uint8Array | undefined
}

export function queuedLeaf(certificate: CtCertificate): QueuedLeaf {
  const flags = (certificate.verified ? 0 : UNVERIFIED) + (certificate.historical ? HISTORICAL : 0)
  const hash = certificate.leafHash
  const leaf = encodeLeafBody(certificate)
  if (leaf !== undefined) return { flags, hash, leaf: leaf.length > MAX_LEAF ? undefined : leaf }
  const raw = rawOf(certificate)?.leafInput
  return { flags: flags + RAW, hash, leaf: raw !== undefined && raw.length <= MAX_LEAF ? raw : undefined }
}

/**
 * The certificate of a row.
 *
 * @throws {@link CtStreamError} `CT_LEAF_MALFORMED` when the bytes cannot be read, or do not hash to what was stored.
 */
export function certificateOfLeaf(
  { flags, hash }: Pick<QueuedLeaf, 'flags' | 'hash'>,
  leaf: Uint8Array,
  index: number,
  base: Pick<EntryContext, 'log' | 'issuer' | 'cursor'>,
): CtCertificate {
  const context = { ...base, verified: (flags & UNVERIFIED) === 0, historical: (flags & HISTORICAL) !== 0 }
  if ((flags & RAW) !== 0) return decodeEntry({ index, leafInput: leaf, extra: noExtra }, context)
  return decodeLeafBody(leaf, index, hash, context)
}

const noExtra: EntryExtra = {
  preCertificate: () => undefined,
  chain: () => ({ kind: 'certificates', certificates: [] }),
}
