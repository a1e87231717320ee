import type { EntryChain, EntryExtra } from '../types/entries.js'
import { ByteMemory } from '../util/byte-memory.js'
import { ByteReader, fromBase64 } from '../util/bytes.js'
import { sextet } from './base64.js'
import { chainTooLong, MAX_CHAIN, MAX_ISSUER_BYTES } from './chain-bounds.js'
import { malformedLeaf } from './malformed.js'
import { type EntryKind, leafKind } from './merkle-leaf.js'

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

/**
 * Chains as base64, up to 8 KiB each. Two thirds of an answer are chains of a few issuers, again and again: entries share the string, so
 * that an entry that is kept, in the queue of a module say, holds its precertificate and no more. A chain stands behind a precertificate
 * in one of three alignments of base64.
 */
const chains = new ByteMemory<string>(10, 8 * 1024)

/** Copies the extra data of an entry, as base64, out of an answer. */
export function base64Extra(text: Buffer, from: number, to: number, leafInput: Uint8Array): Rfc6962Extra {
  const kind = leafKind(leafInput)
  const at = kind === 'x509' ? from : kind === 'precert' ? chainStart(text, from, to) : to
  return new Rfc6962Extra(text.toString('latin1', from, at), kind, at === to ? '' : sharedChain(text, at, to))
}

function sharedChain(text: Buffer, from: number, to: number): string {
  const known = chains.find(text, from, to)
  if (known !== undefined) return known
  const chain = text.toString('latin1', from, to)
  chains.keep(chain, text, from, to)
  return chain
}

/** Where the first group of four characters begins that holds nothing of the precertificate; `to` when there is none. */
function chainStart(text: Buffer, from: number, to: number): number {
  if (to - from < 4) return to
  let length = 0
  for (let at = from; at < from + 4; at++) length = length * 64 + sextet(text[at] as number)
  const start = from + 4 * Math.ceil((LENGTH_OCTETS + length) / 3)
  return start < to ? start : to
}

/** As `Rfc6962Extra.beforeChain()` has it. */
export interface BeforeChain {
  /** Base64 of the chain, except its first octets. */
  readonly chain: string
  /** How many those are, times 2^16, and their value. */
  readonly head: number
  readonly preCertificate: Uint8Array | undefined
}

/** What its first three octets are the length of; `undefined` where it is not base64, or shorter. */
function firstVector(text: string): Uint8Array | undefined {
  const bytes = fromBase64(text)
  if (bytes === undefined || bytes.length < LENGTH_OCTETS) return undefined
  const length = ((bytes[0] as number) << 16) | ((bytes[1] as number) << 8) | (bytes[2] as number)
  const end = LENGTH_OCTETS + length
  return end > bytes.length ? undefined : bytes.subarray(LENGTH_OCTETS, end)
}

/** The `extra_data` of one entry, kept as base64 and decoded on first use. */
export class Rfc6962Extra implements EntryExtra {
  private readonly own: string
  private readonly shared: string
  private readonly kind: EntryKind | undefined
  /** Kept after the first use: readers of one part often want the other, and both are views of the same bytes. */
  private parsed: ExtraData | undefined

  /**
   * @param latin1 - Base64; characters below U+0100 only.
   * @param kind - Entry type of the leaf, which decides the structure; `undefined` when it is unknown.
   * @param shared - The rest of it, in a string that other entries have, too. Default: nothing.
   */
  constructor(latin1: string, kind: EntryKind | undefined, shared = '') {
    this.own = latin1
    this.kind = kind
    this.shared = shared
  }

  get byteLength(): number {
    return this.own.length + this.shared.length
  }

  /** At most the first `length` characters, as they came. */
  startOf(length: number): string {
    return (this.own.length < length ? this.own + this.shared : this.own).slice(0, length)
  }

  /** @throws {@link CtStreamError} `CT_LEAF_MALFORMED` when it is not base64, or does not have the structure of the standard. */
  preCertificate(): Uint8Array | undefined {
    return this.parts.preCertificate
  }

  preCertificateStart(least: number): Uint8Array | undefined {
    if (this.kind !== 'precert') return undefined
    // ASN.1Cert pre_certificate, after three octets for its length
    const start = Buffer.from(this.startOf(4 * Math.ceil((least + LENGTH_OCTETS) / 3)), 'base64')
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

  /**
   * What stands before the chain, where the chain is text that entries share: a chain that was read once need not be decoded again. It says
   * nothing of the chain, which may be malformed; `undefined` where there is no such text, or what stands before it is malformed.
   */
  beforeChain(): BeforeChain | undefined {
    const { own, shared, kind, parsed } = this
    if (shared === '' || kind === undefined || this.byteLength > MAX_TEXT) return undefined
    if (kind === 'x509') return own === '' ? { chain: shared, head: 0, preCertificate: undefined } : undefined
    const preCertificate = parsed === undefined ? firstVector(own) : parsed.preCertificate
    // Padding within it would shift what follows.
    if (preCertificate === undefined || own.length % 4 !== 0 || own.endsWith('=')) return undefined
    const over = (own.length / 4) * 3 - LENGTH_OCTETS - preCertificate.length
    if (over < 0 || over > 2) return undefined
    const last = [...own.slice(-4)].reduce((bits, digit) => bits * 64 + sextet(digit.charCodeAt(0)), 0)
    return { chain: shared, head: over * 2 ** 16 + (last % 2 ** (8 * over)), preCertificate }
  }

  private get parts(): ExtraData {
    this.parsed ??= this.parse()
    return this.parsed
  }

  private parse(): ExtraData {
    if (this.byteLength > MAX_TEXT) throw malformedLeaf('extra_data', 'longer than any precertificate and chain')
    const bytes = fromBase64(this.own + this.shared)
    if (bytes === undefined) throw malformedLeaf('extra_data', 'not base64')
    if (this.kind === undefined) throw malformedLeaf('extra_data', 'the type of its entry is not known')
    return parseExtraData(bytes, this.kind)
  }
}
