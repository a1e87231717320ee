import { CtStreamError } from '../errors.js'
import type { HttpAnswer, PageForm, Transport } from '../http/transport.js'
import { fetchPage, reading } from '../pages/fetch-page.js'
import { refused, refuseHtml } from '../pages/refused-answer.js'
import type { EntryBatch } from '../types/entries.js'
import type { Steps } from '../util/turns.js'
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
      refuseHtml(body)
      return parse(body)
    } catch (error) {
      if (!CtStreamError.is(error)) throw error
      // A signature that is wrong is shown by the bytes alone.
      if (error.code === 'CT_HEAD_SIGNATURE') withAnswer(error, this.url(path), body)
      throw refused(this.url(path), error)
    }
  }

  /** A page of entries: asked for and read where the transport does that, or here. */
  async page(
    path: string,
    form: PageForm,
    { signal, fresh, schedule, onBytes, onReceived }: RequestOptions,
    maxBytes: number,
  ): Promise<EntryBatch> {
    const { transport } = this
    const url = this.url(path)
    return await untilReceived(schedule, (received) => {
      const both = () => {
        received()
        onReceived?.()
      }
      const options = { signal, fresh, maxBytes, onBytes, onReceived: both }
      return transport.page?.(url, form, options) ?? fetchPage(transport, url, form, options)
    })
  }

  /**
   * As {@link parse}, in as many turns of the event loop as `steps` pause for.
   * @throws as it; `signal.reason` when aborted between two turns.
   */
  async parseInTurns<T>(path: string, body: Uint8Array, steps: () => Steps<T>, signal?: AbortSignal): Promise<T> {
    return await reading(this.url(path), body, signal, steps)
  }
}

/** Runs a request in its turn, which is over when the answer is complete: to unpack and read it takes nothing of the log. */
async function untilReceived<T>(
  schedule: RequestOptions['schedule'],
  ask: (received: () => void) => Promise<T>,
): Promise<T> {
  if (schedule === undefined) return await ask(() => {})
  let answer: Promise<T> | undefined
  await schedule(
    () =>
      new Promise<void>((resolve, reject) => {
        answer = ask(resolve)
        answer.then(() => resolve(), reject)
      }),
  )
  return await (answer as Promise<T>)
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
