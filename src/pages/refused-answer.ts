import { CtStreamError } from '../errors.js'
import { excerpt } from '../http/http-errors.js'

/** An error for a malformed body. */
export function malformed(message: string, context: { expected?: string | number; actual?: string | number } = {}) {
  return new CtStreamError('CT_RESPONSE_MALFORMED', message, { ...context, retryable: true })
}

/** Refuses an HTML page: gateways answer with one and status 200, and a parser's error for it would mislead. */
export function refuseHtml(body: Uint8Array): void {
  if (body.length === 0) throw malformed('the body is empty')
  if (/^\s*<[!?a-z]/i.test(Buffer.from(body.subarray(0, 64)).toString('latin1')))
    throw malformed(`a page instead of data: ${JSON.stringify(excerpt(body))}`)
}

/**
 * The error of a body with its URL added. Retryable, because wrong bytes often come from a cache or a gateway in front of the log.
 */
export function refused(url: string, error: CtStreamError): CtStreamError {
  const { code, message, logId, index, expected, actual, cause } = error
  const context = { url, logId, index, expected, actual, cause: cause ?? error, retryable: true }
  return new CtStreamError(code, `[GET] "${url}" : ${message}`, context)
}
