import { type CtErrorContext, CtStreamError } from '../errors.js'
import { bufferOf } from '../util/bytes.js'
import { parseHttpDate, parseRetryAfter } from '../util/retry-after.js'
import { AddressRefused, checkPublicUrl } from './public-addresses.js'
import { statusPhrase } from './status-phrase.js'

/** Most bytes to read of the body of an error answer: messages quote no more. */
export const MAX_ERROR_BODY = 16 * 1024

/** The error for an answer whose status was not accepted. `body` may be cut short, or still be compressed. */
export function statusError(
  url: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  now: number,
): CtStreamError {
  const said = headers['content-encoding'] === undefined ? excerpt(body) : ''
  const reason = [status, statusPhrase(status)].filter(Boolean).join(' ')
  const location = headers.location === undefined ? '' : ` to ${quoted(headers.location)}, which is not followed`
  // A date in Retry-After is relative to the server's clock.
  const servedAt = headers.date === undefined ? undefined : parseHttpDate(headers.date)
  return new CtStreamError('CT_HTTP_STATUS', `[GET] "${url}" : ${reason}${location}${said && `: ${quoted(said)}`}`, {
    url,
    status,
    retryable: isRetryableStatus(status),
    retryAfterMs: parseRetryAfter(headers['retry-after'], servedAt ?? now),
  })
}

function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status <= 599)
}

export function timeoutError(url: string, what: string, context: CtErrorContext = {}): CtStreamError {
  return new CtStreamError('CT_HTTP_TIMEOUT', `[GET] "${url}" : ${what}`, { url, retryable: true, ...context })
}

export function tooLargeError(url: string, maxBytes: number, what: string): CtStreamError {
  return new CtStreamError(
    'CT_RESPONSE_TOO_LARGE',
    `[GET] "${url}" : ${what} is larger than the ${maxBytes} bytes allowed`,
    {
      url,
      retryable: true,
      expected: maxBytes,
    },
  )
}

export function closedError(url: string): CtStreamError {
  return new CtStreamError('CT_CLOSED', `[GET] "${url}" : the transport is closed`, { url })
}

/** Wraps an error of undici, `fetch` or the socket below them. */
export function networkError(url: string, cause: unknown): CtStreamError {
  const root = innermost(cause)
  if (root instanceof AddressRefused) return refusedError(url, root)
  const code = codeOf(root)
  if (code !== undefined && TIMEOUTS.has(code)) return timeoutError(url, messageOf(root), { cause })
  return new CtStreamError('CT_HTTP_NETWORK', `[GET] "${url}" : ${messageOf(root)}`, {
    url,
    cause,
    // undici would refuse to send the same request again.
    retryable: code !== 'UND_ERR_INVALID_ARG' && code !== 'UND_ERR_NOT_SUPPORTED',
  })
}

/** @throws {@link CtStreamError} `CT_ADDRESS_REFUSED` for a URL that no public log can have. */
export function refuseUnlessPublic(url: URL): void {
  try {
    checkPublicUrl(url)
  } catch (error) {
    throw networkError(url.href, error)
  }
}

function refusedError(url: string, { message }: AddressRefused): CtStreamError {
  const hint =
    'a log list that was fetched must not lead into private networks: if the log belongs there, name it by hand'
  return new CtStreamError('CT_ADDRESS_REFUSED', `[GET] "${url}" : ${message}: ${hint}, or its list as a file`, { url })
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])

/** The innermost cause: `fetch` wraps it in a `TypeError: fetch failed`, a connection to several addresses in an `AggregateError`. */
function innermost(error: unknown): unknown {
  let inner = error
  for (let depth = 0; depth < 5; depth++) {
    const next = inner instanceof AggregateError ? inner.errors[0] : inner instanceof Error ? inner.cause : undefined
    if (!(next instanceof Error)) break
    inner = next
  }
  return inner
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return quoted(String(error))
  // Messages of OpenSSL and of Node's assertions end with a newline.
  return onOneLine(error.message, 500) || codeOf(error) || error.name
}

/** The first 200 characters of a body for a message, without tags. */
export function excerpt(body: Uint8Array, limit = 200): string {
  const text = bufferOf(body.subarray(0, MAX_ERROR_BODY)).toString('utf8')
  return onOneLine(text.replace(/<[^<>]*>/g, ' '), limit)
}

/** Replaces control characters and runs of white space by one space. */
function onOneLine(text: string, limit: number): string {
  const clean = text.replace(/[\s\p{C}]+/gu, ' ').trim()
  return clean.length > limit ? `${clean.slice(0, limit).trimEnd()}…` : clean
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 201 ? `${text.slice(0, 200)}…` : text)
}
