import { CtStreamError } from '../errors.js'
import { cutText, harmless } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import type { SearchAddress } from './address.js'

/** What a server says is wrong: with a request, or with one document of it. */
export interface SearchFault {
  readonly type?: string
  readonly reason?: string
  readonly caused_by?: { readonly reason?: string }
}

/**
 * How faults of a cluster begin (`type: reason`), what to do, and whether it may pass. Where none is known, the status says whether it
 * may. From the beginning: further on, a reason may quote a document.
 */
const FAULTS: readonly (readonly [RegExp, string, boolean])[] = [
  [/^cluster_block_exception:/, 'the index is blocked: is the disk of a server full?', true],
  [
    /^(?:(?:es|opensearch)_rejected_execution_exception|circuit_breaking_exception):/,
    'the server has too much to do',
    true,
  ],
  [/^unavailable_shards_exception:/, 'the index lacks its primary shard', true],
  [
    /^index_not_found_exception:/,
    'the index is missing and may not be made: allow it in action.auto_create_index',
    false,
  ],
  // These have the status that a document has which is wrong, 400.
  [
    /^(?:validation|illegal_argument)_exception: Validation Failed: 1: this action would add /,
    'the index cannot be made, for the cluster may have no more shards: raise cluster.max_shards_per_node, or delete indexes',
    true,
  ],
  [/^index_closed_exception:/, 'the index is closed: open it', true],
  [
    /^illegal_argument_exception: pipeline with id \[/,
    'the ingest pipeline of the index is missing: make it, or take it out of the settings',
    true,
  ],
]

/**
 * How faults begin that are of a document, whatever becomes of others. A mapping that cannot be parsed is of the index: it cannot be
 * made.
 */
const OF_DOCUMENT =
  /^(?:(?:mapper|document)_parsing_exception: (?!failed to parse mapping)|strict_dynamic_mapping_exception:|illegal_argument_exception: Document contains at least one immense term )/i

const beginningOf = ({ type = '', reason = '' }: SearchFault) => `${type}: ${reason}`

const faultOfCluster = (fault: SearchFault) => FAULTS.find(([known]) => known.test(beginningOf(fault)))

/** What a fault says, for messages: it may quote a document. */
export const shownFault = ({ type, reason, caused_by }: SearchFault): string =>
  cutText(harmless([type, reason, caused_by?.reason].filter((part) => part !== undefined).join(': ')), 300)

/**
 * Whether the document is what is wrong. What cannot be told is not of the document: an index that takes none would have its whole
 * month set aside.
 *
 * @param takesOthers - Whether the same request put another document into the same index: what is refused then, such as by
 * an ingest pipeline, whose reasons are any, is of the document.
 */
export const isOfDocument = (status: number, fault: SearchFault, takesOthers: boolean): boolean => {
  // A pipeline that refuses a document with `fail` does so with 500.
  if (status === 413 || fault.type === 'fail_processor_exception') return true
  if (status !== 400 || faultOfCluster(fault) !== undefined) return false
  return takesOthers || OF_DOCUMENT.test(beginningOf(fault))
}

/** An error for what the server says. */
export function faultError(
  status: number,
  fault: SearchFault,
  doing: string,
  address: SearchAddress,
  cause?: unknown,
): CtStreamError {
  const known = faultOfCluster(fault)
  const text = shownFault(fault) || `status ${status}`
  let why = known === undefined ? text : `${known[1]} (${text})`
  if (status === 401) why = 'the server does not accept the user, password or apikey'
  if (status === 403 && known === undefined)
    why = `the user lacks a permission: it makes index templates and data streams, and writes them (${text})`
  return new CtStreamError('CT_SINK_FAILED', `could not ${doing} at ${address.shown}: ${why}`, {
    cause,
    retryable: known?.[2] ?? (status === 429 || status >= 500),
  })
}

/** Turns an error of the client into ours, saying what to do. */
export function searchError(error: unknown, doing: string, address: SearchAddress): CtStreamError {
  if (CtStreamError.is(error)) return error
  const { statusCode, body } = ((error as { meta?: unknown } | null)?.meta ?? {}) as {
    statusCode?: number | null
    body?: { error?: SearchFault | string }
  }
  const text = cutText(harmless(messageOf(error)), 300)
  if (typeof statusCode === 'number') {
    const fault = typeof body?.error === 'object' && body.error !== null ? body.error : { reason: text }
    return faultError(statusCode, fault, doing, address, error)
  }
  const isCertificate = /CERT|ERR_TLS|ERR_SSL|SELF_SIGNED|self.signed|certificate|altnames/i.test(text)
  const why = isCertificate
    ? `TLS: ${text}`
    : `${text}; is a server running there, and is it plain or TLS as the URL says?`
  return new CtStreamError('CT_SINK_FAILED', `could not ${doing} at ${address.shown}: ${why}`, {
    cause: error,
    retryable: !isCertificate,
  })
}
