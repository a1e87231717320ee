import type { EntryBatch } from '../types/entries.js'
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
   * Gives the memory of the body back, to be used for another: to be called once, when nothing refers to the body any more, or
   * never. `undefined` where nothing is used again.
   */
  readonly release?: (() => void) | undefined
}

/** What one GET may be given. */
export interface GetOptions {
  /** Added to those of the transport; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Bound on the body, before and after decompression. Default {@link DEFAULT_MAX_BYTES}. */
  readonly maxBytes?: number
  /** Ask on a new connection and past caches (`Cache-Control: no-cache`). Default `false`. */
  readonly fresh?: boolean
  /** Statuses that resolve; every other one rejects with `CT_HTTP_STATUS`. Default `[200]`. */
  readonly statuses?: readonly number[]
  /**
   * Connect to public addresses on port 443 alone: the URL comes from a stranger. Where a `fetch` or `dispatcher` of the caller
   * resolves names, only the URL itself is checked. Default `false`.
   */
  readonly publicOnly?: boolean
  /**
   * Called with the bytes that the answer holds, each time more of its body has come and when it is to be unpacked: then with what
   * it may hold meanwhile. Not for the pages of errors, which are small.
   */
  readonly onBytes?: ((held: number) => void) | undefined
}

/**
 * GET requests with bounded time and bounded bodies. No redirect is ever followed: a log that moves is a log to be looked
 * at, and a 3xx is an answer like any other.
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
   * Asks for a page of entries and finds them in the answer, elsewhere than in the thread that asks. `undefined` where it can only be
   * done here.
   * @throws as {@link get}; `CT_RESPONSE_MALFORMED` for an answer that is not of this form.
   */
  readonly page?: ((url: string, form: PageForm, options: GetOptions) => Promise<EntryBatch>) | undefined
  /** Cuts what is under way and releases every connection. Idempotent. */
  close(): Promise<void>
}

/** What a page of entries is in an answer. */
export interface PageForm {
  readonly kind: 'get-entries' | 'data-tile'
  /** Index of its first entry. */
  readonly start: number
  /** Entries it has: of a get-entries answer at most, of a tile exactly. */
  readonly count: number
}

/** The same transport, connecting to public addresses alone; see {@link GetOptions.publicOnly}. */
export function publicOnly(transport: Transport): Transport {
  const { page } = transport
  return {
    page: page && ((url, form, options) => page(url, form, { ...options, publicOnly: true })),
    get: (url, options) => transport.get(url, { ...options, publicOnly: true }),
    close: () => transport.close(),
  }
}

/** Bound on a body unless a request says otherwise: 64 MiB, as certspotter's. */
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

/** Those of certspotter, which has met every slow log there is. */
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
