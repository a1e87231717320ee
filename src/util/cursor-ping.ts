/** Other servers put texts of their own into pings: only what begins with this is a cursor. */
const MARK = 'ct-stream cursor '
/** RFC 6455 section 5.5. */
const MAX_OCTETS = 125

/**
 * What a WebSocket's ping carries so that a client whose filter passes nothing knows from where it can resume. Clients that do not know of
 * it answer it as any other ping.
 *
 * @param cursor - Of the last entry sent before the ping, or dropped by the filter; at most 108 characters of ASCII.
 */
export function cursorPing(cursor: string): Buffer {
  return Buffer.from(MARK + cursor, 'latin1')
}

/** The cursor that a ping carries; `undefined` for a ping of another kind. */
export function cursorOfPing(payload: Buffer): string | undefined {
  if (payload.length > MAX_OCTETS) return undefined
  const text = payload.toString('latin1')
  const cursor = text.startsWith(MARK) ? text.slice(MARK.length) : ''
  return /^[\x21-\x7e]+$/.test(cursor) ? cursor : undefined
}
