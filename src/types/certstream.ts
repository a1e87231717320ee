/** What a CertStream server sends: at `/full-stream`, at `/`, and at `/domains-only`. */
export type CertStreamForm = 'full' | 'lite' | 'domains'

/** A distinguished name as CertStream servers write it: several values of a type are joined by `,`; `null` when there is none. */
export interface CertStreamName {
  /** Country. */
  readonly C: string | null
  /** Common name. */
  readonly CN: string | null
  /** Locality. */
  readonly L: string | null
  /** Organization. */
  readonly O: string | null
  /** Organizational unit. */
  readonly OU: string | null
  /** State or province. */
  readonly ST: string | null
  /** `/C=…/CN=…/L=…/O=…/OU=…/ST=…`, those that are there; `""` when none is. */
  readonly aggregated: string
  /** As certstream-server-go has it. */
  readonly email_address: string | null
  /** The same as `email_address`, as the Elixir server has it. */
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
  /** `Full Name:\n URI:…`, a newline between several. */
  crlDistributionPoints?: string
  /** Base64url of the extension's value. */
  ctlSignedCertificateTimestamp?: string
  /** `serverAuth, clientAuth`; an OID where there is no name. */
  extendedKeyUsage?: string
  /** `Digital Signature, Key Encipherment`. */
  keyUsage?: string
  /** `DNS:…, email:…, IP Address:…, URI:…`; other kinds of name are left out. */
  subjectAltName?: string
  /** `keyid:` and lower-case hex with colons. */
  subjectKeyIdentifier?: string
  /** Present, `true`, in precertificates. */
  ctlPoisonByte?: boolean
}

/** A certificate as CertStream servers write it. Values that are not there are `null`. */
export interface CertStreamCertificate {
  /** `CtCertificate.dnsNames`; `[]` when there are none. */
  readonly all_domains: readonly string[]
  /** Base64 DER, `null` when the log did not send it; no such key in `lite` messages. */
  readonly as_der?: string | null
  /** `{}` when there are none. */
  readonly extensions: CertStreamExtensions
  /** SHA-1 of the DER, upper-case hex with colons; `null` without DER. */
  readonly fingerprint: string | null
  /** The same as `fingerprint`. */
  readonly sha1: string | null
  /** SHA-256 of the DER, upper-case hex with colons; `null` without DER. */
  readonly sha256: string | null
  /** Epoch seconds, an integer; `null` when it is not a date. */
  readonly not_after: number | null
  /** Epoch seconds, an integer; `null` when it is not a date. */
  readonly not_before: number | null
  /** Upper-case hex of the number, an even number of digits, `-` before it when it is negative; `null` when unreadable. */
  readonly serial_number: string | null
  /** `sha256, rsa`, `ecdsa, sha384`, `rsa-pss`, `ed25519` …, `unknown`. */
  readonly signature_algorithm: string
  /** Whom the certificate is for. */
  readonly subject: CertStreamName
  /** Who issued it. */
  readonly issuer: CertStreamName
  /** Whether BasicConstraints say `cA`. */
  readonly is_ca: boolean
}

/** CertStream's `certificate_update`: the keys of certstream-server-go, with `null` where it leaves something out. */
export interface CertStreamUpdate {
  /** What tells it from `dns_entries` and a server's `heartbeat`. */
  readonly message_type: 'certificate_update'
  /** The entry. */
  readonly data: {
    /** The entry's kind; an unparsable entry is an `X509LogEntry`. */
    readonly update_type: 'X509LogEntry' | 'PrecertLogEntry'
    /** The certificate, or a precertificate's TBSCertificate; hashes and DER are those of `der`. */
    readonly leaf_cert: CertStreamCertificate
    /** Issuers, nearest first, `[]` when none is at hand; no such key in `lite` messages. */
    readonly chain?: readonly CertStreamCertificate[]
    /** Zero-based position in the log. */
    readonly cert_index: number
    /** The `get-entries` URL; empty for static-ct logs. */
    readonly cert_link: string
    /** Epoch seconds with a fraction: when the entry was received; where nobody says, the log's timestamp, or 0. */
    readonly seen: number
    /** Epoch seconds with a fraction: the log's timestamp; `null` when unreadable. */
    readonly submission_timestamp: number | null
    /** The log. */
    readonly source: {
      /** As in `LogInfo.url`. */
      readonly url: string
      /** As in `LogInfo.description`. */
      readonly name: string
      /** The same as `submission_timestamp`. */
      readonly timestamp: number | null
      /** `tiled`: a static-ct log. */
      readonly type: 'rfc6962' | 'tiled'
    }
  }
}

/** CertStream's `dns_entries`. */
export interface CertStreamDomains {
  /** What tells it from `certificate_update`. */
  readonly message_type: 'dns_entries'
  /** `CtCertificate.dnsNames`; `[]` when there are none. */
  readonly data: readonly string[]
}

/** Either message; `message_type` tells which. */
export type CertStreamMessage = CertStreamUpdate | CertStreamDomains
