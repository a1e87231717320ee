import type { CtStreamError } from '../errors.js'
import type { CtCertificate } from './certificate.js'
import type { Clock } from './clock.js'
import type { LogInfo, SignedHead } from './log.js'
import type { RequestDispatcher } from './stream-options.js'

/** How `getEntry()` and `probeLog()` ask a log; all optional. */
export interface LookupOptions {
  /** E-mail address or https URL put in the User-Agent. */
  readonly contact?: string
  /** An undici `Dispatcher` to send requests through. Excludes `fetch`. Default: connections of its own, closed at the end. */
  readonly dispatcher?: RequestDispatcher
  /** A WHATWG `fetch` to send requests through. Excludes `dispatcher`. */
  readonly fetch?: typeof globalThis.fetch
  /** Accept `http:` URLs of hosts other than loopback. Default `false`. */
  readonly allowHttp?: boolean
  /** Gives up; the promise rejects with `signal.reason`. */
  readonly signal?: AbortSignal
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/** An entry of a log, and what proves that it is in it. */
export interface ProvenCertificate {
  /**
   * The entry. Its `chain()` is at hand where it could be fetched along; `cursor` is that of a stream of this log alone, after the entry.
   */
  readonly certificate: CtCertificate
  /** The newest head of the log, its signature verified. */
  readonly head: SignedHead
  /** The inclusion proof from `certificate.leafHash` to the root of the head, verified: 32 bytes each, leaf level first. */
  readonly auditPath: readonly Uint8Array[]
}

/** What asking a log for its head came to. */
export interface LogProbe {
  /** The log that was asked. */
  readonly log: LogInfo
  /** Its newest head, the signature verified. */
  readonly head: SignedHead
  /**
   * The age that the head may have: the log's maximum merge delay in milliseconds. `undefined` for a log that takes no more entries and
   * need not sign new heads.
   */
  readonly mmdMs: number | undefined
  /** What is wrong with the time of the head: `CT_HEAD_STALE` (older than `mmdMs`), `CT_HEAD_FUTURE`. */
  readonly problem: CtStreamError | undefined
}

/** What `decodeCertificate()` takes beside the certificate. */
export interface DecodeOptions {
  /**
   * The issuers, nearest first, DER: what `chain()` gives, and what `verifyScts()` needs. Default: the certificates that follow the first
   * one in PEM text, else none.
   */
  readonly chain?: readonly Uint8Array[]
}
