import { Tag } from '../x509/der.js'
import { Octets } from '../x509/oids.js'
import type { Outline } from '../x509/outline.js'
import { Element, sameAt } from './element.js'
import type { KnownName, NameMemory } from './name-memory.js'

const MAX_NAME = 253
const MAX_LABEL = 63
/** Certificates with more names are decoded in full. */
const MAX_PLACES = 256

const DNS_NAME = 0x82
const STAR = 0x2a
const HYPHEN = 0x2d
const DOT = 0x2e
const LETTER_A = 0x61
const LETTER_Z = 0x7a
/** String types that encode a host name with the same octets as the SubjectAltName. */
const ONE_OCTET_EACH = new Set<number>([Tag.utf8String, Tag.printableString, Tag.teletexString, Tag.ia5String])
const ARPA = new TextEncoder().encode('.arpa')

const ofLabels = new Uint8Array(256)
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789-') ofLabels[char.charCodeAt(0)] = 1

/**
 * Decides from the bytes whether the names of a certificate can only break rules of suffixes: they are all lower-case host names, and the
 * common name is one of them.
 */
export class PlainNames {
  /** What is known of the names of the certificate read last. */
  readonly known: KnownName[] = []
  private readonly memory: NameMemory
  private count = 0
  private readonly places = new Int32Array(MAX_PLACES * 2)
  private readonly outer = new Element()
  private readonly inner = new Element()

  constructor(memory: NameMemory) {
    this.memory = memory
  }

  /**
   * @param value - Where the extnValue of the SubjectAltName begins; it ends at `end`.
   * @returns `false` for names that must be decoded in full, whether wrong or just unusual.
   */
  read(outline: Outline, value: number, end: number): boolean {
    return this.readAltNames(outline.bytes, value, end) && this.count > 0 && this.readSubject(outline)
  }

  /** extnValue OCTET STRING of GeneralNames ::= SEQUENCE OF dNSName [2] IA5String */
  private readAltNames(bytes: Uint8Array, value: number, end: number): boolean {
    const { outer, inner, places } = this
    this.count = 0
    if (!outer.find(bytes, value, end, Tag.octetString) || outer.stop !== end) return false
    if (!inner.find(bytes, outer.start, end, Tag.sequence) || inner.stop !== end) return false
    for (let at = inner.start; at < end; at = inner.stop) {
      if (this.count === MAX_PLACES || !inner.find(bytes, at, end, DNS_NAME)) return false
      if (inner.stop - inner.start > MAX_NAME) return false
      const name = this.plainName(bytes, inner.start, inner.stop)
      if (name === undefined) return false
      this.known[this.count] = name
      places[this.count * 2] = inner.start
      places[this.count * 2 + 1] = inner.stop
      this.count++
    }
    if (this.known.length > this.count) this.known.length = this.count
    return true
  }

  private plainName(bytes: Uint8Array, start: number, stop: number): KnownName | undefined {
    const known = this.memory.find(bytes, start, stop)
    if (known?.isPlain) return known
    if (!isPlain(bytes, start, stop)) return undefined
    const name = this.memory.getAt(bytes, start, stop)
    name.isPlain = true
    return name
  }

  /** RDNSequence ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY } */
  private readSubject({ bytes, subjectStart, spkiStart }: Outline): boolean {
    const { outer, inner } = this
    if (!outer.find(bytes, subjectStart, spkiStart, Tag.sequence) || outer.stop !== spkiStart) return false
    for (let at = outer.start; at < spkiStart; at = outer.stop) {
      if (!outer.find(bytes, at, spkiStart, Tag.set)) return false
      // Several attributes in one set are rare: not worth handling here.
      if (!inner.find(bytes, outer.start, outer.stop, Tag.sequence) || inner.stop !== outer.stop) return false
      const { stop } = inner
      if (!inner.find(bytes, inner.start, stop, Tag.oid)) return false
      const length = inner.stop - inner.start
      if (length !== Octets.commonName.length || !sameAt(bytes, inner.start, Octets.commonName, 0, length)) continue
      const tag = bytes[inner.stop] as number
      if (!ONE_OCTET_EACH.has(tag) || !inner.find(bytes, inner.stop, stop, tag) || inner.stop !== stop) return false
      if (!this.has(bytes, inner.start, stop)) return false
    }
    return true
  }

  /** Whether the octets are one of the names. */
  private has(bytes: Uint8Array, start: number, stop: number): boolean {
    const { places } = this
    for (let i = 0; i < this.count; i++) {
      const at = places[i * 2] as number
      if ((places[i * 2 + 1] as number) - at === stop - start && sameAt(bytes, start, bytes, at, stop - start))
        return true
    }
    return false
  }
}

/** A host name or wildcard that can only break rules of suffixes. */
function isPlain(bytes: Uint8Array, start: number, stop: number): boolean {
  if (stop === start) return false
  let label = bytes[start] === STAR ? start + 2 : start
  if (label > start && (label >= stop || bytes[start + 1] !== DOT)) return false
  for (let at = label; at <= stop; at++) {
    const octet = at < stop ? (bytes[at] as number) : DOT
    if (octet !== DOT) {
      if (ofLabels[octet] === 0) return false
      continue
    }
    const length = at - label
    if (length === 0 || length > MAX_LABEL || bytes[label] === HYPHEN || bytes[at - 1] === HYPHEN) return false
    if (length > 4 && bytes[label + 2] === HYPHEN && bytes[label + 3] === HYPHEN) return false
    label = at + 1
  }
  // A name that ends in a digit may be an IP address.
  const last = bytes[stop - 1] as number
  if (last < LETTER_A || last > LETTER_Z) return false
  return stop - start < ARPA.length || !sameAt(bytes, stop - ARPA.length, ARPA, 0, ARPA.length)
}
