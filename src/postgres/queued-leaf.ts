import { decodeEntry } from '../decode/decode-entry.js'
import { type EntryContext, rawOf } from '../decode/index.js'
import { decodeLeafBody, encodeLeafBody } from '../decode/leaf-body.js'
import type { CtCertificate } from '../types/certificate.js'
import type { EntryExtra } from '../types/entries.js'

/** What is kept of an entry beside its bytes, as bits. */
const RAW = 1
const UNVERIFIED = 2
const HISTORICAL = 4

/** A larger one is left in its log: Postgres takes rows of a gigabyte, and memory is not made of that. */
const MAX_LEAF = 2 ** 24

/** An entry as a row has it. */
export interface QueuedLeaf {
  readonly flags: number
  /** 32 bytes. */
  readonly hash: Uint8Array
  /** A `TileLeaf`, or the leaf as its log hashed it where that is not of RFC 6962's structure; `undefined`: it is in its log alone. */
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
 * @throws {@link CtStreamError} `CT_LEAF_MALFORMED` when the bytes are not what was kept, or hash to something else.
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
