import type { EntryBatch } from '../types/entries.js'
import type { BufferPool } from '../util/buffer-pool.js'
import { optionError } from '../util/options.js'

/** An answer with an accepted status, its body complete and decoded. */
export interface HttpAnswer {
  /** One of the accepted statuses: 200 unless {@link GetOptions.statuses} says more. */
  readonly status: number
  /** Names in lower case; repeated headers joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** The body after content decoding, of exactly this length. */
  readonly body: Uint8Array
  /**
   * Returns the memory of the body for reuse. Call it once, when nothing refers to the body any more, or never. `undefined` where memory
   * is not reused.
   */
  readonly release?: (() => void) | undefined
}

/** Options of one GET. */
export interface GetOptions {
  /** Added to those of the transport; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Bound on the body, before and after decompression. Default {@link DEFAULT_MAX_BYTES}. */
  readonly maxBytes?: number
  /** Use a new connection and bypass caches (`Cache-Control: no-cache`). Default `false`. */
  readonly fresh?: boolean
  /** Statuses that resolve; every other one rejects with `CT_HTTP_STATUS`. Default `[200]`. */
  readonly statuses?: readonly number[]
  /**
   * Connect only to public addresses on port 443, because the URL comes from a stranger. Where the caller's `fetch` or `dispatcher`
   * resolves names, only the URL itself is checked. Default `false`.
   */
  readonly publicOnly?: boolean
  /**
   * Called with the bytes that the answer holds, after each piece of its body, and before unpacking with the most it can hold then. Not
   * called for bodies of error answers, which are small.
   */
  readonly onBytes?: ((held: number) => void) | undefined
  /** Called when the body is complete, before it is unpacked or read: its server can be asked for something else. */
  readonly onReceived?: (() => void) | undefined
}

/**
 * GET requests with bounded time and bounded bodies. Redirects are never followed: somebody should look at a log that moves. A 3xx is
 * an answer like any other.
 */
export interface Transport {
  /**
   * @param url - Absolute, `http:` or `https:`.
   * @throws `CT_HTTP_STATUS` for a status that is not accepted (retryable: 408, 425, 429 and 5xx), with `retryAfterMs`;
   * `CT_HTTP_TIMEOUT`; `CT_HTTP_NETWORK` when the connection fails or is cut, or the body is shorter than announced;
   * `CT_RESPONSE_TOO_LARGE`; `CT_RESPONSE_MALFORMED` for a broken or unknown content encoding; `CT_CLOSED` after
   * {@link close}; `CT_ADDRESS_REFUSED` for what `publicOnly` rules out. An abort rejects with `signal.reason` itself.
   */
  get(url: string, options?: GetOptions): Promise<HttpAnswer>
  /**
   * Fetches a page of entries and parses it in another thread. `undefined` where that is not possible.
   * @throws as {@link get}; `CT_RESPONSE_MALFORMED` for an answer that is not of this form.
   */
  readonly page?: ((url: string, form: PageForm, options: GetOptions) => Promise<EntryBatch>) | undefined
  /**
   * Memory for bodies. What is copied out of a body for as long as its page is read goes there, too: one pool for all logs holds what the
   * busiest moment needed, a pool for each log would hold what each log's busiest moment needed. Default: new memory each time.
   */
  readonly pool?: BufferPool | undefined
  /** Ends requests under way and releases every connection. Idempotent. */
  close(): Promise<void>
}

/** How an answer contains a page of entries. */
export interface PageForm {
  readonly kind: 'get-entries' | 'data-tile'
  /** Index of its first entry. */
  readonly start: number
  /** Number of entries: at most, in a get-entries answer; exactly, in a tile. */
  readonly count: number
}

/** The same transport, restricted to public addresses; see {@link GetOptions.publicOnly}. */
export function publicOnly(transport: Transport): Transport {
  const { page, pool } = transport
  return {
    pool,
    page: page && ((url, form, options) => page(url, form, { ...options, publicOnly: true })),
    get: (url, options) => transport.get(url, { ...options, publicOnly: true }),
    close: () => transport.close(),
  }
}

/** Default bound on a body: 64 MiB, as in certspotter. */
export const DEFAULT_MAX_BYTES = 64 * 1024 * 1024

/** How long the parts of a request may take, milliseconds. */
export interface HttpTimeouts {
  /** DNS, TCP and TLS. Default 15 s. */
  readonly connectMs: number
  /** From the request to the end of the answer's headers. Default 30 s. */
  readonly headersMs: number
  /** Between two pieces of the body. Default 30 s. */
  readonly bodyIdleMs: number
  /** The whole request, waiting for a connection included. Default 60 s. */
  readonly totalMs: number
}

/** The values of certspotter, which has years of experience with slow logs. */
export const DEFAULT_TIMEOUTS: HttpTimeouts = Object.freeze({
  connectMs: 15_000,
  headersMs: 30_000,
  bodyIdleMs: 30_000,
  totalMs: 60_000,
})

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` for anything but an absolute `http:` or `https:` URL. */
export function httpUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'https:' && parsed?.protocol !== 'http:')
    throw optionError('url', 'an http or https URL', url)
  return parsed
}
