import { CtStreamError } from '../errors.js'
import type {
  BasicConstraints,
  CertificatePolicy,
  ExtendedKeyUsage,
  Extension,
  KeyUsageName,
  PublicKeyInfo,
  SignatureAlgorithm,
} from '../types/certificate-fields.js'
import type { GeneralName, Name } from '../types/name.js'
import type { ProblemCode } from '../types/problem.js'
import { equalBytes, toHex } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'
import { decodeSignatureAlgorithm } from './algorithm.js'
import { AltNameWalk } from './alt-name-walk.js'
import { decodeGeneralName } from './alt-names.js'
import { type CertificateFrame, outlineCertificate, outlineTbs } from './certificate-frame.js'
import { decodeTime } from './dates.js'
import { DerReader, noteNonMinimal, Tag } from './der.js'
import type { HostNames } from './dns-names.js'
import {
  type AccessLocation,
  decodeAuthorityInfoAccess,
  decodeAuthorityKeyId,
  decodeBasicConstraints,
  decodeCrlUrls,
  decodeExtendedKeyUsage,
  decodeKeyUsage,
  decodePolicies,
  decodeSctListValue,
  decodeSubjectKeyId,
} from './extension-values.js'
import { hostNamesOf, unreadNames } from './host-names.js'
import { isNegative, noteInteger } from './integer.js'
import { issuanceIdOf, issuanceTbs } from './issuance-tbs.js'
import { decodeName, noName } from './name.js'
import type { Note } from './note.js'
import { decodeOid, encodeOid } from './oid.js'
import { ExtensionOid, extensionNames } from './oids.js'
import type { Outline } from './outline.js'
import type { ProblemList } from './problem-list.js'
import { decodePublicKey } from './public-key.js'
import { repeatedItems, repeatedName } from './repeated.js'
import { UniqueList } from './unique-list.js'

/** After this many malformed names, structured names are left undecoded: each failure is expensive, and 16 MB can hold millions. */
const MAX_BROKEN_NAMES = 1000

type ExtensionName = keyof typeof ExtensionOid

/** These differ from certificate to certificate: remembering what they say would only push others out. */
const OWN_EXTENSIONS: ReadonlySet<ExtensionName> = new Set(['subjectKeyIdentifier', 'sctList'])

const extensionOctets = Object.fromEntries(
  Object.entries(ExtensionOid).map(([name, oid]) => [name, encodeOid(oid)]),
) as Record<ExtensionName, Uint8Array>

/**
 * The fields of a certificate or of a bare TBSCertificate. Each is decoded on first read and then cached; a malformed field does not affect
 * others, and is noted in the problem list.
 */
export class CertificateFields {
  readonly outline: Outline
  private readonly frame: CertificateFrame | undefined
  private readonly problems: ProblemList
  /** Decoded fields; an object, because creating a `Map` costs more than decoding a short field. */
  private readonly kept: Record<string, unknown> = {}

  /** @throws {@link CtStreamError} `CT_DER_MALFORMED` when the bytes are not the frame of a certificate. */
  static ofCertificate(der: Uint8Array, problems: ProblemList): CertificateFields {
    const frame = outlineCertificate(der, problems.noteFor('der'))
    return new CertificateFields(frame.outline, frame, problems)
  }

  /** @throws {@link CtStreamError} `CT_DER_MALFORMED` when the bytes are not the frame of a TBSCertificate. */
  static ofTbs(tbs: Uint8Array, problems: ProblemList): CertificateFields {
    return new CertificateFields(outlineTbs(tbs, problems.noteFor('tbs')), undefined, problems)
  }

  private constructor(outline: Outline, frame: CertificateFrame | undefined, problems: ProblemList) {
    this.outline = outline
    this.frame = frame
    this.problems = problems
    if (outline.nonMinimalAt >= 0)
      problems.add('tbs', 'length-non-minimal', `the element at byte ${outline.nonMinimalAt}`)
  }

  /** A view of the TBSCertificate. */
  get tbs(): Uint8Array {
    return this.outline.bytes.subarray(this.outline.tbsStart, this.outline.tbsEnd)
  }

  get issuanceId(): string {
    return this.once('issuanceId', '', () => issuanceIdOf(this.outline))
  }

  /** TBSCertificate without poison and SCT list, as embedded SCTs sign it. */
  issuanceTbs(): Uint8Array {
    return issuanceTbs(this.outline)
  }

  get serialNumber(): string | undefined {
    return this.once<string | undefined>('serialNumber', undefined, (note) => {
      const { serialStart, signatureStart } = this.outline
      const reader = this.readerOver(serialStart, signatureStart)
      reader.expect(Tag.integer, 'serialNumber')
      const content = reader.content()
      if (content.length === 0) reader.fail('is an INTEGER without octets')
      noteInteger(content, note)
      if (isNegative(content)) note('serial-negative', 'the serial number is below zero')
      return toHex(content)
    })
  }

  get subject(): Name {
    const { bytes, subjectStart, spkiStart } = this.outline
    return this.once('subject', noName, (note) => decodeName(bytes, subjectStart, spkiStart, note))
  }

  get issuer(): Name {
    const { bytes, issuerStart, validityStart } = this.outline
    return this.once('issuer', noName, (note) => repeatedName(bytes, issuerStart, validityStart, note))
  }

  /** Epoch milliseconds. */
  get notBefore(): number | undefined {
    return this.once('notBefore', undefined, (note) => this.readTime(1, note))
  }

  /** Epoch milliseconds. */
  get notAfter(): number | undefined {
    return this.once('notAfter', undefined, (note) => this.readTime(2, note))
  }

  get dnsNames(): readonly string[] {
    return this.hostNames?.dnsNames ?? []
  }

  get ipAddresses(): readonly string[] {
    return this.hostNames?.ipAddresses ?? []
  }

  /** Why names or addresses may be missing above; `undefined` when all could be read. */
  get unreadNames(): string | undefined {
    return unreadNames(this.outline, this.hostNames)
  }

  get emailAddresses(): readonly string[] {
    return this.once<readonly string[]>('emailAddresses', [], () => {
      const addresses = this.altNames.filter(({ kind }) => kind === 'rfc822Name').map(({ value }) => value)
      const ofSubject = this.subject.attributes.filter(({ name }) => name === 'emailAddress').map(({ value }) => value)
      return unique([...addresses, ...ofSubject])
    })
  }

  get uris(): readonly string[] {
    return this.once<readonly string[]>('uris', [], () =>
      unique(this.altNames.filter(({ kind }) => kind === 'uniformResourceIdentifier').map(({ value }) => value)),
    )
  }

  get altNames(): readonly GeneralName[] {
    return this.once<readonly GeneralName[]>('altNames', [], (note) => {
      const names: GeneralName[] = []
      const walk = new AltNameWalk(this.outline, note)
      let broken = 0
      const noteName: Note = (code, message) => {
        if (code === 'der-malformed') broken++
        note(code, message)
      }
      while (walk.next()) names.push(decodeGeneralName(walk.reader, noteName, broken < MAX_BROKEN_NAMES))
      if (walk.found > 1) note('extension-duplicate', `subjectAltName occurs ${walk.found} times`)
      noteNonMinimal(walk.reader, note)
      return names
    })
  }

  get publicKey(): PublicKeyInfo | undefined {
    const { bytes, spkiStart, spkiEnd } = this.outline
    return this.once<PublicKeyInfo | undefined>('publicKey', undefined, (note) =>
      decodePublicKey(bytes, spkiStart, spkiEnd, note),
    )
  }

  /** SHA-256 of the SubjectPublicKeyInfo's bytes, 32 bytes: for an issuer, the `issuer_key_hash`. */
  get spkiHash(): Uint8Array {
    const { bytes, spkiStart, spkiEnd } = this.outline
    return sha256(bytes.subarray(spkiStart, spkiEnd))
  }

  /** The outer signature algorithm, if there is one; the inner one must be equal. */
  get signatureAlgorithm(): SignatureAlgorithm | undefined {
    return this.once<SignatureAlgorithm | undefined>('signatureAlgorithm', undefined, (note) => {
      const { bytes, signatureStart, issuerStart } = this.outline
      const outerStart = this.frame?.signatureAlgorithmStart ?? -1
      if (outerStart < 0) return decodeSignatureAlgorithm(bytes, signatureStart, issuerStart, note)
      const outer = new DerReader(bytes, outerStart)
      outer.next()
      if (!equalBytes(outer.element(), bytes.subarray(signatureStart, issuerStart)))
        note('algorithm-mismatch', 'the signature algorithm inside the TBSCertificate differs from the one outside')
      return decodeSignatureAlgorithm(bytes, outerStart, outer.stop, note)
    })
  }

  get keyUsage(): readonly KeyUsageName[] | undefined {
    return this.first('keyUsage', 'keyUsage', decodeKeyUsage)
  }

  get extendedKeyUsage(): readonly ExtendedKeyUsage[] | undefined {
    return this.once<readonly ExtendedKeyUsage[] | undefined>('extendedKeyUsage', undefined, (note) =>
      this.readList('extKeyUsage', note, decodeExtendedKeyUsage),
    )
  }

  get basicConstraints(): BasicConstraints | undefined {
    return this.once<BasicConstraints | undefined>('basicConstraints', undefined, (note) => {
      const all = this.readAll('basicConstraints', note, decodeBasicConstraints) ?? []
      const [first, ...others] = all
      if (others.some((other) => other.ca !== first?.ca || other.pathLength !== first.pathLength))
        note('basic-constraints-conflict', 'several basicConstraints contradict each other; a CA if any says so')
      return all.find(({ ca }) => ca) ?? first
    })
  }

  get subjectKeyId(): string | undefined {
    return this.first('subjectKeyId', 'subjectKeyIdentifier', decodeSubjectKeyId)
  }

  get authorityKeyId(): string | undefined {
    return this.first('authorityKeyId', 'authorityKeyIdentifier', decodeAuthorityKeyId)
  }

  /** Locations in AuthorityInfoAccess with all methods, in order. */
  get accessLocations(): readonly AccessLocation[] {
    return this.once<readonly AccessLocation[]>(
      'ocspUrls',
      [],
      (note) => this.readList('authorityInfoAccess', note, decodeAuthorityInfoAccess) ?? [],
    )
  }

  get crlUrls(): readonly string[] {
    return this.once<readonly string[]>(
      'crlUrls',
      [],
      (note) => this.readList('crlDistributionPoints', note, decodeCrlUrls) ?? [],
    )
  }

  get policies(): readonly CertificatePolicy[] {
    return this.once<readonly CertificatePolicy[]>(
      'policies',
      [],
      (note) => this.readList('certificatePolicies', note, decodePolicies) ?? [],
    )
  }

  /** The serialized SCT lists of all SCT list extensions: views. */
  get sctLists(): readonly Uint8Array[] {
    return this.once<readonly Uint8Array[]>(
      'scts',
      [],
      (note) => this.readAll('sctList', note, decodeSctListValue) ?? [],
    )
  }

  get extensions(): readonly Extension[] {
    return this.once<readonly Extension[]>('extensions', [], (note) => {
      const extensions: Extension[] = []
      for (let i = 0; i < this.outline.extensionCount; i++)
        tolerant(note, 'extension-malformed', undefined, () => extensions.push(this.readExtension(i, note)))
      return extensions
    })
  }

  get isSelfIssued(): boolean {
    const { bytes, issuerStart, validityStart, subjectStart, spkiStart } = this.outline
    const subject = bytes.subarray(subjectStart, spkiStart)
    return subject.length > 2 && equalBytes(subject, bytes.subarray(issuerStart, validityStart))
  }

  private get hostNames(): HostNames | undefined {
    return this.once<HostNames | undefined>('dnsNames', undefined, (note) => {
      const { problems } = this
      const noteIp = problems.noteFor('ipAddresses')
      return hostNamesOf(this.outline, (code, message) => {
        if (code === 'ip-address-malformed') noteIp(code, message)
        else if (code === 'name-unusual') note(code, message)
      })
    })
  }

  /** Validity ::= SEQUENCE { notBefore Time, notAfter Time } */
  private readTime(which: 1 | 2, note: Note): number | undefined {
    const reader = this.readerOver(this.outline.validityStart, this.outline.subjectStart)
    reader.expect(Tag.sequence, 'Validity')
    reader.enter()
    for (let i = 0; i < which; i++) if (!reader.next()) reader.fail('ends before its last date')
    noteNonMinimal(reader, note)
    return decodeTime(reader.bytes, reader.tag, reader.start, reader.stop, note)
  }

  private readExtension(i: number, note: Note): Extension {
    const { bytes } = this.outline
    const { oidStart, oidEnd, critical, valueStart, valueEnd } = this.outline.extension(i, note)
    const oid = decodeOid(bytes, oidStart, oidEnd)
    return { oid, name: extensionNames[oid], critical, value: bytes.subarray(valueStart, valueEnd) }
  }

  /** The first extension of a type that may occur once. */
  private first<T>(field: string, extension: ExtensionName, decode: Decode<T>): T | undefined {
    return this.once<T | undefined>(field, undefined, (note) => this.readAll(extension, note, decode)?.[0])
  }

  /** All readable extensions of a type; `undefined` when there is none. */
  private readAll<T>(extension: ExtensionName, note: Note, decode: Decode<T>): readonly T[] | undefined {
    return this.readList(extension, note, (reader, ownNote) => [decode(reader, ownNote)])
  }

  /** The items of all extensions of a type, including those before a malformed one; `undefined` when there is no such extension. */
  private readList<T>(extension: ExtensionName, note: Note, decode: Decode<Iterable<T>>): readonly T[] | undefined {
    const indexes = this.indexesOf(extensionOctets[extension])
    const [only] = indexes
    if (only === undefined) return undefined
    const read = (ownNote: Note) => this.itemsOf(indexes, ownNote, decode)
    if (indexes.length === 1 && !OWN_EXTENSIONS.has(extension))
      return repeatedItems(this.outline.bytes, this.outline.extensionSpan(only), note, read)
    if (indexes.length > 1) note('extension-duplicate', `${extension} occurs ${indexes.length} times`)
    return read(note)
  }

  private itemsOf<T>(indexes: readonly number[], note: Note, decode: Decode<Iterable<T>>): T[] {
    const items: T[] = []
    for (const i of indexes)
      tolerant(note, 'extension-malformed', undefined, () => {
        const { valueStart, valueEnd } = this.outline.extension(i)
        const reader = this.readerOver(valueStart, valueEnd)
        for (const item of decode(reader, note)) items.push(item)
        noteFrame(this.readerOver(valueStart, valueEnd), note)
        noteNonMinimal(reader, note)
      })
    return items
  }

  private indexesOf(oid: Uint8Array): number[] {
    const indexes: number[] = []
    for (let i = 0; i < this.outline.extensionCount; i++) if (this.outline.isExtension(i, oid)) indexes.push(i)
    return indexes
  }

  private readerOver(start: number, end: number): DerReader {
    return new DerReader(this.outline.bytes, start, end)
  }

  /** Decodes a field once. A field that cannot be decoded becomes its fallback, and a problem. */
  private once<T>(field: string, fallback: T, read: (note: Note) => T): T {
    if (field in this.kept) return this.kept[field] as T
    const note = this.problems.noteFor(field)
    const value = tolerant(note, 'der-malformed', fallback, () => read(note))
    this.kept[field] = value
    return value
  }
}

type Decode<T> = (reader: DerReader, note: Note) => T

function unique(values: readonly string[]): readonly string[] {
  const list = new UniqueList()
  for (const value of values) list.add(value)
  return list.values
}

/** The result of `read`; the fallback and a note when that throws. */
function tolerant<T>(note: Note, code: ProblemCode, fallback: T, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    note(code, error.message)
    return fallback
  }
}

/** An extension's value is one element: notes trailing bytes. */
function noteFrame(reader: DerReader, note: Note): void {
  reader.next()
  if (reader.stop < reader.end) note('trailing-data', `${reader.end - reader.stop} bytes after the value`)
}
