import { type EntryKind, leafKind } from '../wire/merkle-leaf.js'
import { isNameTag } from '../x509/alt-names.js'
import { Look, NameHashes } from './name-hashes.js'

/** Bytes of a leaf before its certificate: version, leaf type, timestamp, entry type, length (RFC 6962 section 3.4). */
const X509_OFFSET = 15
/** The same with the issuer key hash, before the TBSCertificate. */
const PRECERT_OFFSET = 47
/** Most extensions to read; real certificates have about ten. */
const MAX_EXTENSIONS = 1000

const SEQUENCE = 0x30
const SET = 0x31
const OID = 0x06
const OCTET_STRING = 0x04
const BOOLEAN = 0x01
const VERSION = 0xa0
const EXTENSIONS = 0xa3
const DNS_NAME = 0x82

const noNames = new NameHashes([])

/** Result of {@link LeafWalk.names}. */
export type NamesVerdict = Look | typeof BROKEN
/** The subject, the SubjectAltName or the extensions deviate from RFC 5280, so some names may be unreadable here. */
export const BROKEN = 3

/**
 * Finds the fields of the certificate in a leaf by offsets, without an object for each element or entry, because a filter examines every
 * entry of every log, and most are unwanted. One walk is reused for all leaves.
 *
 * Handles only the common form. It reports any certificate that deviates from it, which is then left to the decoder.
 */
export class LeafWalk {
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the certificate (X.509 entry) or TBSCertificate (precert entry) is. */
  start = 0
  end = 0
  issuerStart = 0
  validityStart = 0
  subjectStart = 0
  subjectEnd = 0
  private kind: EntryKind | undefined
  private extensionsStart = -1
  private extensionsEnd = -1

  /** Starts on a leaf; `undefined` for bytes that are no leaf and become an unparsable entry. */
  open(leafInput: Uint8Array): EntryKind | undefined {
    this.bytes = leafInput
    this.kind = leafKind(leafInput)
    if (this.kind === undefined) return undefined
    const offset = this.kind === 'x509' ? X509_OFFSET : PRECERT_OFFSET
    // The decoder refuses a timestamp of 2^53 or more.
    if (leafInput.length < offset + 3 || leafInput[2] !== 0 || (leafInput[3] as number) >= 0x20) return undefined
    const high = leafInput[offset - 3] as number
    const end = offset + high * 0x10000 + this.u16(offset - 2)
    if (end === offset || end + 2 > leafInput.length || end + 2 + this.u16(end) !== leafInput.length) return undefined
    this.start = offset
    this.end = end
    return this.kind
  }

  /** Finds the fields of the TBSCertificate; `false` when it does not have the common form. */
  fields(): boolean {
    const { bytes, kind } = this
    let at = this.start
    let end = this.end
    if (kind === 'x509') {
      // Certificate ::= SEQUENCE { tbsCertificate, …
      const stop = elementEnd(bytes, at, end)
      if (stop < 0 || bytes[at] !== SEQUENCE) return false
      at = contentStart(bytes, at)
      end = stop
    }
    // TBSCertificate ::= SEQUENCE {
    end = elementEnd(bytes, at, end)
    if (end < 0 || bytes[at] !== SEQUENCE) return false
    at = contentStart(bytes, at)
    // version [0] EXPLICIT Version DEFAULT v1, serialNumber CertificateSerialNumber, signature AlgorithmIdentifier,
    const hasVersion = at < end && bytes[at] === VERSION
    at = elementEnd(bytes, at, end)
    if (hasVersion && at >= 0) at = elementEnd(bytes, at, end)
    if (at >= 0) at = elementEnd(bytes, at, end)
    // issuer Name, validity Validity, subject Name,
    this.issuerStart = at
    if (at >= 0) at = elementEnd(bytes, at, end)
    this.validityStart = at
    if (at >= 0) at = elementEnd(bytes, at, end)
    this.subjectStart = at
    if (at >= 0) at = elementEnd(bytes, at, end)
    this.subjectEnd = at
    // subjectPublicKeyInfo SubjectPublicKeyInfo,
    if (at >= 0) at = elementEnd(bytes, at, end)
    return at >= 0 && this.findExtensions(at, end)
  }

  /** Examines every dNSName and common name, and stops at the first match. Call it after {@link fields} returned `true`. */
  names(hashes: NameHashes): NamesVerdict {
    const inSubject = this.commonNames(hashes)
    if (inSubject === Look.listed || inSubject === BROKEN) return inSubject
    const inExtensions = this.extensions(hashes)
    return inExtensions === Look.none ? inSubject : inExtensions
  }

  /** Whether some names may be unreadable here. Call it after {@link fields}. */
  hasBrokenNames(): boolean {
    return this.names(noNames) === BROKEN
  }

  private findExtensions(from: number, end: number): boolean {
    const { bytes } = this
    this.extensionsStart = -1
    // issuerUniqueID [1], subjectUniqueID [2], extensions [3] EXPLICIT Extensions OPTIONAL
    for (let at = from; at < end; ) {
      const stop = elementEnd(bytes, at, end)
      if (stop < 0) return false
      if (bytes[at] === EXTENSIONS) {
        if (this.extensionsStart >= 0) return false
        this.extensionsStart = at
        this.extensionsEnd = stop
      }
      at = stop
    }
    return true
  }

  private commonNames(hashes: NameHashes): NamesVerdict {
    const { bytes, subjectStart, subjectEnd } = this
    // RDNSequence ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }
    if (bytes[subjectStart] !== SEQUENCE) return BROKEN
    let odd: Look = Look.none
    for (let set = contentStart(bytes, subjectStart); set < subjectEnd; ) {
      const setEnd = elementEnd(bytes, set, subjectEnd)
      if (setEnd < 0 || bytes[set] !== SET) return BROKEN
      for (let pair = contentStart(bytes, set); pair < setEnd; ) {
        const pairEnd = elementEnd(bytes, pair, setEnd)
        if (pairEnd < 0 || bytes[pair] !== SEQUENCE) return BROKEN
        const type = contentStart(bytes, pair)
        const value = elementEnd(bytes, type, pairEnd)
        if (value < 0 || bytes[type] !== OID || elementEnd(bytes, value, pairEnd) !== pairEnd) return BROKEN
        // The OID of a common name may have a length in more octets than needed.
        if ((bytes[type + 1] as number) >= 0x80) return BROKEN
        if (isCommonName(bytes, type)) {
          const look = isText(bytes[value] as number)
            ? hashes.look(bytes, contentStart(bytes, value), pairEnd)
            : Look.odd
          if (look === Look.listed) return look
          odd = odd || look
        }
        pair = pairEnd
      }
      set = setEnd
    }
    return odd
  }

  private extensions(hashes: NameHashes): NamesVerdict {
    const { bytes, extensionsStart, extensionsEnd } = this
    if (extensionsStart < 0) return Look.none
    const list = contentStart(bytes, extensionsStart)
    // Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension
    if (elementEnd(bytes, list, extensionsEnd) !== extensionsEnd || bytes[list] !== SEQUENCE) return BROKEN
    let odd: Look = Look.none
    let count = 0
    for (let at = contentStart(bytes, list); at < extensionsEnd; ) {
      const end = elementEnd(bytes, at, extensionsEnd)
      if (end < 0 || bytes[at] !== SEQUENCE || ++count > MAX_EXTENSIONS) return BROKEN
      // Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
      const id = contentStart(bytes, at)
      if (id + 2 > end || bytes[id] !== OID) return BROKEN
      // Inlined for speed: identifiers and booleans have short lengths.
      const idLength = bytes[id + 1] as number
      let value = id + 2 + idLength
      if (idLength < 0x80 && value + 3 <= end && bytes[value] === BOOLEAN) value += bytes[value + 1] === 1 ? 3 : end
      if (idLength >= 0x80 || value + 2 > end || bytes[value] !== OCTET_STRING) return BROKEN
      const length = bytes[value + 1] as number
      if ((length < 0x80 ? value + 2 + length : longElementEnd(bytes, value, end)) !== end) return BROKEN
      if (idLength === 3 && isSubjectAltName(bytes, id + 2)) {
        const verdict = this.altNames(hashes, contentStart(bytes, value), end)
        if (verdict === BROKEN || verdict === Look.listed) return verdict
        odd = odd || verdict
      }
      at = end
    }
    return odd
  }

  private altNames(hashes: NameHashes, start: number, end: number): NamesVerdict {
    const { bytes } = this
    // GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
    if (elementEnd(bytes, start, end) !== end || bytes[start] !== SEQUENCE) return BROKEN
    let odd: Look = Look.none
    for (let at = contentStart(bytes, start); at < end; ) {
      const stop = elementEnd(bytes, at, end)
      if (stop < 0) return BROKEN
      if (bytes[at] === DNS_NAME) {
        const look = hashes.look(bytes, contentStart(bytes, at), stop)
        if (look === Look.listed) return look
        odd = odd || look
      }
      // Such as a dNSName in segments.
      else if (!isNameTag(bytes[at] as number)) return BROKEN
      at = stop
    }
    return odd
  }

  private u16(at: number): number {
    return (this.bytes[at] as number) * 0x100 + (this.bytes[at + 1] as number)
  }
}

/** End of the element at `at`; -1 when it exceeds its container, or has an unusual form of tag or length. */
export function elementEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end || ((bytes[at] as number) & 0x1f) === 0x1f) return -1
  const length = bytes[at + 1] as number
  if (length >= 0x80) return longElementEnd(bytes, at, end)
  return at + 2 + length > end ? -1 : at + 2 + length
}

function longElementEnd(bytes: Uint8Array, at: number, end: number): number {
  const start = contentStart(bytes, at)
  if (start === at + 2 || start > at + 5 || start > end) return -1
  let length = 0
  for (let i = at + 2; i < start; i++) length = length * 256 + (bytes[i] as number)
  return start + length > end ? -1 : start + length
}

/** Start of the content of an element whose end {@link elementEnd} found. */
export function contentStart(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] as number
  return first < 0x80 ? at + 2 : at + 2 + first - 0x80
}

/** 2.5.4.3, the object identifier at `at`. */
function isCommonName(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === 3 && bytes[at + 4] === 0x03 && bytes[at + 3] === 0x04 && bytes[at + 2] === 0x55
}

/** 2.5.29.17, the content of an object identifier of three octets. */
function isSubjectAltName(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 2] === 0x11 && bytes[at + 1] === 0x1d && bytes[at] === 0x55
}

/** UTF8String, PrintableString, IA5String: ASCII octets are their characters. */
function isText(tag: number): boolean {
  return tag === 0x0c || tag === 0x13 || tag === 0x16
}
