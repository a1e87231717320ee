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
  /** Which protocol it speaks. */
  readonly kind: LogKind
  /** Where entries are read: the RFC 6962 base URL or the static-ct monitoring prefix; always ends in `/`. */
  readonly url: string
}

/**
 * What a log is doing.
 *
 * - `opening`: its first head has not been read yet
 * - `live`: everything its newest head covers has been read
 * - `catching-up`: there is more to read
 * - `waiting`: its last requests failed, or what it served contradicts what it signed and nobody knows yet whose fault that is; it
 *   is tried again
 * - `finished`: it reached the `end`
 * - `misbehaving`: it signed two trees that cannot both be its own, or served for minutes what does not agree with what it signed;
 *   the evidence is stored, and it is tried again every minute or so; with `onMisbehaviour: 'continue-unverified'` it is read on
 * - `failed`: given up, which happens in a stream with an `end`, and to a log that left the lists and could not be read for a day;
 *   the missing entries are recorded as a gap
 */
export type LogState = 'opening' | 'live' | 'catching-up' | 'waiting' | 'finished' | 'misbehaving' | 'failed'

/** What a stream with an `end` still waits for of a log of which it has read all there is. */
export type AwaitedEnd =
  /** A head signed at `signedAt` (epoch milliseconds) or later: only that shows that no entry from before the `end` is to come. */
  | { readonly kind: 'head'; readonly signedAt: number }
  /** The entry of this index, the last before the `end`. */
  | { readonly kind: 'entry'; readonly index: number }

/** A log named by hand, without any log list. */
export type LogSpec = Rfc6962LogSpec | StaticCtLogSpec

/** What is said by hand of a log of either kind. */
interface LogSpecBase {
  /** Base64 SubjectPublicKeyInfo (DER) of the log's key; the log id is its SHA-256. */
  readonly key: string
  /** Name for people. Default: its URL. */
  readonly description?: string
  /** Who runs it: requests of one operator take turns. Default: the host of its URL. */
  readonly operator?: string
  /**
   * Maximum merge delay in seconds, 1 to 31,622,400: a log whose newest head is older is reported (`CT_HEAD_STALE`). Default
   * 86400 for RFC 6962, 60 for static-ct.
   */
  readonly mmd?: number
}

/** An RFC 6962 log, given by hand. */
export interface Rfc6962LogSpec extends LogSpecBase {
  readonly kind: 'rfc6962'
  /** Base URL: `<url>/ct/v1/get-sth` is its head. */
  readonly url: string
  /** Prefix under which the log also serves static-ct data tiles (`<tiles>tile/data/…`), read instead of `get-entries`. */
  readonly tiles?: string
}

/** A static-ct log, given by hand. */
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

/**
 * A signature line of a static-ct checkpoint that is not the log's own: usually a witness's, who saw this tree and found it
 * to follow from the one before (C2SP tlog-cosignature). Nothing of it is verified, and anybody between the log and you can add
 * such lines: see `isCosignedBy`. Logs send garbage among them on purpose.
 */
export type Cosignature = TimestampedCosignature | UnknownCosignature

/** A line of a checkpoint: who signed it, and what. */
interface CosignatureLine {
  /** Name of the key, without spaces and `+`, such as `witness.example/w1`. */
  readonly name: string
  /** 4 bytes that tell keys of one name apart: the start of SHA-256(name || 0x0A || type || key). */
  readonly keyId: Uint8Array
  /** Everything the line holds behind the key id, as received. */
  readonly raw: Uint8Array
  /** The text of the checkpoint with its last newline: what a plain note signature signs (C2SP signed-note). */
  readonly text: string
}

/** A line that has the shape of a `cosignature/v1`. */
export interface TimestampedCosignature extends CosignatureLine {
  readonly kind: 'cosignature/v1'
  /** When the witness signed it, epoch milliseconds (whole seconds). */
  readonly timestamp: number
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array
  /** What it signs: `cosignature/v1`, the time and `text`. For `crypto.verify(null, message, key, signature)`. */
  readonly message: Uint8Array
}

/** Any other line: another kind of signature (ML-DSA-44, a log's second key), or garbage. */
export interface UnknownCosignature extends CosignatureLine {
  readonly kind: 'unknown'
}
