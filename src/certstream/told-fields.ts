import type { EntryFields } from '../decode/index.js'
import { noName } from '../x509/name.js'
import { signatureAlgorithms } from '../x509/oids.js'
import { hexOf, isRecord, type JsonRecord, millisecondsOf, recordOf, textOf } from './json-values.js'
import {
  toldAccessLocations,
  toldBasicConstraints,
  toldCrlUrls,
  toldExtendedKeyUsage,
  toldKeyUsage,
  toldPolicies,
  toldSctLists,
} from './told-extensions.js'
import { toldAltNames, toldHostNames } from './told-host-names.js'
import { toldName } from './told-name.js'

/**
 * The fields of a certificate as a message tells them, where it does not hold the certificate itself. What a server leaves out is absent;
 * what it writes in a way of its own is in the library's form. Key, TBSCertificate and extensions as such are never told.
 *
 * @param leaf - `leaf_cert` of a message.
 */
export function toldFields(leaf: JsonRecord): EntryFields {
  const extensions = recordOf(leaf.extensions)
  const subject = toldName(leaf.subject)
  const altNames = toldAltNames(extensions.subjectAltName)
  const hostNames = toldHostNames(leaf.all_domains, altNames, subject.commonName)
  const textsOf = (kind: string) => [
    ...new Set(altNames.filter((name) => name.kind === kind).map(({ value }) => value)),
  ]
  return {
    ...nothingTold,
    serialNumber: toldSerialNumber(leaf.serial_number),
    subject,
    // Servers of the first years left it out.
    issuer: isRecord(leaf.issuer) ? toldName(leaf.issuer) : unknownName,
    notBefore: millisecondsOf(leaf.not_before),
    notAfter: leaf.not_after === 'no_expiration' ? NO_EXPIRATION : millisecondsOf(leaf.not_after),
    dnsNames: hostNames.dnsNames,
    ipAddresses: hostNames.ipAddresses,
    emailAddresses: [
      ...new Set([...textsOf('rfc822Name'), ...(subject.emailAddress === undefined ? [] : [subject.emailAddress])]),
    ],
    uris: textsOf('uniformResourceIdentifier'),
    altNames,
    signatureAlgorithm: toldSignatureAlgorithm(leaf.signature_algorithm),
    keyUsage: toldKeyUsage(extensions.keyUsage),
    extendedKeyUsage: toldExtendedKeyUsage(extensions.extendedKeyUsage),
    basicConstraints: toldBasicConstraints(extensions.basicConstraints, leaf.is_ca),
    subjectKeyId: hexOf(extensions.subjectKeyIdentifier),
    authorityKeyId: hexOf(extensions.authorityKeyIdentifier),
    accessLocations: toldAccessLocations(extensions.authorityInfoAccess),
    crlUrls: toldCrlUrls(extensions.crlDistributionPoints),
    policies: toldPolicies(extensions.certificatePolicies),
    sctLists: toldSctLists(extensions.ctlSignedCertificateTimestamp),
    isSelfIssued: isSelfIssued(leaf),
  }
}

/**
 * Whether a message tells of a certificate at all. Every certificate has a serial number, an issuer and dates, and servers send at least
 * some of these or its names; of an entry that a server could not read, it leaves all of them empty.
 */
export function tellsOfCertificate(fields: EntryFields): boolean {
  const { serialNumber, subject, issuer, notBefore, notAfter, altNames, dnsNames, ipAddresses, emailAddresses } = fields
  const isTold = [serialNumber, notBefore, notAfter].some((value) => value !== undefined)
  const lists = [subject.attributes, issuer.attributes, altNames, dnsNames, ipAddresses, emailAddresses]
  return isTold || lists.some(({ length }) => length > 0)
}

/** The fields of a certificate of which a message has only the names. */
export function fieldsOfNames(names: unknown): EntryFields {
  const { dnsNames, ipAddresses } = toldHostNames(names, [])
  return { ...nothingTold, dnsNames, ipAddresses }
}

/** 9999-12-31T23:59:59Z, RFC 5280 section 4.1.2.5: no well-defined expiration date. */
const NO_EXPIRATION = Date.UTC(9999, 11, 31, 23, 59, 59)
/** Without octets: a filter sees that it cannot be read, and lets it pass. */
const unknownName = noName

const nothingTold: EntryFields = {
  outline: undefined,
  tbs: undefined,
  issuanceId: undefined,
  issuanceTbs: () => undefined,
  serialNumber: undefined,
  subject: unknownName,
  issuer: unknownName,
  notBefore: undefined,
  notAfter: undefined,
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
  altNames: [],
  publicKey: undefined,
  signatureAlgorithm: undefined,
  keyUsage: undefined,
  extendedKeyUsage: undefined,
  basicConstraints: undefined,
  subjectKeyId: undefined,
  authorityKeyId: undefined,
  accessLocations: [],
  crlUrls: [],
  policies: [],
  sctLists: [],
  extensions: [],
  isSelfIssued: false,
}

/** A number in hex, with or without a zero before it, as the content octets of an INTEGER; `undefined` for negative ones. */
function toldSerialNumber(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[0-9a-f]{1,1024}$/i.test(value)) return undefined
  const digits = value.toLowerCase().replace(/^0+(?=.)/, '')
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  return /^[89a-f]/.test(even) ? `00${even}` : even
}

const algorithmOids = new Map(Object.entries(signatureAlgorithms).map(([oid, name]) => [name.toLowerCase(), oid]))

/** `sha256, rsa`, `ecdsa, sha256` and the other way round, `ed25519`, `rsa-pss`. */
function toldSignatureAlgorithm(value: unknown): EntryFields['signatureAlgorithm'] {
  const words = (textOf(value) ?? '')
    .slice(0, 100)
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
  const hash = words.find((word) => /^(md|sha)\d+$/.test(word))
  const key = words.find((word) => word !== hash) ?? ''
  const name = hash === undefined ? key : key === 'rsa' ? `${hash}WithRSAEncryption` : `${key}-with-${hash}`
  const oid = algorithmOids.get((name === 'rsa-pss' ? 'rsassaPss' : name).toLowerCase())
  return oid === undefined ? undefined : { oid, name: signatureAlgorithms[oid] }
}

function isSelfIssued({ subject, issuer }: JsonRecord): boolean {
  const told = textOf(recordOf(subject).aggregated)
  return told !== undefined && told === recordOf(issuer).aggregated
}
