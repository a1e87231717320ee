import type { Certificate } from '@peculiar/asn1-x509'
import type { CertStreamDomains, CertStreamForm, CertStreamMessage, CertStreamUpdate } from './certstream.js'
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
 * | `leaf-index-mismatch` | a static-ct entry that states another index than its place, or has extensions that cannot be read |
 * | `extra-malformed` | what the log sends beside the leaf is not the promised structure, or a chain of more than 16 |
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
 * | `chain-mismatch` | a certificate of the chain is not the issuer that the one before it names, or cannot be read |
 * | `chain-unavailable` | an issuer certificate could not be fetched |
 * | `entry-unverified` | not proven: delivered after its log was accused, by `onMisbehaviour: 'continue-unverified'` |
 */
export type ProblemCode =
  | 'leaf-malformed'
  | 'entry-type-unknown'
  | 'leaf-index-mismatch'
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
  | 'chain-mismatch'
  | 'chain-unavailable'
  | 'entry-unverified'

/**
 * One deviation met while decoding. Never an exception: the entry is delivered with what could be read. At most 20 are kept of one
 * field; a hostile certificate could have millions.
 */
export interface Problem {
  /** What kind of deviation; for programs. */
  readonly code: ProblemCode
  /**
   * Name of the {@link CtCertificate} member it concerns, such as `notBefore`: `leafInput` for the entry as a whole, `der` or `tbs` for
   * the frame of the certificate, `chain` for `chain()`, `ocspUrls` for all of AuthorityInfoAccess.
   */
  readonly field: string
  /** What was found and where, for people; offsets are bytes from the start of `der` (or `tbs`, for a precertificate). */
  readonly message: string
}

/** One `AttributeTypeAndValue` of a distinguished name, RFC 5280 section 4.1.2.4. */
export interface NameAttribute {
  /** `AttributeType`, dotted decimal. */
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
  /** `CN`, 2.5.4.3; as it stands, of any length (RFC 5280 appendix A.1 says at most 64 characters). */
  readonly commonName: string | undefined
  /** `O`, 2.5.4.10. */
  readonly organization: string | undefined
  /** `OU`, 2.5.4.11. */
  readonly organizationalUnit: string | undefined
  /** `C`, 2.5.4.6: usually two letters, ISO 3166; as it stands. */
  readonly country: string | undefined
  /** `ST`, 2.5.4.8. */
  readonly stateOrProvince: string | undefined
  /** `L`, 2.5.4.7. */
  readonly locality: string | undefined
  /** pkcs-9 `emailAddress`, 1.2.840.113549.1.9.1. */
  readonly emailAddress: string | undefined
  /** Every attribute in the order of the certificate; of a broken name those before the break. */
  readonly attributes: readonly NameAttribute[]
  /** DER of the whole Name as it stands; empty when there is none to read. */
  readonly raw: Uint8Array
  /** RFC 4514: last RDN first, `+` between the values of one RDN, special characters escaped; `''` for an empty name. */
  toString(): string
  /** The name in the record of a certificate; `null` where a property is `undefined`. */
  toJSON(): NameJson
}

/** What every GeneralName has. */
interface GeneralNameBase {
  /** Text form, as it stands: not lower-cased, nothing trimmed. Octets that are not ASCII are read as UTF-8, else Latin-1. */
  readonly value: string
  /** The content octets of the name (without tag and length). */
  readonly raw: Uint8Array
}

/**
 * One name of a SubjectAltName, RFC 5280 section 4.2.1.6, discriminated by the standard's own words. `unknown`: it cannot be read, or
 * has a tag that no GeneralName has.
 */
export type GeneralName =
  | (GeneralNameBase & {
      /** IA5String. `value`: its text. */
      readonly kind: 'dNSName' | 'rfc822Name' | 'uniformResourceIdentifier'
    })
  | (GeneralNameBase & {
      /** `value`: dotted decimal or RFC 5952 text; hexadecimal when it has neither 4 nor 16 octets. */
      readonly kind: 'iPAddress'
    })
  | (GeneralNameBase & {
      /** `value`: RFC 4514 text. */
      readonly kind: 'directoryName'
      /** The same, decoded. */
      readonly name: Name
    })
  | (GeneralNameBase & {
      /** `value`: dotted decimal. */
      readonly kind: 'registeredID'
    })
  | (GeneralNameBase & {
      /** `value`: the string inside where it is one (a Microsoft UPN), else its DER in hexadecimal. */
      readonly kind: 'otherName'
      /** `type-id`, dotted decimal. */
      readonly typeId: string
    })
  | (GeneralNameBase & {
      /** `value`: lower-case hexadecimal of `raw`. */
      readonly kind: 'x400Address' | 'ediPartyName' | 'unknown'
    })

/** `SubjectPublicKeyInfo`, RFC 5280 section 4.1.2.7. */
export interface PublicKeyInfo {
  /** `RSA`, `RSA-PSS`, `EC`, `DSA`, `Ed25519`, `Ed448`, `X25519`, `X448`, `ML-DSA-44` …; the OID when it is unknown. */
  readonly algorithm: string
  /** `algorithm` of the AlgorithmIdentifier, dotted decimal. */
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

/** BasicConstraints, RFC 5280 section 4.2.1.9. */
export interface BasicConstraints {
  /** `cA`; any octet but zero is true, `false` when absent. */
  readonly ca: boolean
  /** `pathLenConstraint`, 0 to 2^53 - 1; `undefined` when absent, and, with a problem, when negative or larger. */
  readonly pathLength: number | undefined
}

/** One `PolicyInformation`, RFC 5280 section 4.2.1.4. */
export interface CertificatePolicy {
  /** Dotted decimal. */
  readonly oid: string
  /** CA/Browser Forum's or RFC name, such as `domain-validated`; `undefined` when unknown. */
  readonly name: string | undefined
  /** CPS pointers, in order; user notices are left out. */
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
  /** `critical`; any octet but zero is true, `false` when absent. */
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
  /** When the log promised to add the certificate; milliseconds exact. */
  readonly timestamp: Date
  /** CtExtensions, without their length; empty for RFC 6962 logs, holds the leaf index of static-ct ones. */
  readonly extensions: Uint8Array
  /** `DigitallySigned`: hash and signature algorithm bytes, u16 length, signature. */
  readonly signature: Uint8Array
}

/**
 * What checking one SCT found: `valid`, `invalid` (the signature is not the log's over this certificate), `unknown-log` (no key
 * was given for the log), `unverifiable` (the issuer's key or the certificate is not available, or the log's key is not usable).
 */
export interface SctVerification {
  /** The SCT that was checked: one of `scts`. */
  readonly sct: Sct
  /** See above. */
  readonly status: 'valid' | 'invalid' | 'unknown-log' | 'unverifiable'
  /** Why it is not `valid`; `undefined` when it is. */
  readonly reason: string | undefined
}

/** A log with its key, as one of `stream.logs()`. */
export interface KeyedLog {
  /** Base64 log id, as in {@link LogInfo.id}. */
  readonly id: string
  /** DER SubjectPublicKeyInfo, or base64 of it. */
  readonly key: Uint8Array | string
}

/** The keys of logs: by base64 log id, DER SubjectPublicKeyInfo or base64 of it; or a list of logs with their keys, as of `stream.logs()`. */
export type LogKeys =
  | ReadonlyMap<string, Uint8Array | string>
  | Readonly<Record<string, Uint8Array | string>>
  | readonly KeyedLog[]

/**
 * One entry of a log: a certificate, a precertificate, or what could not be read as either.
 *
 * Every property decodes when it is first read and is then kept; none throws for what the bytes hold, and none depends on which was
 * read before. What deviates from the standards is in `problems`: below, each property names the codes it can add there. A
 * certificate keeps its own bytes in memory and nothing of the response it came in.
 *
 * What is given out is the certificate's own: read it, and copy what is to be changed (`[...dnsNames].sort()`). Only dates, and what
 * `toJSON()` and `toCertStream()` make, are the reader's to change.
 *
 * Names, key, dates and extensions of a precertificate are those of the TBSCertificate in the leaf, which the Merkle tree
 * covers, never those of the precertificate the log sends beside it.
 *
 * Properties of an extension have these problems in common: `extension-malformed` (it cannot be read: the property is as if it were
 * absent, a list has the items before the break), `extension-duplicate`, `length-non-minimal` and `trailing-data`. They are called
 * *those of extensions* below.
 */
export interface CtCertificate {
  /**
   * What the entry holds, by the `LogEntryType` of its leaf (RFC 6962 section 3.1).
   * Problems, all of an `unparsable` entry: `leaf-malformed`, `entry-type-unknown`, `der-malformed`; of any entry of a static-ct log
   * `leaf-index-mismatch` (C2SP static-ct-api), of field `leafInput` too.
   */
  readonly kind: CertificateKind
  /** The log it was read from. */
  readonly log: LogInfo
  /** Zero-based position in the log, 0 to 2^53 - 1. */
  readonly index: number
  /**
   * The log's time of the entry, milliseconds exact (the SCT's timestamp, RFC 6962 section 3.2). A new `Date` each time. `undefined`
   * when the leaf is unreadable or the time is beyond what a `Date` can hold, with the problem `leaf-malformed`.
   */
  readonly timestamp: Date | undefined
  /** SHA-256(0x00 || leafInput), 32 bytes (RFC 6962 section 2.1). */
  readonly leafHash: Uint8Array
  /** Whether it lies below the head seen when the log was opened. */
  readonly historical: boolean
  /**
   * Whether it is proven to be in a tree whose head the log signed (RFC 6962 section 2.1), consistent with its earlier heads. `false`
   * with any `verify` but `'full'`, of an entry delivered by `onMisbehaviour: 'continue-unverified'` after its log was accused, and
   * of a certificate that comes from no log.
   *
   * Problems: `entry-unverified`, of an entry of an accused log.
   */
  readonly verified: boolean
  /**
   * Opaque position just after this entry, covering all logs of the stream; `ctStream({ resume: cursor })` continues there. About 43
   * characters a log. Computed when first read, at any time: until then the certificate keeps the leaf hashes of its page, 32 bytes
   * an entry.
   *
   * It covers everything of this log up to this entry. Of the other logs it covers what was delivered before this entry or its page;
   * with `acknowledge: 'manual'`, what is acknowledged at the moment it is read. So nothing is behind it that may not be finished
   * with, as long as entries are finished in the order in which they came, or else acknowledged when they are.
   */
  readonly cursor: string

  /** `MerkleTreeLeaf` as the log hashed it, RFC 6962 section 3.4: of any entry, readable or not. */
  readonly leafInput: Uint8Array
  /**
   * DER of the certificate, or of the precertificate as submitted (with poison and the CA's signature; RFC 6962 sections 3.1 and 4.6).
   * `undefined` when there is none: an unreadable leaf, or a log that did not send the precertificate. A precertificate comes from
   * beside the leaf, is checked against it, and is given even when it does not match.
   *
   * Problems: `der-malformed`, `trailing-data`, `extension-duplicate` (of the list of extensions); of a precertificate
   * `extra-malformed`, `precertificate-missing`, `precertificate-mismatch`, `poison-malformed`.
   */
  readonly der: Uint8Array | undefined
  /** `der` as PEM (RFC 7468 section 5): lines of 64 characters, a newline at the end; made each time. `undefined` where `der` is. */
  readonly pem: string | undefined
  /**
   * DER of the TBSCertificate (RFC 5280 section 4.1.2): of the certificate, or as the log hashed it (precertificate: without poison,
   * RFC 6962 section 3.2). `undefined` when the leaf is unreadable or holds no certificate.
   *
   * Problems: `length-non-minimal`; of a precertificate `der-malformed`, `trailing-data`, `extension-duplicate` (of the list of
   * extensions).
   */
  readonly tbs: Uint8Array | undefined
  /** SHA-256 over the issuing CA's SubjectPublicKeyInfo, 32 bytes (RFC 6962 section 3.2); `undefined` except for precert entries. */
  readonly issuerKeyHash: Uint8Array | undefined
  /** SHA-256 of `der`, 64 lower-case hex digits; `undefined` when that is. */
  readonly sha256: string | undefined
  /** SHA-1 of `der`, 40 lower-case hex digits; `undefined` when that is. */
  readonly sha1: string | undefined
  /**
   * SHA-256 of the TBSCertificate without poison and SCT list (RFC 6962 sections 3.1 and 3.3), 64 lower-case hex digits: equal for a
   * precertificate and the certificate issued for it. `undefined` when there is no TBSCertificate.
   */
  readonly issuanceId: string | undefined

  /**
   * The INTEGER's content octets as in the DER, leading zero octet and sign kept, in lower-case hex: an even number of digits, at
   * least 2. RFC 5280 section 4.1.2.2 allows 20 octets; longer ones and zero are given as they are. `undefined` when it is no INTEGER
   * or one without octets.
   *
   * Problems: `der-malformed`, `integer-non-minimal`, `serial-negative`.
   */
  readonly serialNumber: string | undefined
  /**
   * RFC 5280 section 4.1.2.6. Of a broken name the attributes before the break; an empty name when there is nothing to read.
   * Problems: `der-malformed`, `length-non-minimal`, `string-malformed`.
   */
  readonly subject: Name
  /** RFC 5280 section 4.1.2.4; the rest as of `subject`. */
  readonly issuer: Name
  /**
   * Beginning of the validity, inclusive (RFC 5280 section 4.1.2.5); years 0 to 9999, milliseconds. A new `Date` each time, never an
   * invalid one: `undefined`, with a problem, when it is not a date.
   *
   * Problems: `time-malformed`, `time-nonstandard`, `der-malformed`, `length-non-minimal`.
   */
  readonly notBefore: Date | undefined
  /** End of the validity, inclusive (RFC 5280 section 4.1.2.5); the rest as of `notBefore`. */
  readonly notAfter: Date | undefined

  /**
   * Names one can look up: lower case, trailing dot off, A-labels, unique; in the order of the SubjectAltName, then common names
   * that are host names (RFC 5280 sections 4.2.1.6 and 4.1.2.6). Printable ASCII, 1 to 1024 characters before conversion. A wildcard
   * stays `*.example.com`. A name with a NUL, a slash or a port yields both the part before it and the whole; other octets that no
   * name has are `\DDD` (RFC 1035 section 5.1). Empty when there are none.
   *
   * Problems: `name-unusual`; those of the extension are at `altNames`.
   */
  readonly dnsNames: readonly string[]
  /**
   * Of the SubjectAltName (and common names or DNS names that are IP addresses): dotted decimal or RFC 5952; unique. Empty when
   * there are none. Problems: `ip-address-malformed`.
   */
  readonly ipAddresses: readonly string[]
  /**
   * `rfc822Name`s of the SubjectAltName, then the subject's `emailAddress` attributes (RFC 5280 section 4.2.1.6): as they stand;
   * unique. Empty when there are none. Problems are at `altNames` and `subject`.
   */
  readonly emailAddresses: readonly string[]
  /** `uniformResourceIdentifier`s of the SubjectAltName: as they stand, not parsed; unique. Problems are at `altNames`. */
  readonly uris: readonly string[]
  /**
   * Every SubjectAltName as it stands, all types, duplicates kept, of all such extensions (RFC 5280 section 4.2.1.6). What comes after
   * a break is lost; a single name that cannot be read is `unknown`, and after 1000 of these no name with a structure of its own is
   * opened. Empty when the extension is absent.
   *
   * Problems: `der-malformed`, `extension-duplicate`, `length-non-minimal`, `string-malformed`, `trailing-data`.
   */
  readonly altNames: readonly GeneralName[]

  /**
   * RFC 5280 section 4.1.2.7. Of an unknown or broken key at least algorithm and bytes; `undefined` when it is no
   * SubjectPublicKeyInfo. Problems: `der-malformed`, `key-malformed`, `integer-non-minimal`, `length-non-minimal`.
   */
  readonly publicKey: PublicKeyInfo | undefined
  /**
   * Of the signature on the certificate (RFC 5280 section 4.1.1.2); of the signed part for a precertificate (section 4.1.2.3).
   * `undefined` when it cannot be read. Problems: `algorithm-mismatch`, `der-malformed`, `length-non-minimal`.
   */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined
  /**
   * Names of the bits that are set, in bit order (RFC 5280 section 4.2.1.3). `undefined` when the extension is absent or broken; of
   * several the first that can be read. Problems: those of extensions.
   */
  readonly keyUsage: readonly KeyUsageName[] | undefined
  /** Key purposes in order, of all such extensions (RFC 5280 section 4.2.1.12). `undefined` when absent. Problems: those of extensions. */
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[] | undefined
  /**
   * RFC 5280 section 4.2.1.9. `undefined` when absent or broken; of several the first that says `cA`. Problems: those of extensions,
   * `basic-constraints-conflict`, `integer-non-minimal`, `der-malformed` (a path length without octets).
   */
  readonly basicConstraints: BasicConstraints | undefined
  /** SubjectKeyIdentifier, lower-case hex (RFC 5280 section 4.2.1.2). `undefined` when absent or broken. Problems: those of extensions. */
  readonly subjectKeyId: string | undefined
  /**
   * `keyIdentifier` of the AuthorityKeyIdentifier, lower-case hex (RFC 5280 section 4.2.1.1). `undefined` when absent or broken, and
   * when the issuer is named in another way. Problems: those of extensions.
   */
  readonly authorityKeyId: string | undefined
  /**
   * URIs of `id-ad-ocsp` in AuthorityInfoAccess, in order, as they stand (RFC 5280 section 4.2.2.1). Empty when there are none.
   * Problems: those of extensions, `string-malformed`.
   */
  readonly ocspUrls: readonly string[]
  /** URIs of `id-ad-caIssuers` in AuthorityInfoAccess (RFC 5280 section 4.2.2.1); the rest, and where its problems are, as of `ocspUrls`. */
  readonly caIssuerUrls: readonly string[]
  /**
   * URIs of the full names in CRLDistributionPoints, in order, as they stand (RFC 5280 section 4.2.1.13). Empty when there are none.
   * Problems: those of extensions, `string-malformed`.
   */
  readonly crlUrls: readonly string[]
  /** CertificatePolicies in order (RFC 5280 section 4.2.1.4). Empty when absent. Problems: those of extensions, `string-malformed`. */
  readonly policies: readonly CertificatePolicy[]
  /**
   * The highest level that `policies` claim (CA/Browser Forum Baseline Requirements section 7.1.6.1; EV policies of single CAs count):
   * EV, OV, IV, DV. `undefined` when they claim none.
   */
  readonly validation: ValidationLevel | undefined
  /**
   * Embedded SCTs, RFC 6962 section 3.3, in order; not verified (see {@link CtCertificate.verifyScts}). One that cannot be read is left
   * out, and lists beyond 16. Empty when absent. Problems: those of extensions, `sct-list-malformed`.
   */
  readonly scts: readonly Sct[]
  /**
   * Every extension as it stands, in order, duplicates too (RFC 5280 section 4.2); at most 10,000. One that cannot be read is left out.
   * Problems: `extension-malformed`, `length-non-minimal`, `trailing-data`, `poison-unexpected` (RFC 6962 section 3.1).
   */
  readonly extensions: readonly Extension[]
  /** Whether BasicConstraints say `cA` (RFC 5280 section 4.2.1.9); `false` without them. */
  readonly isCa: boolean
  /** Whether subject and issuer are the same octets and not empty (RFC 5280 section 3.2); the signature is not looked at. */
  readonly isSelfIssued: boolean

  /**
   * Every deviation met in any field: reading it decodes all of them. Fields in alphabetical order, those of one field as they were
   * met. Grows when `chain()` or `verifyScts()` find more. A new array each time.
   */
  readonly problems: readonly Problem[]

  /**
   * The issuer certificates (DER) the log keeps for this entry, nearest first, usually up to the root (RFC 6962 section 4.6, C2SP
   * static-ct-api). Asked again, it is the same answer. On static-ct logs they are fetched by fingerprint, checked against it and cached.
   *
   * Rejects when they cannot be fetched (`CT_HTTP_…`; `CT_RESPONSE_TOO_LARGE` for one above 64 KiB) or are not as promised
   * (`CT_LEAF_MALFORMED`, also for a chain of more than 16; `CT_RESPONSE_MALFORMED`), and can be asked again. What does not fit the
   * leaf is a problem, not an error: names are compared, octet by octet, signatures are not verified.
   *
   * Problems, of field `chain`: `extra-malformed`, `chain-unavailable`, `chain-mismatch`, `issuer-key-hash-mismatch`.
   */
  chain(): Promise<readonly Uint8Array[]>
  /**
   * Checks every embedded SCT (RFC 6962 section 3.2); in the order of `scts`. Asks for `chain()` where it needs the issuer's key: that
   * of a final certificate. Never rejects for what the bytes or the log's answers hold.
   */
  verifyScts(logs: LogKeys): Promise<readonly SctVerification[]>
  /**
   * The full ASN.1 structure of `der`, decoded by the `@peculiar/asn1-x509` package (loaded on first use); kept.
   * @throws {@link CtStreamError} `CT_DER_MALFORMED` when there is no `der`, that package refuses it (it is stricter than the rest), or
   * it has more than 50,000 elements or an OID above 1,024 octets, for which that package would take gigabytes.
   */
  x509(): Certificate
  /**
   * One line for people: kind, first names, issuer, dates, log and index. At most 400 characters, of which none makes a terminal do or
   * show something else. The form may change; programs read {@link toJSON}.
   */
  toString(): string
  /** A plain record for JSON, a new one each time; the same for the same entry, except for `problems` that `chain()` or `verifyScts()` found. */
  toJSON(): CertificateJson
  /**
   * The message a CertStream server sends, a new one each time: `full` (default); `lite`, without chain and DER; `domains`, only names.
   * The chain of a static-ct entry is in it once `chain()` was awaited. Of an unparsable entry it is an `X509LogEntry` of nulls.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` for any other form.
   */
  toCertStream(form: 'domains'): CertStreamDomains
  toCertStream(form?: 'full' | 'lite'): CertStreamUpdate
  toCertStream(form?: CertStreamForm): CertStreamMessage
}

/** A {@link Name} in JSON: the same properties, `null` where there is none of a type. */
export interface NameJson {
  /** RFC 4514; `""` for an empty name. */
  readonly text: string
  /** First `CN`. */
  readonly commonName: string | null
  /** First `O`. */
  readonly organization: string | null
  /** First `OU`. */
  readonly organizationalUnit: string | null
  /** First `C`. */
  readonly country: string | null
  /** First `ST`. */
  readonly stateOrProvince: string | null
  /** First `L`. */
  readonly locality: string | null
  /** First pkcs-9 `emailAddress`. */
  readonly emailAddress: string | null
  /** Every attribute in the order of the certificate; `[]` for an empty name. */
  readonly attributes: readonly {
    /** Dotted decimal. */
    readonly oid: string
    /** Short name; `null` where there is no customary one. */
    readonly name: string | null
    /** Text, or `#` and hexadecimal DER. */
    readonly value: string
  }[]
}

/**
 * What `JSON.stringify(certificate)` gives. Keys are always all there, in this order, `null` or `[]` where there is no value;
 * keys may be added in a minor version, never removed or changed. Dates are ISO 8601 in UTC with milliseconds, hashes lower-case
 * hex, log ids base64. The DER is not in it: add `der: Buffer.from(cert.der).toString('base64')` where it is wanted.
 */
export interface CertificateJson {
  /** {@link CtCertificate.kind}. */
  readonly kind: CertificateKind
  /** {@link CtCertificate.log}: `id`, `description`, `operator`, `kind`, `url`. */
  readonly log: LogInfo
  /** {@link CtCertificate.index}. */
  readonly index: number
  /** {@link CtCertificate.timestamp}, ISO 8601; `null` when unreadable. */
  readonly timestamp: string | null
  /** {@link CtCertificate.leafHash}, 64 hex digits. */
  readonly leafHash: string
  /** {@link CtCertificate.historical}. */
  readonly historical: boolean
  /** {@link CtCertificate.verified}. */
  readonly verified: boolean
  /** {@link CtCertificate.cursor}. */
  readonly cursor: string
  /** {@link CtCertificate.sha256}, 64 hex digits; `null` without DER. */
  readonly sha256: string | null
  /** {@link CtCertificate.sha1}, 40 hex digits; `null` without DER. */
  readonly sha1: string | null
  /** {@link CtCertificate.issuanceId}, 64 hex digits; `null` when unparsable. */
  readonly issuanceId: string | null
  /** {@link CtCertificate.issuerKeyHash}, 64 hex digits; `null` except for precertificates. */
  readonly issuerKeyHash: string | null
  /** {@link CtCertificate.serialNumber}, hex; `null` when unreadable. */
  readonly serialNumber: string | null
  /** {@link CtCertificate.subject}. */
  readonly subject: NameJson
  /** {@link CtCertificate.issuer}. */
  readonly issuer: NameJson
  /** {@link CtCertificate.notBefore}, ISO 8601; `null` when it is not a date. */
  readonly notBefore: string | null
  /** {@link CtCertificate.notAfter}, ISO 8601; `null` when it is not a date. */
  readonly notAfter: string | null
  /** {@link CtCertificate.dnsNames}. */
  readonly dnsNames: readonly string[]
  /** {@link CtCertificate.ipAddresses}. */
  readonly ipAddresses: readonly string[]
  /** {@link CtCertificate.emailAddresses}. */
  readonly emailAddresses: readonly string[]
  /** {@link CtCertificate.uris}. */
  readonly uris: readonly string[]
  /** {@link CtCertificate.altNames}. */
  readonly altNames: readonly {
    /** Which alternative of GeneralName. */
    readonly kind: GeneralName['kind']
    /** As in {@link GeneralName}. */
    readonly value: string
  }[]
  /** {@link CtCertificate.publicKey}, without its bytes; `null` when unreadable. */
  readonly publicKey: {
    /** Name of the algorithm, or its OID. */
    readonly algorithm: string
    /** Dotted decimal. */
    readonly oid: string
    /** `null` when unknown. */
    readonly bits: number | null
    /** `null` when it is no EC key. */
    readonly curve: string | null
    /** 64 hex digits. */
    readonly spkiSha256: string
  } | null
  /** {@link CtCertificate.signatureAlgorithm}; `null` when unreadable. */
  readonly signatureAlgorithm: {
    /** Dotted decimal. */
    readonly oid: string
    /** `null` when unknown. */
    readonly name: string | null
  } | null
  /** {@link CtCertificate.keyUsage}; `null` when absent. */
  readonly keyUsage: readonly KeyUsageName[] | null
  /** {@link CtCertificate.extendedKeyUsage}; `null` when absent. */
  readonly extendedKeyUsage:
    | readonly {
        /** Dotted decimal. */
        readonly oid: string
        /** `null` when unknown. */
        readonly name: string | null
      }[]
    | null
  /** {@link CtCertificate.basicConstraints}; `null` when absent. */
  readonly basicConstraints: {
    /** `cA`. */
    readonly ca: boolean
    /** `pathLenConstraint`; `null` when absent. */
    readonly pathLength: number | null
  } | null
  /** {@link CtCertificate.subjectKeyId}, hex; `null` when absent. */
  readonly subjectKeyId: string | null
  /** {@link CtCertificate.authorityKeyId}, hex; `null` when absent. */
  readonly authorityKeyId: string | null
  /** {@link CtCertificate.ocspUrls}. */
  readonly ocspUrls: readonly string[]
  /** {@link CtCertificate.caIssuerUrls}. */
  readonly caIssuerUrls: readonly string[]
  /** {@link CtCertificate.crlUrls}. */
  readonly crlUrls: readonly string[]
  /** {@link CtCertificate.policies}. */
  readonly policies: readonly {
    /** Dotted decimal. */
    readonly oid: string
    /** `null` when unknown. */
    readonly name: string | null
    /** CPS pointers, in order. */
    readonly cpsUris: readonly string[]
  }[]
  /** {@link CtCertificate.validation}; `null` when none is claimed. */
  readonly validation: ValidationLevel | null
  /** {@link CtCertificate.scts}, by log and time. */
  readonly scts: readonly {
    /** Base64. */
    readonly logId: string
    /** ISO 8601. */
    readonly timestamp: string
  }[]
  /** {@link CtCertificate.isCa}. */
  readonly isCa: boolean
  /** {@link CtCertificate.isSelfIssued}. */
  readonly isSelfIssued: boolean
  /** {@link CtCertificate.problems}. */
  readonly problems: readonly Problem[]
  /** Base64 of the leaf of an `unparsable` entry, so that nothing is lost; `null` for all others. */
  readonly leafInput: string | null
}
