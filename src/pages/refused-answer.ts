import { CtStreamError } from '../errors.js'
import { excerpt } from '../http/http-errors.js'

/** An error for a body that is not what it should be. */
export function malformed(message: string, context: { expected?: string | number; actual?: string | number } = {}) {
  return new CtStreamError('CT_RESPONSE_MALFORMED', message, { ...context, retryable: true })
}

/** Gateways answer with pages of their own, and status 200: say so, instead of what a parser makes of them. */
export function refuseHtml(body: Uint8Array): void {
  if (body.length === 0) throw malformed('the body is empty')
  if (/^\s*<[!?a-z]/i.test(Buffer.from(body.subarray(0, 64)).toString('latin1')))
    throw malformed(`a page instead of data: ${JSON.stringify(excerpt(body))}`)
}

/**
 * What was thrown for an answer's body, with the URL it came from; retryable: a log's bytes are wrong for as long as the log serves
 * them, and often a cache or a gateway in front of it does.
 */
export function refused(url: string, error: CtStreamError): CtStreamError {
  const { code, message, logId, index, expected, actual, cause } = error
  const context = { url, logId, index, expected, actual, cause: cause ?? error, retryable: true }
  return new CtStreamError(code, `[GET] "${url}" : ${message}`, context)
}
