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
