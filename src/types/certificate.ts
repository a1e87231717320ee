import type { Certificate } from '@peculiar/asn1-x509'
import type {
  BasicConstraints,
  CertificatePolicy,
  ExtendedKeyUsage,
  Extension,
  KeyUsageName,
  PublicKeyInfo,
  SignatureAlgorithm,
  ValidationLevel,
} from './certificate-fields.js'
import type { CertificateJson } from './certificate-json.js'
import type { CertificateKind } from './certificate-kind.js'
import type { CertStreamDomains, CertStreamForm, CertStreamMessage, CertStreamUpdate } from './certstream.js'
import type { LogInfo } from './log.js'
import type { GeneralName, Name } from './name.js'
import type { Problem } from './problem.js'
import type { LogKeys, Sct, SctVerification } from './sct.js'

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
   * an entry. Logs that the stream's own `resume` names and that are not opened yet, or not read, stay in it where they were.
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
   * of a final certificate. Of logs whose keys are given it verifies the first 100, and lets the event loop run in between; the others are
   * `unverifiable`. Never rejects for what the bytes or the log's answers hold.
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
