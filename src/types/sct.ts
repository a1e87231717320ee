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
 * was given for the log), `unverifiable` (the issuer's key or the certificate is not available, also where the chain is another
 * certificate's; the log's key is not usable; or it comes after 100 others, more than any honest certificate has).
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
