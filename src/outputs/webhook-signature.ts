import { createHmac, timingSafeEqual } from 'node:crypto'

/** When the request was signed, seconds since 1970, decimal. */
export const TIMESTAMP_HEADER = 'x-ct-stream-timestamp'
/** `v1=` and 64 hex digits: HMAC-SHA256 of the timestamp, a dot and the body. */
export const SIGNATURE_HEADER = 'x-ct-stream-signature'

/** The two headers of a signed request. */
export function signatureHeaders(secret: string, body: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  return { [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: `v1=${macOf(secret, timestamp, body)}` }
}

/**
 * For receivers: whether a request is recent and was signed with the secret. A repeated request within the tolerance passes: detect it by
 * `Idempotency-Key`, or the ids of findings.
 *
 * @param header - Looks up a header by its name in lower case.
 * @param body - As received, before it is parsed.
 * @param options - `toleranceMs`: default five minutes, before and after `now`; `now`: epoch milliseconds, default the machine's.
 */
export function verifyWebhook(
  secret: string,
  header: (name: string) => string | undefined | null,
  body: string,
  options: { readonly toleranceMs?: number; readonly now?: number } = {},
): boolean {
  const { toleranceMs = 300_000, now = Date.now() } = options
  const timestamp = header(TIMESTAMP_HEADER) ?? ''
  const given = Buffer.from(header(SIGNATURE_HEADER) ?? '')
  const expected = Buffer.from(`v1=${macOf(secret, timestamp, body)}`)
  const isRecent = /^\d{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) * 1000 - now) <= toleranceMs
  return given.length === expected.length && timingSafeEqual(given, expected) && isRecent
}

function macOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
}
