import { CtStreamError } from '../errors.js'
import type { EntryExtra } from '../types/entries.js'
import { ByteMemory } from '../util/byte-memory.js'
import { concatBytes } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'
import { Rfc6962Extra } from '../wire/extra-data.js'

/** Takes an issuer: its SHA-256, and the certificate. */
export type OnIssuer = (fingerprint: Uint8Array, der: Uint8Array) => void

/** What a `TileLeaf` has of the data beside a leaf. */
interface BesideLeaf {
  /** Nothing where there is none that can be read. */
  readonly preCertificate: Uint8Array
  /** SHA-256 of each issuer, one behind the other. */
  readonly fingerprints: Uint8Array
}

/** A chain that was read, for the entries that have the same. */
interface KnownChain {
  /** As of `BeforeChain`. */
  readonly head: number
  readonly fingerprints: Uint8Array
  readonly issuers: readonly (readonly [fingerprint: Uint8Array, der: Uint8Array])[]
}

/** By the text of the chain. Texts are up to 8 KiB. */
const chains = new Map<string, KnownChain>()
/** Some hundred chains stand in nearly all entries of a log. */
const MOST_CHAINS = 512

/** @param onIssuer - Called with each issuer that stands in the data itself. */
export function besideLeaf(extra: EntryExtra, onIssuer?: OnIssuer): BesideLeaf {
  const before = extra instanceof Rfc6962Extra ? extra.beforeChain() : undefined
  const known = before && chains.get(before.chain)
  if (before !== undefined && known?.head === before.head) {
    if (onIssuer !== undefined) for (const [fingerprint, der] of known.issuers) onIssuer(fingerprint, der)
    return { preCertificate: before.preCertificate ?? nothing, fingerprints: known.fingerprints }
  }
  const preCertificate = preCertificateOf(extra)
  const chain = orElse(() => extra.chain(), undefined)
  if (chain?.kind !== 'certificates') return { preCertificate, fingerprints: concatBytes(chain?.fingerprints ?? []) }
  const issuers = chain.certificates.map((der) => [fingerprintOf(der), der] as const)
  const fingerprints = concatBytes(issuers.map(([fingerprint]) => fingerprint))
  if (before !== undefined) {
    if (chains.size >= MOST_CHAINS) chains.clear()
    // Copies: those of this entry are a part of all that stands beside it.
    const copies = issuers.map(([fingerprint, der]) => [fingerprint, der.slice()] as const)
    chains.set(before.chain, { head: before.head, fingerprints, issuers: copies })
  }
  if (onIssuer !== undefined) for (const [fingerprint, der] of issuers) onIssuer(fingerprint, der)
  return { preCertificate, fingerprints }
}

const nothing = new Uint8Array(0)

/** The precertificate as submitted; nothing when there is none that can be read. */
export function preCertificateOf(extra: EntryExtra): Uint8Array {
  return orElse(() => extra.preCertificate(), nothing) ?? nothing
}

/** Some hundred issuers stand in nearly every chain; real ones have 1 or 2 KiB. */
const hashes = new ByteMemory<Uint8Array>(9, 8192)

function fingerprintOf(der: Uint8Array): Uint8Array {
  const found = hashes.find(der)
  if (found !== undefined) return found
  const fingerprint = sha256(der)
  hashes.keep(fingerprint, der)
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
