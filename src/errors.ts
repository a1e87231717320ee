/**
 * Every code a {@link CtStreamError} can carry.
 *
 * | code | when | retryable |
 * |---|---|---|
 * | `CT_OPTION_INVALID` | an option has the wrong type, is out of its bound, or is unknown; thrown at once | no |
 * | `CT_HTTP_STATUS` | a log answered with a status other than 200 (redirects included: none is followed) | by status |
 * | `CT_HTTP_TIMEOUT` | connecting, the headers or the body took too long | yes |
 * | `CT_HTTP_NETWORK` | the connection failed or was cut | yes |
 * | `CT_ADDRESS_REFUSED` | a log of a fetched list is at a private address, or on another port than 443: it is not connected to | no |
 * | `CT_RESPONSE_TOO_LARGE` | a body, or what it unpacks to, passes the bound | yes |
 * | `CT_RESPONSE_MALFORMED` | a body that is HTML, cut short, empty, not JSON, not base64, not the promised structure | yes |
 * | `CT_HEAD_SIGNATURE` | a tree head whose signature does not verify with the log's key | yes |
 * | `CT_KEY_MISMATCH` | no head of a log has ever verified with the key it was given: most likely a wrong key, in `logs[].key` or `--key` | no |
 * | `CT_HEAD_CONFLICT` | two signed heads of one log that cannot both be true | no |
 * | `CT_HEAD_ROLLBACK` | a log signed a smaller tree than one it signed before, at a later time: it has lost entries | no |
 * | `CT_HEAD_UNSERVED` | a log signed a tree and does not serve what is in it; reading goes on by its other heads. Misbehaviour when it lasts for six hours beyond the merge delay | yes |
 * | `CT_HEAD_STALE` | a log's newest head is older than its maximum merge delay allows, or smaller than one before and stays so; reading goes on | yes |
 * | `CT_HEAD_FUTURE` | a head signed more than five minutes ahead of this machine's clock; it is used all the same | yes |
 * | `CT_CONSISTENCY` | a consistency proof that does not prove | yes |
 * | `CT_INCLUSION` | an inclusion proof that does not prove | yes |
 * | `CT_ROOT_MISMATCH` | entries that do not hash to the signed root | yes |
 * | `CT_LEAF_MALFORMED` | a Merkle leaf or its extra data that is not the structure of the standard | no |
 * | `CT_DER_MALFORMED` | bytes that are not the DER they should be | no |
 * | `CT_LIST_INVALID` | a log list that cannot be read or believed | yes |
 * | `CT_LIST_SIGNATURE` | a log list whose detached signature does not verify | yes |
 * | `CT_CHECKPOINT_CONFLICT` | another process, or another stream of this one, has the checkpoint file open, or took it over | no |
 * | `CT_CHECKPOINT_VERSION` | the checkpoint file was made by a newer version | no |
 * | `CT_CHECKPOINT_UNUSABLE` | the checkpoint file is damaged, not one of ours, was deleted while it was open, or cannot be written; a store returned a row that is not as it was committed | when the disk was full or busy |
 * | `CT_CURSOR_INVALID` | a cursor that this library did not make, that names none of the stream's logs, or that is ahead of what its log shows (reported, and waited for) | when ahead |
 * | `CT_WATCHLIST_INVALID` | a line of a list of names, words or patterns that is none of these, with file and line; a page that is no list; too many lines | no |
 * | `CT_READER_BUSY` | a second reader of one stream | no |
 * | `CT_UNACKNOWLEDGED` | nothing more can be fetched before the caller acknowledges what was delivered | yes |
 * | `CT_INCOMPLETE` | a stream with an end that finished without some of its entries; they are named as gaps | no |
 * | `CT_EVIDENCE_INVALID` | a document of evidence that cannot be read: not one, damaged in its shape, of another version, or too large | no |
 * | `CT_PEER_MISSING` | a package that is needed is not installed, cannot be loaded, or would crash this runtime | no |
 * | `CT_MODULE_INVALID` | a module that cannot be found or loaded, or is none | no |
 * | `CT_MODULE_FAILED` | a module failed where its error policy ends the run, or could not be set up; `cause` is what it threw | no |
 * | `CT_MODULE_TIMEOUT` | a module took longer than it may | yes |
 * | `CT_OUTPUT_FAILED` | the target of an output did not take what it was given | by cause |
 * | `CT_CACHE_UNUSABLE` | a saved certificate cache, or a server's file of kept entries, that is damaged, or made by a newer version, or cannot be read or written; the file is in use by another server | no |
 * | `CT_LEASE_LOST` | another member of the cluster has taken over what this one wrote for, or its lease ran out: what it wrote since was not kept | no |
 * | `CT_SINK_FAILED` | the engine behind a sink cannot be reached, is too old, or did not take what it was given | by cause |
 * | `CT_SINK_ROLLED_BACK` | the engine behind a sink has less than it acknowledged (a backup was restored): open it again, and reading goes on from what it has | no |
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

/** What an error says beside its message; every field is optional and JSON-serializable but `cause`. */
export interface CtErrorContext {
  /** The error or value that led to this one. */
  readonly cause?: unknown
  /** Whether the same call may succeed later. Default `false`. */
  readonly retryable?: boolean
  /** Base64 log id. */
  readonly logId?: string
  /** What was asked for. */
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
  /** What went wrong, for programs; never changes its meaning. */
  readonly code: CtErrorCode
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** Base64 id of the log it is about; `undefined` where it is about none. */
  readonly logId?: string
  /** What was asked for; `undefined` where nothing was. */
  readonly url?: string
  /** HTTP status of the answer; `undefined` without one. */
  readonly status?: number
  /** Milliseconds the server asked to wait (Retry-After); `undefined` when it did not. */
  readonly retryAfterMs?: number
  /** Zero-based entry index, or byte offset where the message says so; `undefined` where it is about no single one. */
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
