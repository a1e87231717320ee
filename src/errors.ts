/**
 * Every code a {@link CtStreamError} can carry.
 *
 * | code | when | retryable |
 * |---|---|---|
 * | `CT_OPTION_INVALID` | an option has the wrong type, is out of its bound, or is unknown; thrown at once | no |
 * | `CT_HTTP_STATUS` | a server answered with a status other than 200 (redirects included: none is followed) | by status |
 * | `CT_HTTP_TIMEOUT` | connecting, the headers or the body took too long | yes |
 * | `CT_HTTP_NETWORK` | the connection failed or was cut | yes |
 * | `CT_ADDRESS_REFUSED` | a log of a fetched list is at a private address, or on another port than 443: no connection is made | no |
 * | `CT_RESPONSE_TOO_LARGE` | a body, or what it unpacks to, is larger than its bound | yes |
 * | `CT_RESPONSE_MALFORMED` | a body that is HTML, cut short, empty, not JSON, not base64, or not the expected structure | yes |
 * | `CT_HEAD_SIGNATURE` | a tree head whose signature does not verify with the log's key | yes |
 * | `CT_KEY_MISMATCH` | no head of a log has ever verified with the key it was given: most likely a wrong key, in `logs[].key` or `--key` | no |
 * | `CT_HEAD_CONFLICT` | two signed heads of one log that cannot both be true | no |
 * | `CT_HEAD_ROLLBACK` | a log signed a smaller tree than one it signed before, at a later time: it has lost entries | no |
 * | `CT_HEAD_UNSERVED` | a log signed a tree and does not serve what is in it; reading goes on by its other heads. Misbehaviour when it lasts for six hours beyond the merge delay | yes |
 * | `CT_HEAD_STALE` | a log's newest head is older than its maximum merge delay allows, or smaller than one before and stays so; reading goes on | yes |
 * | `CT_HEAD_FUTURE` | a head signed more than five minutes ahead of this machine's clock; it is used all the same | yes |
 * | `CT_CONSISTENCY` | a consistency proof that does not verify | yes |
 * | `CT_INCLUSION` | an inclusion proof that does not verify | yes |
 * | `CT_ROOT_MISMATCH` | entries that do not hash to the signed root | yes |
 * | `CT_LEAF_MALFORMED` | a Merkle leaf or its extra data that does not have the structure of the standard | no |
 * | `CT_DER_MALFORMED` | bytes that are not DER, or not of the expected structure | no |
 * | `CT_LIST_INVALID` | a log list that cannot be fetched, cannot be read, or is implausible | yes |
 * | `CT_LIST_SIGNATURE` | a log list whose detached signature does not verify | yes |
 * | `CT_CHECKPOINT_CONFLICT` | another process, or another stream of this process, has the checkpoint file open, or took it over | no |
 * | `CT_CHECKPOINT_VERSION` | the checkpoint file was made by a newer version | no |
 * | `CT_CHECKPOINT_UNUSABLE` | the checkpoint file is damaged, not one of ours, was deleted while it was open, or cannot be written; a store returned a row that is not as it was committed | when the disk was full or busy |
 * | `CT_CURSOR_INVALID` | a cursor that this library did not make, that names none of the stream's logs, or that is ahead of its log's newest head (an event `error`; the stream waits for the log) | when ahead |
 * | `CT_WATCHLIST_INVALID` | a watchlist with a line that is no name, word or pattern (with file and line), with too many lines, or that is a web page | no |
 * | `CT_READER_BUSY` | a second reader of one stream | no |
 * | `CT_UNACKNOWLEDGED` | nothing more can be fetched before the caller acknowledges what was delivered | yes |
 * | `CT_INCOMPLETE` | a stream with an end that finished without some of its entries, which are recorded as gaps, or whose selection fits no log | no |
 * | `CT_EVIDENCE_INVALID` | a file that cannot be read as evidence: something else, damaged, of another version, or too large | no |
 * | `CT_PEER_MISSING` | a package that is needed is not installed, cannot be loaded, or would crash this runtime | no |
 * | `CT_MODULE_INVALID` | a module that cannot be found or loaded, a file that is no module, or a module that uses its source in a way that would lose entries | no |
 * | `CT_MODULE_FAILED` | a module could not be set up, or failed and its error policy ends the run; `cause` is what it threw | no |
 * | `CT_MODULE_TIMEOUT` | a module took longer than its limit | yes |
 * | `CT_OUTPUT_FAILED` | the target of an output did not accept a finding or report | by cause |
 * | `CT_CACHE_UNUSABLE` | a saved certificate cache, or a server's file of kept entries, is damaged, was made by a newer version, cannot be read or written, or is in use by another server | no |
 * | `CT_LEASE_LOST` | this member's lease ran out, or another member of the cluster took the shard over: what it wrote since then was not kept | no |
 * | `CT_SINK_FAILED` | the engine behind a sink cannot be reached, is too old, or did not accept a write | by cause |
 * | `CT_SINK_ROLLED_BACK` | the engine behind a sink has lost entries that it acknowledged (a backup was restored): open the sink again to continue from what the engine has | no |
 * | `CT_CLOSED` | used after `close()` | no |
 */
export type CtErrorCode =
  | 'CT_OPTION_INVALID'
  | 'CT_HTTP_STATUS'
  | 'CT_HTTP_TIMEOUT'
  | 'CT_HTTP_NETWORK'
  | 'CT_ADDRESS_REFUSED'
  | 'CT_RESPONSE_TOO_LARGE'
  | 'CT_RESPONSE_MALFORMED'
  | 'CT_HEAD_SIGNATURE'
  | 'CT_KEY_MISMATCH'
  | 'CT_HEAD_CONFLICT'
  | 'CT_HEAD_ROLLBACK'
  | 'CT_HEAD_STALE'
  | 'CT_HEAD_UNSERVED'
  | 'CT_HEAD_FUTURE'
  | 'CT_CONSISTENCY'
  | 'CT_INCLUSION'
  | 'CT_ROOT_MISMATCH'
  | 'CT_LEAF_MALFORMED'
  | 'CT_DER_MALFORMED'
  | 'CT_LIST_INVALID'
  | 'CT_LIST_SIGNATURE'
  | 'CT_CHECKPOINT_CONFLICT'
  | 'CT_CHECKPOINT_VERSION'
  | 'CT_CHECKPOINT_UNUSABLE'
  | 'CT_CURSOR_INVALID'
  | 'CT_WATCHLIST_INVALID'
  | 'CT_READER_BUSY'
  | 'CT_UNACKNOWLEDGED'
  | 'CT_INCOMPLETE'
  | 'CT_EVIDENCE_INVALID'
  | 'CT_PEER_MISSING'
  | 'CT_MODULE_INVALID'
  | 'CT_MODULE_FAILED'
  | 'CT_MODULE_TIMEOUT'
  | 'CT_OUTPUT_FAILED'
  | 'CT_CACHE_UNUSABLE'
  | 'CT_LEASE_LOST'
  | 'CT_SINK_FAILED'
  | 'CT_SINK_ROLLED_BACK'
  | 'CT_CLOSED'

/** Context of an error; all fields are optional, and JSON-serializable except `cause`. */
export interface CtErrorContext {
  /** The error or value that led to this one. */
  readonly cause?: unknown
  /** Whether the same call may succeed later. Default `false`. */
  readonly retryable?: boolean
  /** Base64 log id. */
  readonly logId?: string
  /** URL of the request. */
  readonly url?: string
  /** HTTP status of the answer. */
  readonly status?: number
  /** Milliseconds the server asked to wait (Retry-After). */
  readonly retryAfterMs?: number
  /** Zero-based entry index, or byte offset where the message says so. */
  readonly index?: number
  /** What should have been there: a number, or hashes and ids as text. */
  readonly expected?: string | number
  /** What was found instead of {@link CtErrorContext.expected}. */
  readonly actual?: string | number
}

const brand = Symbol.for('ct-stream.error')

/**
 * The only error class of this library.
 *
 * Bytes that come from a log never surface as a `SyntaxError`, `RangeError` or `TypeError`: they are wrapped where they
 * are read, with the original as `cause`. Use {@link CtStreamError.is} instead of `instanceof`: it also knows errors of
 * another copy of the package.
 */
export class CtStreamError extends Error {
  /** What went wrong, for programs; the meaning of a code never changes. */
  readonly code: CtErrorCode
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** Base64 id of the log concerned; `undefined` when no single log is. */
  readonly logId?: string
  /** URL of the request; `undefined` when there was none. */
  readonly url?: string
  /** HTTP status of the answer; `undefined` without one. */
  readonly status?: number
  /** Milliseconds the server asked to wait (Retry-After); `undefined` when it did not. */
  readonly retryAfterMs?: number
  /** Zero-based entry index, or byte offset where the message says so; `undefined` when no single one is concerned. */
  readonly index?: number
  /** What should have been there; `undefined` where nothing was compared. */
  readonly expected?: string | number
  /** What was found instead of {@link CtStreamError.expected}; `undefined` where nothing was compared. */
  readonly actual?: string | number

  constructor(code: CtErrorCode, message: string, context: CtErrorContext = {}) {
    const { cause, retryable = false, ...fields } = context
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'CtStreamError'
    this.code = code
    this.retryable = retryable
    Object.assign(this, fields)
    Object.defineProperty(this, brand, { value: true })
  }

  /** Whether `value` is a `CtStreamError`, of this copy of the package or another. */
  static is(value: unknown): value is CtStreamError {
    return typeof value === 'object' && value !== null && brand in value
  }

  /** A plain record for logs and JSON: code, message, context, and the message of the cause. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, retryable } = this
    const cause = this.cause instanceof Error ? `${this.cause.name}: ${this.cause.message}` : undefined
    return { name, code, message, retryable, ...this.context(), ...(cause === undefined ? {} : { cause }) }
  }

  private context(): Record<string, unknown> {
    const fields = ['logId', 'url', 'status', 'retryAfterMs', 'index', 'expected', 'actual'] as const
    return Object.fromEntries(fields.filter((f) => this[f] !== undefined).map((f) => [f, this[f]]))
  }
}
