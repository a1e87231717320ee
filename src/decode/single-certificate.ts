import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { EntryExtra, RawEntry } from '../types/entries.js'
import type { LogInfo } from '../types/log.js'
import { sha256 } from '../util/hash.js'
import { encodeMerkleLeaf, type LeafEntry } from '../wire/merkle-leaf.js'
import { encodeLeafIndex } from '../wire/tile-extensions.js'
import { outlineCertificate } from '../x509/certificate-frame.js'
import { tbsWithout } from '../x509/issuance-tbs.js'
import { Octets } from '../x509/oids.js'
import { hasExtension } from '../x509/precertificate.js'
import { decodeEntry } from './decode-entry.js'
import type { EntryContext } from './entry-context.js'

/** Origin of a certificate that does not come from a log. */
export interface SingleCertificate {
  /** Position in the source. Default 0. */
  readonly index?: number
  /** Name of the source, in place of the log's description. Default `''`. */
  readonly source?: string
  /** Issuers, nearest first, DER. Default none. */
  readonly chain?: readonly Uint8Array[]
}

/**
 * Decodes a certificate or precertificate without a log, like the entry that a log would make of it; the properties that only a log knows
 * are absent (`timestamp`, `leafHash`, `issuerKeyHash`, `cursor`).
 *
 * @param der - Kept; must own its bytes. At most 2^24 - 1.
 */
export function decodeSingle(
  der: Uint8Array,
  { index = 0, source = '', chain = [] }: SingleCertificate,
): CtCertificate {
  const { entry, preCertificate } = entryOf(der, chain[0])
  const leafInput = encodeMerkleLeaf({ timestamp: 0, entry, extensions: new Uint8Array() })
  const raw: RawEntry = { index, leafInput, extra: extraOf(preCertificate, chain) }
  return Object.create(decodeEntry(raw, contextOfSource(source)), {
    timestamp: { value: undefined },
    leafHash: { value: new Uint8Array() },
    issuerKeyHash: { value: undefined },
  }) as CtCertificate
}

/** A certificate of a log's entry as passed on by a server, without the leaf. */
export interface PassedOnCertificate {
  readonly index: number
  /** Epoch milliseconds; `undefined` when unknown. */
  readonly timestamp: number | undefined
  /** Issuers, nearest first, DER; may be empty. */
  readonly chain: readonly Uint8Array[]
}

/**
 * The entry that a log made of this certificate. Rebuilds the leaf if all of its parts are known; otherwise `leafHash`, `issuerKeyHash` and
 * the unknown parts are absent.
 *
 * @param der - Kept; must own its bytes. At most 2^24 - 1.
 */
export function decodePassedOn(der: Uint8Array, passed: PassedOnCertificate, context: EntryContext): CtCertificate {
  const { index, timestamp, chain } = passed
  const { entry, preCertificate } = entryOf(der, chain[0])
  const extensions = context.log.kind === 'static-ct' ? encodeLeafIndex(index) : new Uint8Array()
  const leafInput = encodeMerkleLeaf({ timestamp: timestamp ?? 0, entry, extensions })
  const raw: RawEntry = { index, leafInput, extra: extraOf(preCertificate, chain) }
  const decoded = decodeEntry(raw, context)
  const isIssuerKnown = entry.kind === 'x509' || (chain[0] !== undefined && !signsPrecertificates(chain[0]))
  if (timestamp !== undefined && isIssuerKnown) return decoded
  return Object.create(decoded, {
    leafHash: { value: new Uint8Array() },
    ...(timestamp === undefined && { timestamp: { value: undefined } }),
    ...(isIssuerKnown ? {} : { issuerKeyHash: { value: undefined } }),
  }) as CtCertificate
}

/** Whether a log would name another issuer in the leaf (RFC 6962 section 3.2). */
function signsPrecertificates(issuer: Uint8Array): boolean {
  return decodeSingle(issuer, {}).extendedKeyUsage?.some(({ name }) => name === 'precertificateSigning') ?? false
}

/** The log of entries from an unknown log. */
export function contextOfSource(source: string): EntryContext {
  const log: LogInfo = { id: '', description: source, operator: '', kind: 'rfc6962', url: '' }
  return { log, historical: true, cursor: () => '', issuer: unknownIssuer }
}

interface Entry {
  readonly entry: LeafEntry
  readonly preCertificate: Uint8Array | undefined
}

function entryOf(der: Uint8Array, issuer: Uint8Array | undefined): Entry {
  const tbsCertificate = tbsOfPreCertificate(der)
  if (tbsCertificate === undefined) return { entry: { kind: 'x509', certificate: der }, preCertificate: undefined }
  return { entry: { kind: 'precert', issuerKeyHash: keyHashOf(issuer), tbsCertificate }, preCertificate: der }
}

/** The TBSCertificate that a log hashes for a precertificate; `undefined` without the poison extension, or when it is unreadable. */
function tbsOfPreCertificate(der: Uint8Array): Uint8Array | undefined {
  try {
    const { outline } = outlineCertificate(der)
    return hasExtension(outline, Octets.precertPoison) ? tbsWithout(outline, [Octets.precertPoison]) : undefined
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return undefined
  }
}

/** The leaf of a precertificate; the issuer key hash is zero where the issuer is unknown. */
function keyHashOf(issuer: Uint8Array | undefined): Uint8Array {
  const spki = issuer && decodeSingle(issuer, {}).publicKey?.spki
  return spki === undefined ? new Uint8Array(32) : sha256(spki)
}

function extraOf(preCertificate: Uint8Array | undefined, certificates: readonly Uint8Array[]): EntryExtra {
  return { preCertificate: () => preCertificate, chain: () => ({ kind: 'certificates', certificates }) }
}

/** Never called: only entries of static-ct logs name their issuers by fingerprint. */
async function unknownIssuer(): Promise<never> {
  throw new CtStreamError('CT_OPTION_INVALID', 'the issuers of an entry without its log are not known')
}
