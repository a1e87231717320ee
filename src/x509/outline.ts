import { CtStreamError } from '../errors.js'
import { DerReader, derError, noteNonMinimal, Tag } from './der.js'
import { ignore, type Note } from './note.js'
import { sameOctets } from './oid.js'

/** Numbers kept for each extension: its start, the start of its content, its end. */
const EXTENSION_FIELDS = 3
/** Most extensions of a certificate to read; real ones have about ten. */
const MAX_EXTENSIONS = 10_000

/** Longest type of a plain extension, tag and length included. */
const MAX_PLAIN_OID = 32

/** Start (at the tag) and end of an element. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Where the parts of an Extension are, RFC 5280 section 4.1. */
export interface ExtensionParts {
  /** Content octets of `extnID`. */
  readonly oidStart: number
  readonly oidEnd: number
  readonly critical: boolean
  /** Content of the `extnValue` OCTET STRING. */
  readonly valueStart: number
  readonly valueEnd: number
}

/**
 * Positions of the fields of a TBSCertificate, found in one cheap walk. Fields are decoded from here when they are first read.
 *
 * The walk relies on positions, not on tags: a field of the wrong type fails alone when it is decoded. An error in the walk itself (a length
 * beyond the end, missing fields) throws. A malformed list of extensions does not: the extensions before the error are kept, and the error
 * is noted. Extensions are parsed when they are read, so a malformed one does not affect others.
 *
 * @see RFC 5280 section 4.1
 */
export class Outline {
  readonly bytes: Uint8Array
  /** Zero-based: 2 is v3. */
  version = 0
  /** The TBSCertificate itself. */
  tbsStart = 0
  tbsEnd = 0
  serialStart = 0
  signatureStart = 0
  issuerStart = 0
  validityStart = 0
  subjectStart = 0
  spkiStart = 0
  /** Where the SubjectPublicKeyInfo ends. */
  spkiEnd = 0
  /** Where the `[3]` element that holds the extensions begins; -1 when there is none. */
  extensionsStart = -1
  /** Offset of the first element with a length in more octets than DER allows; -1 when there is none. */
  nonMinimalAt = -1
  /** Why there may be extensions that are not listed here; `undefined` when there are none. */
  private cut: string | undefined
  private readonly extensions: number[] = []

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /**
   * @param reader - Over the bytes; the TBSCertificate is its next element.
   * @throws {@link CtStreamError} `CT_DER_MALFORMED` when the bytes are not the frame of a TBSCertificate.
   */
  static ofTbs(reader: DerReader, note: Note = ignore): Outline {
    const outline = new Outline(reader.bytes)
    outline.walk(reader, note)
    outline.nonMinimalAt = reader.nonMinimalAt
    return outline
  }

  get extensionCount(): number {
    return this.extensions.length / EXTENSION_FIELDS
  }

  /** Why there may be extensions that are not listed here, or cannot be found by their type; `undefined` when all can. */
  get unread(): string | undefined {
    if (this.cut !== undefined) return this.cut
    const { bytes, extensions } = this
    for (let at = 0; at < extensions.length; at += EXTENSION_FIELDS)
      if (bytes[extensions[at + 1] as number] !== Tag.oid)
        return `the extension at byte ${extensions[at]} does not begin with an extnID`
    return undefined
  }

  /** Whether extension `i` has the type whose content octets these are. */
  isExtension(i: number, oid: Uint8Array): boolean {
    const { bytes } = this
    // extnID OBJECT IDENTIFIER
    const at = this.extensions[i * EXTENSION_FIELDS + 1] as number
    const stop = this.extensions[i * EXTENSION_FIELDS + 2] as number
    // An extension that does not begin with an OID is malformed, but throwing here for every type searched would be expensive.
    if (at + 2 > stop || bytes[at] !== Tag.oid) return false
    const length = bytes[at + 1] as number
    if (length >= 0x80) return this.isLongFormExtension(at, stop, oid)
    return at + 2 + length <= stop && sameOctets(bytes, at + 2, at + 2 + length, oid)
  }

  /**
   * The parts of extension `i`; notes harmless deviations.
   * @throws {@link CtStreamError} `CT_DER_MALFORMED`
   */
  extension(i: number, note: Note = ignore): ExtensionParts {
    const at = i * EXTENSION_FIELDS
    const head = this.extensions[at] as number
    // Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
    if (this.bytes[head] !== Tag.sequence) throw derError('is no Extension', head)
    const reader = new DerReader(this.bytes, this.extensions[at + 1], this.extensions[at + 2])
    reader.expect(Tag.oid, 'extnID')
    const { start: oidStart, stop: oidEnd } = reader
    if (!reader.next()) reader.fail('has no extnValue')
    let critical = false
    if (reader.isA(Tag.boolean)) {
      critical = reader.content().some((octet) => octet !== 0)
      if (!reader.next()) reader.fail('has no extnValue')
    }
    if (!reader.isA(Tag.octetString)) reader.fail('is no OCTET STRING')
    noteNonMinimal(reader, note)
    if (reader.stop < reader.end) note('trailing-data', `${reader.end - reader.stop} bytes after the extnValue`)
    return { oidStart, oidEnd, critical, valueStart: reader.start, valueEnd: reader.stop }
  }

  /** Whether all extensions are plain: nothing of them is noted. */
  get hasPlainExtensions(): boolean {
    for (let i = 0; i < this.extensionCount; i++) if (!this.isPlainExtension(i)) return false
    return true
  }

  /** Whether extension `i` has the form that nearly all have, of which nothing is noted; `false` when it may have another. */
  private isPlainExtension(i: number): boolean {
    const { bytes } = this
    const first = i * EXTENSION_FIELDS
    const stop = this.extensions[first + 2] as number
    let at = this.extensions[first + 1] as number
    if (bytes[this.extensions[first] as number] !== Tag.sequence) return false
    // extnID: a short one, without padded arcs.
    const oidStop = at + 2 + (bytes[at + 1] ?? 0)
    if (bytes[at] !== Tag.oid || oidStop > stop || oidStop - at < 3 || oidStop - at > MAX_PLAIN_OID) return false
    for (let arcStart = true, here = at + 2; here < oidStop; here++) {
      const octet = bytes[here] as number
      if (octet === 0x80 && arcStart) return false
      arcStart = octet < 0x80
    }
    if ((bytes[oidStop - 1] as number) >= 0x80) return false
    at = oidStop
    if (bytes[at] === Tag.boolean && bytes[at + 1] === 1) at += 3
    if (bytes[at] !== Tag.octetString) return false
    const length = bytes[at + 1] ?? 0
    if (length < 0x80) return at + 2 + length === stop
    if (length === 0x81) return (bytes[at + 2] ?? 0) >= 0x80 && at + 3 + (bytes[at + 2] as number) === stop
    const long = (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0)
    return length === 0x82 && long >= 0x100 && at + 4 + long === stop
  }

  /** The Extension element itself. */
  extensionSpan(i: number): Span {
    return { start: this.extensionStart(i), end: this.extensionEnd(i) }
  }

  /** Where the Extension element begins. */
  extensionStart(i: number): number {
    return this.extensions[i * EXTENSION_FIELDS] as number
  }

  /** Where the Extension element ends. */
  extensionEnd(i: number): number {
    return this.extensions[i * EXTENSION_FIELDS + 2] as number
  }

  private walk(reader: DerReader, note: Note): void {
    // TBSCertificate ::= SEQUENCE {
    reader.expect(Tag.sequence, 'TBSCertificate')
    this.tbsStart = reader.head
    this.tbsEnd = reader.stop
    const outer = reader.enter()
    // version [0] EXPLICIT Version DEFAULT v1,
    this.serialStart = reader.offset
    advance(reader, 'serialNumber')
    if (reader.isA(0xa0)) {
      this.version = reader.bytes[reader.stop - 1] ?? 0
      this.serialStart = reader.offset
      // serialNumber CertificateSerialNumber,
      advance(reader, 'serialNumber')
    }
    // signature AlgorithmIdentifier,
    this.signatureStart = reader.offset
    advance(reader, 'signature')
    // issuer Name,
    this.issuerStart = reader.offset
    advance(reader, 'issuer')
    // validity Validity,
    this.validityStart = reader.offset
    advance(reader, 'validity')
    // subject Name,
    this.subjectStart = reader.offset
    advance(reader, 'subject')
    // subjectPublicKeyInfo SubjectPublicKeyInfo,
    this.spkiStart = reader.offset
    advance(reader, 'subjectPublicKeyInfo')
    this.spkiEnd = reader.stop
    // issuerUniqueID [1], subjectUniqueID [2], extensions [3] EXPLICIT Extensions OPTIONAL
    while (reader.next())
      if (reader.isA(0xa3)) this.tolerateExtensions(reader, note)
      else if (!isUniqueId(reader)) this.skip(reader, note)
    reader.leave(outer)
  }

  /** The same for an OID whose length has more octets than needed. */
  private isLongFormExtension(at: number, stop: number, oid: Uint8Array): boolean {
    const { bytes } = this
    const start = at + 2 + (bytes[at + 1] as number) - 0x80
    let length = 0
    for (let i = at + 2; i < start && i < stop; i++) length = length * 256 + (bytes[i] as number)
    return start + length <= stop && sameOctets(bytes, start, start + length, oid)
  }

  /** An error in the list of extensions ends the reading of extensions only. */
  private tolerateExtensions(reader: DerReader, note: Note): void {
    if (this.extensionsStart < 0) this.extensionsStart = reader.head
    else note('extension-duplicate', 'more than one list of extensions')
    const { end, stop } = reader
    try {
      this.readExtensions(reader, note)
    } catch (error) {
      if (!CtStreamError.is(error)) throw error
      this.cut ??= error.message
      note('der-malformed', error.message)
    }
    reader.reset(stop, end)
  }

  private skip(reader: DerReader, note: Note): void {
    note('trailing-data', `the element at byte ${reader.head} of the TBSCertificate`)
    // BER allows more octets for the tag of the extensions.
    if (reader.tag > 0xff) this.cut ??= `the element at byte ${reader.head} may hold extensions`
  }

  private readExtensions(reader: DerReader, note: Note): void {
    reader.enter()
    // Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension
    reader.expect(Tag.sequence, 'Extensions')
    if (reader.stop < reader.end) note('trailing-data', `${reader.end - reader.stop} bytes after the extensions`)
    reader.enter()
    while (reader.next()) {
      if (this.extensionCount >= MAX_EXTENSIONS) reader.fail(`comes after ${MAX_EXTENSIONS} other extensions`)
      this.extensions.push(reader.head, reader.start, reader.stop)
    }
  }
}

/** issuerUniqueID [1] IMPLICIT UniqueIdentifier, subjectUniqueID [2]; a BER encoder may make them constructed. */
function isUniqueId(reader: DerReader): boolean {
  return reader.isA(0x81) || reader.isA(0x82) || reader.isA(0xa1) || reader.isA(0xa2)
}

function advance(reader: DerReader, field: string): void {
  if (reader.next()) return
  reader.head = reader.end
  reader.fail(`is where ${field} should be, and the TBSCertificate ends`)
}
