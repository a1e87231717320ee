import type {
  BasicConstraints,
  CertificatePolicy,
  ExtendedKeyUsage,
  KeyUsageName,
  ValidationLevel,
} from '../types/certificate-fields.js'
import { toHex } from '../util/bytes.js'
import { NameTag } from './alt-names.js'
import { type DerReader, Tag } from './der.js'
import { noteInteger, smallInteger } from './integer.js'
import { ignore, type Note } from './note.js'
import { decodeOid } from './oid.js'
import { keyPurposes, policyNames, validationPolicies } from './oids.js'
import { lenientAscii } from './strings.js'

// Each function decodes the content of one `extnValue` OCTET STRING, on which the reader is. All throw `CT_DER_MALFORMED` for another
// structure. Lists are generators, so that the items before a malformed one are kept.

const keyUsageBits: readonly KeyUsageName[] = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

/** RFC 5280 section 4.2.1.3: the names of the bits that are set, in bit order. */
export function decodeKeyUsage(reader: DerReader): KeyUsageName[] {
  // KeyUsage ::= BIT STRING
  reader.expect(Tag.bitString, 'KeyUsage')
  if (reader.start === reader.stop) reader.fail('has no octet of unused bits')
  const bits = reader.content().subarray(1)
  return keyUsageBits.filter((_, i) => ((bits[Math.floor(i / 8)] ?? 0) & (0x80 >> (i % 8))) !== 0)
}

/** RFC 5280 section 4.2.1.12. */
export function* decodeExtendedKeyUsage(reader: DerReader): Generator<ExtendedKeyUsage> {
  // ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId
  reader.expect(Tag.sequence, 'ExtKeyUsageSyntax')
  reader.enter()
  while (reader.next()) {
    if (!reader.isA(Tag.oid)) reader.fail('is no KeyPurposeId')
    const oid = decodeOid(reader.bytes, reader.start, reader.stop)
    yield { oid, name: keyPurposes[oid] }
  }
}

/** RFC 5280 section 4.2.1.9. */
export function decodeBasicConstraints(reader: DerReader, note: Note = ignore): BasicConstraints {
  // BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER (0..MAX) OPTIONAL }
  reader.expect(Tag.sequence, 'BasicConstraints')
  reader.enter()
  let more = reader.next()
  let ca = false
  if (more && reader.isA(Tag.boolean)) {
    ca = reader.content().some((octet) => octet !== 0)
    more = reader.next()
  }
  if (!more) return { ca, pathLength: undefined }
  if (!reader.isA(Tag.integer)) reader.fail('is no pathLenConstraint')
  noteInteger(reader.content(), note)
  const pathLength = smallInteger(reader.content())
  if (pathLength === undefined) note('extension-malformed', 'a pathLenConstraint below zero, or beyond all sense')
  return { ca, pathLength }
}

/** RFC 5280 section 4.2.1.2: lower-case hex. */
export function decodeSubjectKeyId(reader: DerReader): string {
  // SubjectKeyIdentifier ::= OCTET STRING
  reader.expect(Tag.octetString, 'SubjectKeyIdentifier')
  return toHex(reader.content())
}

/** RFC 5280 section 4.2.1.1: lower-case hex of the keyIdentifier; `undefined` when there is none. */
export function decodeAuthorityKeyId(reader: DerReader): string | undefined {
  // AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OPTIONAL, authorityCertIssuer [1] OPTIONAL, ... }
  reader.expect(Tag.sequence, 'AuthorityKeyIdentifier')
  reader.enter()
  while (reader.next()) if (reader.isA(0x80)) return toHex(reader.content())
  return undefined
}

/** One `AccessDescription` whose location is a URI. */
export interface AccessLocation {
  /** Dotted decimal. */
  readonly method: string
  readonly uri: string
}

export const AccessMethod = { ocsp: '1.3.6.1.5.5.7.48.1', caIssuers: '1.3.6.1.5.5.7.48.2' } as const

/** RFC 5280 section 4.2.2.1: the URIs in order; other kinds of location are left out. */
export function* decodeAuthorityInfoAccess(reader: DerReader, note: Note = ignore): Generator<AccessLocation> {
  // AuthorityInfoAccessSyntax ::= SEQUENCE SIZE (1..MAX) OF AccessDescription
  reader.expect(Tag.sequence, 'AuthorityInfoAccessSyntax')
  reader.enter()
  while (reader.next()) {
    // AccessDescription ::= SEQUENCE { accessMethod OBJECT IDENTIFIER, accessLocation GeneralName }
    if (!reader.isA(Tag.sequence)) reader.fail('is no AccessDescription')
    const outer = reader.enter()
    reader.expect(Tag.oid, 'accessMethod')
    const method = decodeOid(reader.bytes, reader.start, reader.stop)
    if (reader.next() && reader.isA(NameTag.uniformResourceIdentifier))
      yield { method, uri: lenientAscii(reader.content(), note) }
    reader.leave(outer)
  }
}

/** RFC 5280 section 4.2.1.13: the URIs of the full names of all distribution points, in order. */
export function* decodeCrlUrls(reader: DerReader, note: Note = ignore): Generator<string> {
  // CRLDistributionPoints ::= SEQUENCE SIZE (1..MAX) OF DistributionPoint
  reader.expect(Tag.sequence, 'CRLDistributionPoints')
  reader.enter()
  while (reader.next()) {
    // DistributionPoint ::= SEQUENCE { distributionPoint [0] OPTIONAL, reasons [1] OPTIONAL, cRLIssuer [2] OPTIONAL }
    if (!reader.isA(Tag.sequence)) reader.fail('is no DistributionPoint')
    const points = reader.enter()
    while (reader.next()) if (reader.isA(0xa0)) yield* fullNameUrls(reader, note)
    reader.leave(points)
  }
}

function* fullNameUrls(reader: DerReader, note: Note): Generator<string> {
  // DistributionPointName ::= CHOICE { fullName [0] GeneralNames, nameRelativeToCRLIssuer [1] }
  const outer = reader.enter()
  while (reader.next()) {
    if (!reader.isA(0xa0)) continue
    const names = reader.enter()
    while (reader.next()) if (reader.isA(NameTag.uniformResourceIdentifier)) yield lenientAscii(reader.content(), note)
    reader.leave(names)
  }
  reader.leave(outer)
}

const CPS_QUALIFIER = '1.3.6.1.5.5.7.2.1'

/** RFC 5280 section 4.2.1.4. */
export function* decodePolicies(reader: DerReader, note: Note = ignore): Generator<CertificatePolicy> {
  // certificatePolicies ::= SEQUENCE SIZE (1..MAX) OF PolicyInformation
  reader.expect(Tag.sequence, 'certificatePolicies')
  reader.enter()
  while (reader.next()) {
    // PolicyInformation ::= SEQUENCE { policyIdentifier OBJECT IDENTIFIER, policyQualifiers SEQUENCE OF OPTIONAL }
    if (!reader.isA(Tag.sequence)) reader.fail('is no PolicyInformation')
    const outer = reader.enter()
    reader.expect(Tag.oid, 'policyIdentifier')
    const oid = decodeOid(reader.bytes, reader.start, reader.stop)
    const cpsUris = reader.next() && reader.isA(Tag.sequence) ? cpsUrisOf(reader, note) : []
    yield { oid, name: policyNames[oid], cpsUris }
    reader.leave(outer)
  }
}

function cpsUrisOf(reader: DerReader, note: Note): string[] {
  const uris: string[] = []
  const outer = reader.enter()
  while (reader.next()) {
    // PolicyQualifierInfo ::= SEQUENCE { policyQualifierId OBJECT IDENTIFIER, qualifier ANY DEFINED BY policyQualifierId }
    if (!reader.isA(Tag.sequence)) reader.fail('is no PolicyQualifierInfo')
    const qualifiers = reader.enter()
    reader.expect(Tag.oid, 'policyQualifierId')
    const isCps = decodeOid(reader.bytes, reader.start, reader.stop) === CPS_QUALIFIER
    if (isCps && reader.next()) uris.push(lenientAscii(reader.content(), note))
    reader.leave(qualifiers)
  }
  reader.leave(outer)
  return uris
}

/** Validation levels, strongest first, for certificates with several reserved policies. */
const levels: readonly ValidationLevel[] = ['EV', 'OV', 'IV', 'DV']

/**
 * The validation level the policies claim: CA/Browser Forum Baseline Requirements section 7.1.6.1 has every TLS certificate
 * carry exactly one of four reserved OIDs since 2020, EV ones since 2015 or so.
 */
export function validationLevel(policies: readonly CertificatePolicy[]): ValidationLevel | undefined {
  return levels.find((level) => policies.some(({ oid }) => validationPolicies[oid] === level))
}

/** RFC 6962 section 3.3: what the inner OCTET STRING of the SCT list extension holds. */
export function decodeSctListValue(reader: DerReader): Uint8Array {
  // SignedCertificateTimestampList ::= OCTET STRING
  reader.expect(Tag.octetString, 'SignedCertificateTimestampList')
  return reader.content()
}
