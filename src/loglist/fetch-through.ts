import { MAX_LIST_BYTES } from './defaults.js'
import type { FetchList } from './fetch-list.js'

/** What fetching lists needs of a transport; that of `http/` has this shape. */
export interface ListTransport {
  get(
    url: string,
    options: {
      readonly headers: Readonly<Record<string, string>>
      readonly signal?: AbortSignal
      readonly fresh?: boolean
      readonly maxBytes: number
      readonly statuses: readonly number[]
    },
  ): Promise<{
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: Uint8Array
  }>
}

/**
 * Conditional GETs of lists and signatures through a transport, bounded by `MAX_LIST_BYTES`.
 *
 * @param transport - Asked for statuses 200 and 304; what it rejects with passes through.
 * @param defaultSignal - For requests that bring none of their own.
 */
export function fetchListThrough(transport: ListTransport, defaultSignal?: AbortSignal): FetchList {
  return async (url, { etag, lastModified, fresh, signal = defaultSignal }) => {
    const { status, headers, body } = await transport.get(url, {
      headers: {
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
        ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
      },
      ...(signal === undefined ? {} : { signal }),
      fresh,
      maxBytes: MAX_LIST_BYTES,
      statuses: [200, 304],
    })
    if (status === 304) return { status: 'not-modified' }
    return { status: 'modified', body, etag: headers.etag, lastModified: headers['last-modified'] }
  }
}
