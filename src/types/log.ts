/** The two protocols a public log can speak: RFC 6962 (`get-sth`, `get-entries`) and C2SP static-ct-api (tiles). */
export type LogKind = 'rfc6962' | 'static-ct'

/** What every certificate says of the log it was read from. */
export interface LogInfo {
  /** Base64 of SHA-256 over the log's SubjectPublicKeyInfo, 44 characters (RFC 6962 section 3.2). */
  readonly id: string
  /** Free text of the log list; the URL when there is none. */
  readonly description: string
  /** Operator's name in the log list; the host name when there is none. */
  readonly operator: string
  readonly kind: LogKind
  /** Where entries are read: the RFC 6962 base URL or the static-ct monitoring prefix; always ends in `/`. */
  readonly url: string
}

/** A log named by hand, without any log list. */
export type LogSpec = Rfc6962LogSpec | StaticCtLogSpec

interface LogSpecBase {
  /** Base64 SubjectPublicKeyInfo (DER) of the log's key; the log id is its SHA-256. */
  readonly key: string
  readonly description?: string
  readonly operator?: string
  /** Maximum merge delay in seconds. Default 86400 for RFC 6962, 60 for static-ct. */
  readonly mmd?: number
}

export interface Rfc6962LogSpec extends LogSpecBase {
  readonly kind: 'rfc6962'
  /** Base URL: `<url>/ct/v1/get-sth` is its head. */
  readonly url: string
  /** Prefix under which the log also serves static-ct data tiles (`<tiles>tile/data/…`), read instead of `get-entries`. */
  readonly tiles?: string
}

export interface StaticCtLogSpec extends LogSpecBase {
  readonly kind: 'static-ct'
  /** Everything is read below it: `<monitoringUrl>checkpoint`, `<monitoringUrl>tile/…`. */
  readonly monitoringUrl: string
  /** Without scheme and trailing slash, it is the origin line of the log's checkpoints. */
  readonly submissionUrl: string
}

/** A tree head a log signed, RFC 6962 section 3.5 (the same statement in a static-ct checkpoint). */
export interface SignedHead {
  /** Number of entries; safe integer. */
  readonly treeSize: number
  /** Epoch milliseconds. */
  readonly timestamp: number
  /** Merkle Tree Hash, 32 bytes. */
  readonly rootHash: Uint8Array
  /** `DigitallySigned` as received: hash and signature algorithm bytes, u16 length, signature. */
  readonly signature: Uint8Array
}
