import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { backoffDelay } from '../util/backoff.js'
import { invalid } from './schema.js'
import { signatureUrl, verifyListSignature } from './signature.js'

/** What a conditional GET of a list (or of its signature) comes to. */
export type ListAnswer =
  | {
      readonly status: 'modified'
      readonly body: Uint8Array
      readonly etag?: string | undefined
      readonly lastModified?: string | undefined
    }
  | { readonly status: 'not-modified' }

/** Sent back to the server as `If-None-Match` and `If-Modified-Since`. */
export interface ListCondition {
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
}

/**
 * One GET, done by whoever has a transport. A 304 is `not-modified`; any failure rejects with a `CtStreamError`. The body
 * should be bounded by `MAX_LIST_BYTES`.
 */
export type FetchList = (
  url: string,
  request: ListCondition & {
    /** Past caches: the last answer did not fit its signature. */
    readonly fresh: boolean
    readonly signal: AbortSignal | undefined
  },
) => Promise<ListAnswer>

export interface FetchListContext {
  readonly fetchList: FetchList
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** A list and its signature change daily and one after the other: how often, and how slowly, to look again. */
const PAIR_ATTEMPTS = 3
const pairBackoff = { baseMs: 2_000, maxMs: 20_000 }

/**
 * Fetches a list and, where there is one, its signature, and checks it. When they do not fit, both are fetched again,
 * past caches and without condition, a few seconds later.
 *
 * @param name - Of the list, for errors.
 * @throws {@link CtStreamError} `CT_LIST_SIGNATURE` when they still do not fit; `CT_LIST_INVALID` when the server makes no
 * sense; whatever `fetchList` rejects with.
 */
export async function fetchSignedList(
  name: string,
  url: string,
  condition: ListCondition,
  context: FetchListContext,
  signal: AbortSignal | undefined,
): Promise<ListAnswer> {
  for (let attempt = 0; ; attempt++) {
    const fresh = attempt > 0
    try {
      return await fetchPair(name, url, fresh ? {} : condition, (at, asked) =>
        context.fetchList(at, { ...asked, fresh, signal }),
      )
    } catch (error) {
      const mismatch = CtStreamError.is(error) && error.code === 'CT_LIST_SIGNATURE'
      if (!mismatch || attempt + 1 >= PAIR_ATTEMPTS) throw error
    }
    await context.clock.sleep(backoffDelay(pairBackoff, attempt, context.random), signal)
  }
}

async function fetchPair(
  name: string,
  url: string,
  condition: ListCondition,
  get: (url: string, condition: ListCondition) => Promise<ListAnswer>,
): Promise<ListAnswer> {
  const list = await get(url, condition)
  if (list.status === 'not-modified') {
    if (condition.etag !== undefined || condition.lastModified !== undefined) return list
    throw invalid(name, 'was answered with "not modified" to a request without condition')
  }
  const signedBy = signatureUrl(url)
  if (signedBy !== undefined) {
    const signature = await get(signedBy, {})
    const bytes = signature.status === 'modified' ? signature.body : new Uint8Array()
    verifyListSignature(list.body, bytes, url)
  }
  return list
}
