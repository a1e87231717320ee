import { CtStreamError } from '../errors.js'
import { excerpt } from '../http/http-errors.js'
import type { HttpAnswer, Transport } from '../http/transport.js'
import { inTurns, type Steps } from '../util/turns.js'
import { withAnswer } from './answer-at-fault.js'
import type { RequestOptions } from './client.js'

/** The prefix of a log's URLs, with exactly one slash at its end: lists write it either way. */
export function logPrefix(url: string): string {
  return `${url.replace(/\/+$/, '')}/`
}

/** Requests below one prefix of a log. */
export class LogHttp {
  private readonly transport: Transport
  private readonly prefix: string

  constructor(transport: Transport, prefix: string) {
    this.transport = transport
    this.prefix = logPrefix(prefix)
  }

  /** @param path - Below the prefix, without a leading slash. */
  url(path: string): string {
    return this.prefix + path
  }

  async get(path: string, options: RequestOptions, maxBytes: number): Promise<HttpAnswer> {
    const { signal, fresh, schedule, onBytes } = options
    const request = () => this.transport.get(this.url(path), { signal, fresh, maxBytes, onBytes })
    return await (schedule === undefined ? request() : schedule(request))
  }

  /**
   * Parses an answer's body.
   * @throws {@link CtStreamError} what `parse` throws, retryable and naming the URL: a log's bytes are wrong for as long as
   * the log serves them, and often a cache or a gateway in front of it does.
   */
  parse<T>(path: string, body: Uint8Array, parse: (body: Uint8Array) => T): T {
    try {
      refusePage(body)
      return parse(body)
    } catch (error) {
      if (!CtStreamError.is(error)) throw error
      // A signature that is wrong is shown by the bytes alone.
      if (error.code === 'CT_HEAD_SIGNATURE') withAnswer(error, this.url(path), body)
      throw this.refuse(path, error)
    }
  }

  /**
   * As {@link parse}, in as many turns of the event loop as `steps` pause for.
   * @throws as it; `signal.reason` when aborted between two turns.
   */
  async parseInTurns<T>(path: string, body: Uint8Array, steps: () => Steps<T>, signal?: AbortSignal): Promise<T> {
    try {
      refusePage(body)
      return await inTurns(steps(), signal)
    } catch (error) {
      if (!CtStreamError.is(error) || error === signal?.reason) throw error
      throw this.refuse(path, error)
    }
  }

  /** `error` with the URL it came from. */
  refuse(path: string, error: CtStreamError): CtStreamError {
    const url = this.url(path)
    const { code, message, logId, index, expected, actual, cause } = error
    const context = { url, logId, index, expected, actual, cause: cause ?? error, retryable: true }
    return new CtStreamError(code, `[GET] "${url}" : ${message}`, context)
  }
}

/** An error for a body that is not what it should be. */
export function malformed(message: string, context: { expected?: string | number; actual?: string | number } = {}) {
  return new CtStreamError('CT_RESPONSE_MALFORMED', message, { ...context, retryable: true })
}

/** Gateways answer with pages of their own, and status 200: say so, instead of what a parser makes of them. */
function refusePage(body: Uint8Array): void {
  if (body.length === 0) throw malformed('the body is empty')
  if (/^\s*<[!?a-z]/i.test(Buffer.from(body.subarray(0, 64)).toString('latin1')))
    throw malformed(`a page instead of data: ${JSON.stringify(excerpt(body))}`)
}

/** Whether the log does not offer an endpoint, or not in a form that is of any use: worth trying another way. */
export function isUnsupported(error: unknown): boolean {
  if (!CtStreamError.is(error)) return false
  if (error.code === 'CT_RESPONSE_MALFORMED') return true
  const { status } = error
  return (
    error.code === 'CT_HTTP_STATUS' && status !== undefined && (status === 501 || (status < 500 && !error.retryable))
  )
}
