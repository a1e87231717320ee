import type { KeyUsageName, ValidationLevel } from './certificate-fields.js'
import type { CertificateKind } from './certificate-kind.js'
import type { LogInfo } from './log.js'
import type { GeneralName } from './name.js'
import type { Problem } from './problem.js'

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
