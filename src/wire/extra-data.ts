import type { EntryChain, EntryExtra } from '../types/entries.js'
import { ByteReader, fromBase64 } from '../util/bytes.js'
import { chainTooLong, MAX_CHAIN, MAX_ISSUER_BYTES, malformedLeaf } from './malformed.js'
import type { EntryKind } from './merkle-leaf.js'

const LENGTH_OCTETS = 3
/** Base64 of a precertificate of 2^24 - 1 bytes and a chain of 16 issuers of 64 KiB, with their lengths. */
const MAX_TEXT = 4 * Math.ceil((2 ** 24 + 5 + MAX_CHAIN * (MAX_ISSUER_BYTES + 3)) / 3)

/** The parts of RFC 6962 `extra_data`. */
export interface ExtraData {
  /** Only in precert entries. */
  readonly preCertificate: Uint8Array | undefined
  /** Issuer certificates, nearest first; at most 17, one more than allowed. */
  readonly certificates: readonly Uint8Array[]
}

/**
 * Parses the `extra_data` of an entry (RFC 6962 section 4.6); byte strings are views of it. A log that lost it sends no bytes at all:
 * no precertificate and no chain.
 * @throws {@link CtStreamError} `CT_LEAF_MALFORMED`.
 */
export function parseExtraData(bytes: Uint8Array, kind: EntryKind): ExtraData {
  if (bytes.length === 0) return { preCertificate: undefined, certificates: [] }
  const reader = new ByteReader(bytes, 'extra_data')
  // PrecertChainEntry: ASN.1Cert pre_certificate;
  const preCertificate =
    kind === 'precert' ? reader.view(reader.u24('pre_certificate length'), 'pre_certificate') : undefined
  // ASN.1Cert certificate_chain<0..2^24-1>;
  const length = reader.u24('chain length')
  if (length !== reader.remaining) reader.fail(`a chain of ${length} bytes in the ${reader.remaining} left`)
  const certificates: Uint8Array[] = []
  while (reader.remaining > 0) {
    const certificate = reader.view(reader.u24('certificate length'), 'certificate')
    // Stops one certificate after the allowed number, which is enough to refuse the chain: 16 MiB could hold millions.
    if (certificates.length <= MAX_CHAIN) certificates.push(certificate)
  }
  return { preCertificate, certificates }
}

/** The `extra_data` of one entry, kept as base64 and decoded on first use. */
export class Rfc6962Extra implements EntryExtra {
  /** As it came: base64. */
  readonly latin1: string
  private readonly kind: EntryKind | undefined
  /** Kept after the first use: readers of one part often want the other, and both are views of the same bytes. */
  private parsed: ExtraData | undefined

  /**
   * @param latin1 - Base64; characters below U+0100 only.
   * @param kind - Entry type of the leaf, which decides the structure; `undefined` when it is unknown.
   */
  constructor(latin1: string, kind: EntryKind | undefined) {
    this.latin1 = latin1
    this.kind = kind
  }

  get byteLength(): number {
    return this.latin1.length
  }

  /** @throws {@link CtStreamError} `CT_LEAF_MALFORMED` when it is not base64, or does not have the structure of the standard. */
  preCertificate(): Uint8Array | undefined {
    return this.parts.preCertificate
  }

  preCertificateStart(least: number): Uint8Array | undefined {
    if (this.kind !== 'precert') return undefined
    // ASN.1Cert pre_certificate, after three octets for its length
    const start = Buffer.from(this.latin1.slice(0, 4 * Math.ceil((least + LENGTH_OCTETS) / 3)), 'base64')
    return start.subarray(LENGTH_OCTETS)
  }

  /**
   * @throws {@link CtStreamError} `CT_LEAF_MALFORMED` when it is not base64, does not have the structure of the standard, or has more
   * than 16 certificates.
   */
  chain(): EntryChain {
    const { certificates } = this.parts
    if (certificates.length > MAX_CHAIN) throw chainTooLong()
    return { kind: 'certificates', certificates }
  }

  private get parts(): ExtraData {
    this.parsed ??= this.parse()
    return this.parsed
  }

  private parse(): ExtraData {
    if (this.latin1.length > MAX_TEXT) throw malformedLeaf('extra_data', 'longer than any precertificate and chain')
    const bytes = fromBase64(this.latin1)
    if (bytes === undefined) throw malformedLeaf('extra_data', 'not base64')
    if (this.kind === undefined) throw malformedLeaf('extra_data', 'the type of its entry is not known')
    return parseExtraData(bytes, this.kind)
  }
}
