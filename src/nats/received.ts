/** A message of a stream, as it was delivered. */
export interface StreamMessage {
  readonly kind: 'message'
  readonly subject: string
  /** Its number in the stream. */
  readonly sequence: number
  /** Which message of its consumer it is, from 1. */
  readonly delivery: number
  /** How many of this consumer there were behind it. */
  readonly pending: number
  /** Epoch milliseconds, by the server's clock. */
  readonly time: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

/** What is delivered: a message, or a word of the server, such as 100 (it is idle) or 408 (a request has expired). */
export type Received = StreamMessage | { readonly kind: 'status'; readonly code: number }

interface Headers {
  readonly code?: number
  keys(): string[]
  get(name: string): string
}

/** As the client delivers it. */
interface Delivered {
  readonly subject: string
  readonly reply?: string
  readonly headers?: Headers
  readonly data: Uint8Array
}

export const headersOf = (headers: Headers | undefined): readonly (readonly [string, string])[] =>
  headers?.keys().map((name) => [name, headers.get(name)] as const) ?? []

/** Reads what the reply subject of a message says. */
export function receivedFrom({ subject, reply = '', headers, data }: Delivered): Received {
  // $JS.ACK.<stream>.<consumer>.<times>.<sequence>.<delivery>.<time in ns>.<pending>; newer servers: with <domain>.<account> before, <random> behind
  const tokens = reply.split('.')
  const [sequence, delivery, nanoseconds, pending] = (tokens.length > 9 ? tokens.slice(7) : tokens.slice(5)).map(Number)
  if (!reply.startsWith('$JS.ACK.') || sequence === undefined || pending === undefined)
    return { kind: 'status', code: headers?.code ?? 0 }
  return {
    kind: 'message',
    subject,
    sequence,
    delivery: delivery ?? 0,
    pending,
    time: Math.floor((nanoseconds ?? 0) / 1e6),
    headers: headersOf(headers),
    body: data,
  }
}
