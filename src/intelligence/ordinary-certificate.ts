import { outlineOf, rawOf, timeOf } from '../decode/decode-entry.js'
import { decodeTime } from '../x509/dates.js'
import { Tag } from '../x509/der.js'
import type { Outline } from '../x509/outline.js'
import { Element, sameAt } from './element.js'
import { EmbeddedLogs } from './embedded-logs.js'
import { ExtensionPlaces } from './extension-places.js'
import type { InspectedCertificate } from './facts.js'
import { type IssuanceProfile, IssuanceProfiles } from './issuance-profiles.js'
import { type KnownName, NameMemory } from './name-memory.js'
import { PlainNames } from './plain-names.js'
import { StringHash } from './string-hash.js'
import { issuerIn, SUBMITTED_START } from './submitted-issuer.js'

const VALIDITY_OCTETS = 32
const UTC_TIME_OCTETS = 13
/** publicExponent INTEGER ::= 65537 */
const F4 = Uint8Array.of(2, 3, 1, 0, 1)
/** Octets before the issuer in a TBSCertificate, and more. */
const MOST_BEFORE_ISSUER = 100
const URL_IN_CRL = [Tag.sequence, Tag.sequence, 0xa0, 0xa0, 0x86]

/**
 * Reads an ordinary certificate from its bytes, without making objects of its fields: its names are lower-case host names, its dates UTCTime,
 * its key RSA with the exponent 65537 or EC, and its encoding is strict DER. Nearly all certificates are ordinary; the others must be decoded
 * in full.
 *
 * The object is reused: its properties describe the certificate read last.
 */
export class OrdinaryCertificate {
  readonly logs: EmbeddedLogs
  readonly hash: StringHash
  readonly names: NameMemory
  /** Epoch milliseconds. */
  begin = 0
  end = 0
  /** `loggedAfterMs` of the facts; NaN when unknown. */
  loggedAfterMs = 0
  /** Bits of an RSA key; 0 for other keys. */
  keyBits = 0
  private outline: Outline | undefined
  private shape: IssuanceProfile | undefined
  private lastRead: unknown
  private wasOrdinary = false
  private algorithmStart = 0
  private algorithmEnd = 0
  private readonly plain: PlainNames
  private readonly places = new ExtensionPlaces()
  private readonly profiles = new IssuanceProfiles()
  private readonly element = new Element()

  /** @param random - Uniform in [0, 1). */
  constructor(random: () => number = Math.random) {
    this.hash = new StringHash(random)
    this.logs = new EmbeddedLogs(this.hash)
    this.names = new NameMemory(this.hash)
    this.plain = new PlainNames(this.names)
  }

  /** Reads a certificate; does nothing if it was read last. @returns Whether it is ordinary; one without bytes is not. */
  read(cert: object): boolean {
    if (cert === this.lastRead) return this.wasOrdinary
    this.lastRead = cert
    this.outline = outlineOf(cert)
    // Only decoded certificates have an outline, so the cast is safe.
    this.wasOrdinary = this.outline !== undefined && this.readAll(cert as InspectedCertificate, this.outline)
    return this.wasOrdinary
  }

  /** The profile that it shares with other certificates of its issuer. */
  get profile(): IssuanceProfile {
    return this.shape as IssuanceProfile
  }

  /** The key, as `keyText` writes it. */
  get key(): string {
    return this.keyBits > 0 ? `RSA ${this.keyBits}` : this.profile.key
  }

  /** What is known of its names, which are all DNS names. */
  get known(): readonly KnownName[] {
    return this.plain.known
  }

  /** Whether its serial number is positive, of a permitted length, and looks random. */
  hasSerial(least: number, most: number): boolean {
    const { bytes, serialStart, signatureStart } = this.outline as Outline
    const { element } = this
    if (!element.find(bytes, serialStart, signatureStart, Tag.integer)) return false
    const { start, stop } = element
    const first = bytes[start] as number
    const second = bytes[start + 1] as number
    return stop - start >= least && stop - start <= most && first < 0x80 && (first > 0 || second > 0)
  }

  /** Whether the submitted precertificate names the same issuer; `false` also when its first bytes do not show it. */
  isSignedByIssuer(cert: InspectedCertificate): boolean {
    const { bytes, issuerStart, validityStart } = this.outline as Outline
    const length = validityStart - issuerStart
    const submitted = rawOf(cert)?.extra.preCertificateStart?.(Math.min(SUBMITTED_START, length + MOST_BEFORE_ISSUER))
    const at = submitted === undefined ? -1 : issuerIn(submitted)
    return submitted !== undefined && at >= 0 && sameAt(bytes, issuerStart, submitted, at, length)
  }

  /** Whether it has a URL of a CRL in the usual form. */
  namesCrl(): boolean {
    const { bytes } = this.outline as Outline
    const { element } = this
    const { start, end } = this.places.crl
    if (start === 0 || !element.find(bytes, start, end, Tag.octetString)) return false
    // CRLDistributionPoints ::= SEQUENCE OF SEQUENCE { distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] … } } … }
    for (const tag of URL_IN_CRL) if (!element.find(bytes, element.start, element.stop, tag)) return false
    return element.stop > element.start
  }

  private readAll(cert: InspectedCertificate, outline: Outline): boolean {
    const { places } = this
    return (
      this.readValidity(outline) &&
      this.readKey(outline) &&
      isSignedAsStated(outline) &&
      places.read(outline) &&
      this.plain.read(outline, places.names.start, places.names.end) &&
      this.logs.read(outline.bytes, places.scts) &&
      this.readTimes(cert) &&
      this.readProfile(cert, outline)
    )
  }

  /** Validity ::= SEQUENCE { notBefore UTCTime, notAfter UTCTime } */
  private readValidity({ bytes, validityStart: at, subjectStart }: Outline): boolean {
    if (subjectStart - at !== VALIDITY_OCTETS || bytes[at] !== Tag.sequence || bytes[at + 1] !== VALIDITY_OCTETS - 2)
      return false
    const begin = utcTime(bytes, at + 2)
    const end = utcTime(bytes, at + 4 + UTC_TIME_OCTETS)
    if (begin === undefined || end === undefined) return false
    this.begin = begin
    this.end = end
    return true
  }

  /** SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING } */
  private readKey({ bytes, spkiStart, spkiEnd }: Outline): boolean {
    const { element } = this
    if (!element.find(bytes, spkiStart, spkiEnd, Tag.sequence) || element.stop !== spkiEnd) return false
    this.algorithmStart = element.start
    if (!element.find(bytes, element.start, spkiEnd, Tag.sequence)) return false
    this.algorithmEnd = element.stop
    if (!element.find(bytes, element.stop, spkiEnd, Tag.bitString) || element.stop !== spkiEnd) return false
    if (bytes[element.start] !== 0) return false
    this.keyBits = this.readRsaBits(bytes, element.start + 1, spkiEnd)
    return true
  }

  /** RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }; 0 for another structure or another exponent than 65537. */
  private readRsaBits(bytes: Uint8Array, at: number, end: number): number {
    const { element } = this
    if (!element.find(bytes, at, end, Tag.sequence) || element.stop !== end) return 0
    if (!element.find(bytes, element.start, end, Tag.integer)) return 0
    const { start, stop } = element
    if (stop + F4.length !== end || !sameAt(bytes, stop, F4, 0, F4.length)) return 0
    const first = start + 1
    // A modulus of whole octets begins with a zero octet, which keeps it positive.
    return bytes[start] === 0 && (bytes[first] as number) >= 0x80 ? (stop - first) * 8 : 0
  }

  /** See `loggedAfter` of the facts. */
  private readTimes(cert: InspectedCertificate): boolean {
    const { earliest } = this.logs
    const timestamp = timeOf(cert)
    let first = earliest
    if (timestamp !== undefined && (cert.kind === 'precertificate' || earliest < Number.POSITIVE_INFINITY))
      first = Math.min(first, timestamp)
    this.loggedAfterMs = first === Number.POSITIVE_INFINITY ? Number.NaN : first - this.begin
    return true
  }

  private readProfile(cert: InspectedCertificate, outline: Outline): boolean {
    const { profiles, places } = this
    const { bytes } = outline
    profiles.begin(bytes)
    // signature AlgorithmIdentifier, issuer Name
    if (!profiles.add(outline.signatureStart, outline.validityStart)) return false
    if (!profiles.add(this.algorithmStart, this.algorithmEnd)) return false
    for (let i = 0; i < places.othersLength; i += 2)
      if (!profiles.add(places.others[i] as number, places.others[i + 1] as number)) return false
    this.shape = profiles.profile(cert)
    return this.shape.isRsa === this.keyBits > 0
  }
}

function utcTime(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== Tag.utcTime || bytes[at + 1] !== UTC_TIME_OCTETS) return undefined
  return bytes[at + 1 + UTC_TIME_OCTETS] === 0x5a
    ? decodeTime(bytes, Tag.utcTime, at + 2, at + 2 + UTC_TIME_OCTETS)
    : undefined
}

/** Whether the signature algorithm outside the TBSCertificate, if there is one, equals the one inside. */
function isSignedAsStated({ bytes, tbsEnd, signatureStart, issuerStart }: Outline): boolean {
  return bytes.length === tbsEnd || sameAt(bytes, tbsEnd, bytes, signatureStart, issuerStart - signatureStart)
}
