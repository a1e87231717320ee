import type { Certificate } from '@peculiar/asn1-x509'
import type { LogInfo } from './log.js'

/**
 * What the log entry holds: a final certificate (`x509_entry`), a precertificate (`precert_entry`, RFC 6962 section 3.1), or
 * bytes that are neither. An unparsable entry is part of the log like any other and is delivered like any other: its
 * `problems` say what is wrong and where, its bytes are in `leafInput` (and `der` or `tbs` when those could be cut out), every
 * other field is `undefined` or empty.
 */
export type CertificateKind = 'certificate' | 'precertificate' | 'unparsable'

/**
 * What can be wrong with an entry or deviate from the standard. `…-malformed`: the field cannot be read. The others: the field
 * was read, and is not as the standard asks.
 *
 * | code | meaning |
 * |---|---|
 * | `leaf-malformed` | the `MerkleTreeLeaf` is not the structure of RFC 6962 section 3.4 |
 * | `entry-type-unknown` | a version, leaf type or entry type that RFC 6962 does not define |
 * | `extra-malformed` | what the log sends beside the leaf is not the promised structure |
 * | `der-malformed` | bytes that are not DER, cut short, of indefinite length, too deeply nested, or not the structure of the field |
 * | `length-non-minimal` | a DER length in more octets than needed; accepted |
 * | `integer-non-minimal` | an INTEGER with redundant leading octets; accepted |
 * | `trailing-data` | bytes after the end of a structure; ignored |
 * | `serial-negative` | a serial number below zero; accepted |
 * | `time-malformed` | not a date: the field is `undefined` |
 * | `time-nonstandard` | a date in a form RFC 5280 section 4.1.2.5 does not allow; accepted |
 * | `string-malformed` | octets that are not of the string's type; read as Latin-1 |
 * | `name-unusual` | a DNS name that had to be cleaned up, or cannot be one |
 * | `ip-address-malformed` | an iPAddress that has neither 4 nor 16 octets |
 * | `extension-duplicate` | an extension that occurs more than once; all occurrences are read |
 * | `extension-malformed` | an extension whose value cannot be read |
 * | `basic-constraints-conflict` | several BasicConstraints that contradict each other |
 * | `key-malformed` | a public key that is not what its algorithm says |
 * | `algorithm-mismatch` | the signature algorithm inside the signed part differs from the one outside |
 * | `sct-list-malformed` | the embedded SCT list, or one SCT of it, cannot be read |
 * | `poison-unexpected` | the poison extension where it must not be (a final certificate or a leaf's TBSCertificate) |
 * | `poison-malformed` | a poison extension that is not critical or not NULL |
 * | `precertificate-missing` | the log did not send the submitted precertificate |
 * | `precertificate-mismatch` | what the log sent as the precertificate is not what it hashed |
 * | `issuer-key-hash-mismatch` | the first CA of the chain does not have the key the leaf names |
 * | `chain-unavailable` | an issuer certificate could not be fetched |
 */
export type ProblemCode =
  | 'leaf-malformed'
  | 'entry-type-unknown'
  | 'extra-malformed'
  | 'der-malformed'
  | 'length-non-minimal'
  | 'integer-non-minimal'
  | 'trailing-data'
  | 'serial-negative'
  | 'time-malformed'
  | 'time-nonstandard'
  | 'string-malformed'
  | 'name-unusual'
  | 'ip-address-malformed'
  | 'extension-duplicate'
  | 'extension-malformed'
  | 'basic-constraints-conflict'
  | 'key-malformed'
  | 'algorithm-mismatch'
  | 'sct-list-malformed'
  | 'poison-unexpected'
  | 'poison-malformed'
  | 'precertificate-missing'
  | 'precertificate-mismatch'
  | 'issuer-key-hash-mismatch'
  | 'chain-unavailable'

/** One deviation met while decoding. Never an exception: the entry is delivered with what could be read. */
export interface Problem {
  readonly code: ProblemCode
  /** Name of the {@link CtCertificate} property it concerns, such as `notBefore`; `leafInput` for the entry as a whole. */
  readonly field: string
  /** What was found and where, for people; offsets are bytes from the start of `der` (or `tbs`, for a precertificate). */
  readonly message: string
}

/** One `AttributeTypeAndValue` of a distinguished name, RFC 5280 section 4.1.2.4. */
export interface NameAttribute {
  /** Dotted decimal. */
  readonly oid: string
  /** Short name where there is a customary one, such as `CN` (RFC 4514 section 3 and OpenSSL's names). */
  readonly name: string | undefined
  /** The value as text; `#` and hexadecimal DER when it is not a string (RFC 4514 section 2.4). */
  readonly value: string
  /** DER of the value as it stands: tag, length, content. */
  readonly raw: Uint8Array
  /** Zero-based position of the RelativeDistinguishedName it belongs to: a multi-valued RDN repeats the number. */
  readonly rdn: number
}

/** A distinguished name. The named properties hold the first value of their type, `undefined` when there is none. */
export interface Name {
  readonly commonName: string | undefined
  readonly organization: string | undefined
  readonly organizationalUnit: string | undefined
  /** Usually two letters, ISO 3166; as it stands. */
  readonly country: string | undefined
  readonly stateOrProvince: string | undefined
  readonly locality: string | undefined
  /** pkcs-9 `emailAddress`. */
  readonly emailAddress: string | undefined
  /** Every attribute in the order of the certificate. */
  readonly attributes: readonly NameAttribute[]
  /** DER of the whole Name as it stands; empty when there is none to read. */
  readonly raw: Uint8Array
  /** RFC 4514: last RDN first, `+` between the values of one RDN, special characters escaped; `''` for an empty name. */
  toString(): string
  toJSON(): NameJson
}

interface GeneralNameBase {
  /** Text form, as it stands: not lower-cased, nothing trimmed. Octets that are not ASCII are read as UTF-8, else Latin-1. */
  readonly value: string
  /** The content octets of the name (without tag and length). */
  readonly raw: Uint8Array
}

/** One name of a SubjectAltName, RFC 5280 section 4.2.1.6, discriminated by the standard's own words. */
export type GeneralName =
  | (GeneralNameBase & { readonly kind: 'dNSName' | 'rfc822Name' | 'uniformResourceIdentifier' })
  /** `value`: dotted decimal or RFC 5952 text; hexadecimal when it has neither 4 nor 16 octets. */
  | (GeneralNameBase & { readonly kind: 'iPAddress' })
  /** `value`: RFC 4514 text. */
  | (GeneralNameBase & { readonly kind: 'directoryName'; readonly name: Name })
  /** `value`: dotted decimal. */
  | (GeneralNameBase & { readonly kind: 'registeredID' })
  /** `value`: the string inside where it is one (a Microsoft UPN), else hexadecimal; `typeId` dotted decimal. */
  | (GeneralNameBase & { readonly kind: 'otherName'; readonly typeId: string })
  /** `value`: hexadecimal. */
  | (GeneralNameBase & { readonly kind: 'x400Address' | 'ediPartyName' | 'unknown' })

/** `SubjectPublicKeyInfo`, RFC 5280 section 4.1.2.7. */
export interface PublicKeyInfo {
  /** `RSA`, `RSA-PSS`, `EC`, `DSA`, `Ed25519`, `Ed448`, `X25519`, `X448`, `ML-DSA-44` …; the OID when it is unknown. */
  readonly algorithm: string
  /** Dotted decimal. */
  readonly oid: string
  /** Size of the key in bits: modulus (RSA), prime (DSA), field (EC, Edwards). `undefined` when unknown. */
  readonly bits: number | undefined
  /** `P-256`, `P-384`, `P-521`, `secp256k1` …; the OID of an unknown named curve; `undefined` when not an EC key. */
  readonly curve: string | undefined
  /** RSA public exponent; `undefined` for other keys and above 2^53 - 1. */
  readonly exponent: number | undefined
  /** DER of the SubjectPublicKeyInfo as it stands. */
  readonly spki: Uint8Array
  /** Lower-case hex SHA-256 of `spki`: the "pin" of the key. */
  readonly spkiSha256: string
}

/** `AlgorithmIdentifier` of the signature, RFC 5280 section 4.1.1.2. */
export interface SignatureAlgorithm {
  /** Dotted decimal. */
  readonly oid: string
  /** RFC name, such as `sha256WithRSAEncryption` or `ecdsa-with-SHA384`; `undefined` when unknown. */
  readonly name: string | undefined
}

/** RFC 5280 section 4.2.1.3, in bit order. `contentCommitment` is the newer word for nonRepudiation. */
export type KeyUsageName =
  | 'digitalSignature'
  | 'contentCommitment'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly'

/** One `KeyPurposeId`, RFC 5280 section 4.2.1.12. */
export interface ExtendedKeyUsage {
  /** Dotted decimal. */
  readonly oid: string
  /** `serverAuth`, `clientAuth`, `anyExtendedKeyUsage` …; `undefined` when unknown. */
  readonly name: string | undefined
}

/** RFC 5280 section 4.2.1.9. */
export interface BasicConstraints {
  readonly ca: boolean
  /** `pathLenConstraint`; `undefined` when absent. */
  readonly pathLength: number | undefined
}

/** One `PolicyInformation`, RFC 5280 section 4.2.1.4. */
export interface CertificatePolicy {
  /** Dotted decimal. */
  readonly oid: string
  /** CA/Browser Forum's or RFC name, such as `domain-validated`; `undefined` when unknown. */
  readonly name: string | undefined
  /** CPS pointers, in order. */
  readonly cpsUris: readonly string[]
}

/** Validation level of a TLS certificate, from the CA/Browser Forum's reserved policy OIDs. */
export type ValidationLevel = 'DV' | 'OV' | 'IV' | 'EV'

/** One X.509 extension as it stands, RFC 5280 section 4.2. */
export interface Extension {
  /** Dotted decimal. */
  readonly oid: string
  /** RFC name, such as `subjectAltName`; `undefined` when unknown. */
  readonly name: string | undefined
  readonly critical: boolean
  /** Content of the `extnValue` OCTET STRING. */
  readonly value: Uint8Array
}

/** A Signed Certificate Timestamp embedded in a certificate, RFC 6962 section 3.3. */
export interface Sct {
  /** 0 (v1). */
  readonly version: number
  /** Base64 log id, as in {@link LogInfo.id}. */
  readonly logId: string
  readonly timestamp: Date
  /** CtExtensions, without their length; empty for RFC 6962 logs, holds the leaf index of static-ct ones. */
  readonly extensions: Uint8Array
  /** `DigitallySigned`: hash and signature algorithm bytes, u16 length, signature. */
  readonly signature: Uint8Array
}

/**
 * What checking one SCT found: `valid`, `invalid` (the signature is not the log's over this certificate), `unknown-log` (no key
 * was given for the log), `unverifiable` (the issuer's key or the certificate cannot be had, or the log's key is not usable).
 */
export interface SctVerification {
  readonly sct: Sct
  readonly status: 'valid' | 'invalid' | 'unknown-log' | 'unverifiable'
  /** Why it is not `valid`; `undefined` when it is. */
  readonly reason: string | undefined
}

/** The keys of logs, by base64 log id: DER SubjectPublicKeyInfo, or base64 of it. */
export type LogKeys = ReadonlyMap<string, Uint8Array | string> | Readonly<Record<string, Uint8Array | string>>

/**
 * One entry of a log: a certificate, a precertificate, or what could not be read as either.
 *
 * Every property decodes when it is first read and is then kept; none throws for what the bytes hold. What deviates from the
 * standards is in `problems`. A certificate keeps its own bytes in memory and nothing of the response it came in.
 *
 * Names, key, dates and extensions of a precertificate are those of the TBSCertificate in the leaf, which the Merkle tree
 * covers, never those of the precertificate the log sends beside it.
 */
export interface CtCertificate {
  readonly kind: CertificateKind
  /** The log it was read from. */
  readonly log: LogInfo
  /** Zero-based position in the log; safe integer. */
  readonly index: number
  /** The log's time of the entry, milliseconds exact (the SCT's timestamp, RFC 6962 section 3.2). `undefined` only if unreadable. */
  readonly timestamp: Date | undefined
  /** SHA-256(0x00 || leafInput), 32 bytes (RFC 6962 section 2.1). */
  readonly leafHash: Uint8Array
  /** Whether it lies below the head seen when the log was opened. */
  readonly historical: boolean
  /** Opaque position just after this entry, covering all logs of the stream; `ctStream({ resume: cursor })` continues there. */
  readonly cursor: string

  /** `MerkleTreeLeaf` as the log hashed it, RFC 6962 section 3.4. */
  readonly leafInput: Uint8Array
  /**
   * DER of the certificate, or of the precertificate as submitted (with poison and the CA's signature). `undefined` when there
   * is none: an unreadable leaf, or a log that did not send the precertificate. A precertificate comes from beside the leaf, is
   * checked against it, and is given even when it does not match, with a `precertificate-mismatch` among the problems.
   */
  readonly der: Uint8Array | undefined
  /** DER of the TBSCertificate: of the certificate, or as the log hashed it (precertificate: without poison). */
  readonly tbs: Uint8Array | undefined
  /** SHA-256 over the issuing CA's SubjectPublicKeyInfo, 32 bytes; precertificates only (RFC 6962 section 3.2). */
  readonly issuerKeyHash: Uint8Array | undefined
  /** Lower-case hex SHA-256 of `der`. */
  readonly sha256: string | undefined
  /** Lower-case hex SHA-1 of `der`. */
  readonly sha1: string | undefined
  /**
   * Lower-case hex SHA-256 of the TBSCertificate without poison and SCT list: equal for a precertificate and the certificate
   * issued for it.
   */
  readonly issuanceId: string | undefined

  /** Lower-case hex of the INTEGER's content octets as in the DER, leading zero octet and sign kept. */
  readonly serialNumber: string | undefined
  /** An empty name when it cannot be read. */
  readonly subject: Name
  readonly issuer: Name
  /** `undefined`, with a problem, when it is not a date: never an invalid `Date`. */
  readonly notBefore: Date | undefined
  /** Inclusive. `undefined`, with a problem, when it is not a date. */
  readonly notAfter: Date | undefined

  /**
   * Names one can look up: lower case, trailing dot off, A-labels, unique; in the order of the SubjectAltName, then common names
   * that are host names. A wildcard stays `*.example.com`. A name with a NUL or a slash yields both the part before and the whole.
   */
  readonly dnsNames: readonly string[]
  /** Of the SubjectAltName (and common names or DNS names that are IP addresses): dotted decimal or RFC 5952; unique. */
  readonly ipAddresses: readonly string[]
  /** Of the SubjectAltName, then of the subject's emailAddress attributes: as they stand; unique. */
  readonly emailAddresses: readonly string[]
  /** Of the SubjectAltName: as they stand; unique. */
  readonly uris: readonly string[]
  /** Every SubjectAltName as it stands, all types, duplicates kept. */
  readonly altNames: readonly GeneralName[]

  readonly publicKey: PublicKeyInfo | undefined
  /** Of the signature on the certificate; of the signed part for a precertificate. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined
  /** `undefined` when the extension is absent. */
  readonly keyUsage: readonly KeyUsageName[] | undefined
  /** `undefined` when the extension is absent. */
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[] | undefined
  /** `undefined` when the extension is absent. */
  readonly basicConstraints: BasicConstraints | undefined
  /** Lower-case hex. */
  readonly subjectKeyId: string | undefined
  /** Lower-case hex of the `keyIdentifier`. */
  readonly authorityKeyId: string | undefined
  /** AuthorityInfoAccess, RFC 5280 section 4.2.2.1. */
  readonly ocspUrls: readonly string[]
  /** AuthorityInfoAccess, RFC 5280 section 4.2.2.1. */
  readonly caIssuerUrls: readonly string[]
  /** CRLDistributionPoints, RFC 5280 section 4.2.1.13. */
  readonly crlUrls: readonly string[]
  readonly policies: readonly CertificatePolicy[]
  readonly validation: ValidationLevel | undefined
  /** Embedded SCTs, RFC 6962 section 3.3; not verified (see {@link CtCertificate.verifyScts}). */
  readonly scts: readonly Sct[]
  /** Every extension as it stands, in order. */
  readonly extensions: readonly Extension[]
  /** Whether BasicConstraints say `cA`. */
  readonly isCa: boolean
  /** Whether subject and issuer are the same octets and not empty. */
  readonly isSelfIssued: boolean

  /**
   * Every deviation met in any field: reading it decodes all of them. Grows when `chain()` or `verifyScts()` find more.
   */
  readonly problems: readonly Problem[]

  /**
   * The issuer certificates (DER) the log keeps for this entry, nearest first, usually up to the root. Asked again, it is the same
   * answer. On static-ct logs they are fetched by fingerprint, checked against it and cached.
   *
   * Rejects when they cannot be fetched (`CT_HTTP_…`) or are not as promised (`CT_LEAF_MALFORMED`, `CT_RESPONSE_MALFORMED`), and
   * can be asked again. What does not fit the leaf is a problem, not an error.
   */
  chain(): Promise<readonly Uint8Array[]>
  /** Checks every embedded SCT; in the order of `scts`. Never rejects for what the bytes or the log's answers hold. */
  verifyScts(logs: LogKeys): Promise<readonly SctVerification[]>
  /**
   * The full ASN.1 structure of `der`, decoded by the `@peculiar/asn1-x509` package (loaded on first use); kept.
   * @throws {@link CtStreamError} `CT_DER_MALFORMED` when there is no `der` or that package refuses it: it is stricter than the rest.
   */
  x509(): Certificate
  /** A plain record for JSON, the same for the same entry. */
  toJSON(): CertificateJson
  /**
   * The message a CertStream server sends: `full`; `lite`, without chain and DER; `domains`, only names. The chain of a static-ct
   * entry is in it once `chain()` was awaited.
   */
  toCertStream(form: 'domains'): CertStreamDomains
  toCertStream(form?: 'full' | 'lite'): CertStreamUpdate
  toCertStream(form?: CertStreamForm): CertStreamMessage
}

/** A {@link Name} in JSON. */
export interface NameJson {
  /** RFC 4514. */
  readonly text: string
  readonly commonName: string | null
  readonly organization: string | null
  readonly organizationalUnit: string | null
  readonly country: string | null
  readonly stateOrProvince: string | null
  readonly locality: string | null
  readonly emailAddress: string | null
  readonly attributes: readonly { readonly oid: string; readonly name: string | null; readonly value: string }[]
}

/**
 * What `JSON.stringify(certificate)` gives. Keys are always all there, in this order, `null` or `[]` where there is no value;
 * keys may be added in a minor version, never removed or changed. Dates are ISO 8601 in UTC with milliseconds, hashes lower-case
 * hex, log ids base64. The DER is not in it: add `der: Buffer.from(cert.der).toString('base64')` where it is wanted.
 */
export interface CertificateJson {
  readonly kind: CertificateKind
  readonly log: LogInfo
  readonly index: number
  readonly timestamp: string | null
  readonly leafHash: string
  readonly historical: boolean
  readonly cursor: string
  readonly sha256: string | null
  readonly sha1: string | null
  readonly issuanceId: string | null
  readonly issuerKeyHash: string | null
  readonly serialNumber: string | null
  readonly subject: NameJson
  readonly issuer: NameJson
  readonly notBefore: string | null
  readonly notAfter: string | null
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly uris: readonly string[]
  readonly altNames: readonly { readonly kind: GeneralName['kind']; readonly value: string }[]
  readonly publicKey: {
    readonly algorithm: string
    readonly oid: string
    readonly bits: number | null
    readonly curve: string | null
    readonly spkiSha256: string
  } | null
  readonly signatureAlgorithm: { readonly oid: string; readonly name: string | null } | null
  readonly keyUsage: readonly KeyUsageName[] | null
  readonly extendedKeyUsage: readonly { readonly oid: string; readonly name: string | null }[] | null
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null
  readonly subjectKeyId: string | null
  readonly authorityKeyId: string | null
  readonly ocspUrls: readonly string[]
  readonly caIssuerUrls: readonly string[]
  readonly crlUrls: readonly string[]
  readonly policies: readonly {
    readonly oid: string
    readonly name: string | null
    readonly cpsUris: readonly string[]
  }[]
  readonly validation: ValidationLevel | null
  readonly scts: readonly { readonly logId: string; readonly timestamp: string }[]
  readonly isCa: boolean
  readonly isSelfIssued: boolean
  readonly problems: readonly Problem[]
  /** Base64 of the leaf of an `unparsable` entry, so that nothing is lost; `null` for all others. */
  readonly leafInput: string | null
}

export type CertStreamForm = 'full' | 'lite' | 'domains'

/** A distinguished name as CertStream servers write it: several values of a type are joined by `,`. */
export interface CertStreamName {
  readonly C: string | null
  readonly CN: string | null
  readonly L: string | null
  readonly O: string | null
  readonly OU: string | null
  /** State or province. */
  readonly ST: string | null
  /** `/C=…/CN=…/L=…/O=…/OU=…/ST=…`, those that are there. */
  readonly aggregated: string
  readonly email_address: string | null
  readonly emailAddress: string | null
}

/** The extensions CertStream servers describe; only those the certificate has. */
export interface CertStreamExtensions {
  /** `URI:…, URI:…`. */
  authorityInfoAccess?: string
  /** `keyid:` and lower-case hex with colons. */
  authorityKeyIdentifier?: string
  /** `CA:TRUE` or `CA:FALSE`. */
  basicConstraints?: string
  /** `Policy: <OID>` and a newline for each. */
  certificatePolicies?: string
  /** `Full Name:\n URI:…`. */
  crlDistributionPoints?: string
  /** Base64url of the extension's value. */
  ctlSignedCertificateTimestamp?: string
  /** `serverAuth, clientAuth`; an OID where there is no name. */
  extendedKeyUsage?: string
  /** `Digital Signature, Key Encipherment`. */
  keyUsage?: string
  /** `DNS:…, email:…, IP Address:…, URI:…`. */
  subjectAltName?: string
  /** `keyid:` and lower-case hex with colons. */
  subjectKeyIdentifier?: string
  /** Present, `true`, in precertificates. */
  ctlPoisonByte?: boolean
}

/** A certificate as CertStream servers write it. Values that are not there are `null`. */
export interface CertStreamCertificate {
  readonly all_domains: readonly string[]
  /** Base64 DER; not in `lite` messages. */
  readonly as_der?: string | null
  readonly extensions: CertStreamExtensions
  /** SHA-1 of the DER, upper-case hex with colons. */
  readonly fingerprint: string | null
  /** The same as `fingerprint`. */
  readonly sha1: string | null
  /** SHA-256 of the DER, upper-case hex with colons. */
  readonly sha256: string | null
  /** Epoch seconds. */
  readonly not_after: number | null
  /** Epoch seconds. */
  readonly not_before: number | null
  /** Upper-case hex, an even number of digits. */
  readonly serial_number: string | null
  /** `sha256, rsa`, `ecdsa, sha384`, `rsa-pss`, `ed25519` …, `unknown`. */
  readonly signature_algorithm: string
  readonly subject: CertStreamName
  readonly issuer: CertStreamName
  readonly is_ca: boolean
}

/** CertStream's `certificate_update`: the keys of certstream-server-go, with `null` where it leaves something out. */
export interface CertStreamUpdate {
  readonly message_type: 'certificate_update'
  readonly data: {
    readonly update_type: 'X509LogEntry' | 'PrecertLogEntry'
    readonly leaf_cert: CertStreamCertificate
    /** Issuers, nearest first; not in `lite` messages. */
    readonly chain?: readonly CertStreamCertificate[]
    readonly cert_index: number
    /** The `get-entries` URL; empty for static-ct logs. */
    readonly cert_link: string
    /** Epoch seconds with a fraction: when the entry was received. */
    readonly seen: number
    /** Epoch seconds with a fraction: the log's timestamp. */
    readonly submission_timestamp: number | null
    readonly source: {
      readonly url: string
      readonly name: string
      /** Epoch seconds with a fraction: the log's timestamp. */
      readonly timestamp: number | null
      readonly type: 'rfc6962' | 'tiled'
    }
  }
}

/** CertStream's `dns_entries`. */
export interface CertStreamDomains {
  readonly message_type: 'dns_entries'
  readonly data: readonly string[]
}

export type CertStreamMessage = CertStreamUpdate | CertStreamDomains
