import { CtStreamError } from '../errors.js'
import { quietController } from '../util/abort.js'
import { optionError } from '../util/options.js'
import { BodyCollector, contentLength } from './body-collector.js'
import { unpackedBound } from './content-encoding.js'
import {
  closedError,
  MAX_ERROR_BODY,
  networkError,
  refuseUnlessPublic,
  statusError,
  timeoutError,
  tooLargeError,
} from './http-errors.js'
import {
  DEFAULT_MAX_BYTES,
  DEFAULT_TIMEOUTS,
  type GetOptions,
  type HttpAnswer,
  type HttpTimeouts,
  httpUrl,
  type Transport,
} from './transport.js'

export interface FetchTransportOptions {
  /** See `userAgent()`. Default none. */
  readonly userAgent?: string
  /** `headersMs` includes connecting; `connectMs` is not used, because a `fetch` does not show when it has connected. */
  readonly timeouts?: Partial<HttpTimeouts>
  /** Epoch milliseconds, for `Retry-After` dates of answers without a `Date`. Default `Date.now`. */
  readonly now?: () => number
}

/**
 * A transport over a WHATWG `fetch`, which decodes content encodings itself. `fresh` bypasses caches, and asks for a connection
 * that is closed afterwards where the `fetch` allows that header.
 */
export class FetchTransport implements Transport {
  private readonly fetch: typeof fetch
  private readonly options: FetchTransportOptions
  private readonly timeouts: HttpTimeouts
  private readonly closing = quietController()

  constructor(fetchFunction: typeof fetch, options: FetchTransportOptions = {}) {
    if (typeof fetchFunction !== 'function') throw optionError('fetch', 'a fetch function', fetchFunction)
    this.fetch = fetchFunction
    this.options = options
    this.timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  }

  async get(url: string, options: GetOptions = {}): Promise<HttpAnswer> {
    options.signal?.throwIfAborted()
    const parsed = httpUrl(url)
    if (options.publicOnly) refuseUnlessPublic(parsed)
    const limit = new Limit(parsed.href, options.signal, this.closing.signal)
    try {
      limit.start(this.timeouts.totalMs, 'no complete answer')
      return await this.exchange(url, options, limit)
    } catch (error) {
      // A mock or wrapper may resolve with something that is no Response.
      if (CtStreamError.is(error) || limit.ended) throw error
      throw networkError(url, error)
    } finally {
      limit.end()
    }
  }

  close(): Promise<void> {
    this.closing.abort()
    return Promise.resolve()
  }

  private async exchange(url: string, options: GetOptions, limit: Limit): Promise<HttpAnswer> {
    const { maxBytes = DEFAULT_MAX_BYTES, statuses = [200] } = options
    const headersTimer = limit.start(this.timeouts.headersMs, 'no headers')
    // Called without `this`: the global fetch throws when `this` is another object.
    const { fetch } = this
    const response = await limit.race(async () => await fetch(url, { ...this.init(options), signal: limit.signal }))
    clearTimeout(headersTimer)
    if (!Number.isInteger(response?.status)) throw new Error('`fetch` resolved with something that is no Response')

    const headers: Record<string, string> = Object.fromEntries(response.headers)
    const accepted = statuses.includes(response.status)
    const bound = accepted ? maxBytes : MAX_ERROR_BODY
    const announced = contentLength(headers)
    // The announced length is that of the encoded body; what is read here is the decoded one.
    const exact = headers['content-encoding'] === undefined ? announced : undefined
    if (accepted && announced !== undefined && announced > maxBytes) {
      limit.cut()
      throw tooLargeError(url, maxBytes, `a body of ${announced} bytes`)
    }

    const packed = accepted && exact === undefined ? announced : undefined
    const most = packed === undefined ? bound : unpackedBound(packed, bound)
    const body = new BodyCollector(most, exact, undefined, accepted ? options.onBytes : undefined)
    const whole = await this.read(response, body, limit).catch((error: unknown) => {
      if (accepted || limit.ended) throw error
      return false
    })
    if (!accepted) {
      const { 'content-encoding': _decoded, ...plainHeaders } = headers
      throw statusError(url, response.status, plainHeaders, body.bytes(), (this.options.now ?? Date.now)())
    }
    if (!whole) throw tooLargeError(url, most, 'the body')
    if (exact !== undefined && body.length !== exact)
      throw networkError(url, new Error(`the body has ${body.length} bytes, ${exact} were announced`))
    options.onReceived?.()
    return { status: response.status, headers, body: body.bytes() }
  }

  /** @returns `false` when the body passes its bound. */
  private async read(response: Response, body: BodyCollector, limit: Limit): Promise<boolean> {
    const reader = response.body?.getReader()
    if (reader === undefined) return true
    for (;;) {
      const idle = limit.start(this.timeouts.bodyIdleMs, 'no more of the body')
      const { done, value } = await limit.race(() => reader.read())
      clearTimeout(idle)
      if (done) return true
      if (!(value instanceof Uint8Array)) throw new Error('the body of the response is no stream of bytes')
      if (!body.push(value)) {
        limit.cut()
        return false
      }
    }
  }

  private init({ headers, fresh }: GetOptions): RequestInit {
    return {
      redirect: 'manual',
      headers: {
        ...(this.options.userAgent === undefined ? {} : { 'user-agent': this.options.userAgent }),
        ...(fresh ? { 'cache-control': 'no-cache', connection: 'close' } : {}),
        ...headers,
      },
      ...(fresh ? { cache: 'no-store' as const } : {}),
    }
  }
}

/** Everything that can end a request early: timers, the caller's signal, `close()` of the transport. */
class Limit {
  private readonly url: string
  private readonly caller: AbortSignal | undefined
  private readonly closing: AbortSignal
  private readonly controller = new AbortController()
  private readonly timers: NodeJS.Timeout[] = []
  private readonly stopped: Promise<never>
  private stop: (reason: unknown) => void = () => {}
  ended = false

  constructor(url: string, caller: AbortSignal | undefined, closing: AbortSignal) {
    this.url = url
    this.caller = caller
    this.closing = closing
    this.stopped = new Promise((_resolve, reject) => {
      this.stop = (reason) => {
        this.ended = true
        reject(reason)
        this.cut()
      }
    })
    this.stopped.catch(() => {})
    caller?.addEventListener('abort', this.onAbort)
    closing.addEventListener('abort', this.onClosing)
    if (closing.aborted) this.onClosing()
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  start(ms: number, what: string): NodeJS.Timeout {
    const timer = setTimeout(() => this.stop(timeoutError(this.url, `${what} after ${ms} ms`)), ms)
    this.timers.push(timer)
    return timer
  }

  /** Settles as the step does, unless a limit ends it first: a `fetch` may ignore its signal. */
  async race<T>(step: () => Promise<T>): Promise<T> {
    const outcome = step().catch((error: unknown) => {
      throw networkError(this.url, error)
    })
    return await Promise.race([this.stopped, outcome])
  }

  cut(): void {
    this.controller.abort(new Error('request given up'))
  }

  end(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.caller?.removeEventListener('abort', this.onAbort)
    this.closing.removeEventListener('abort', this.onClosing)
  }

  private readonly onAbort = (): void => this.stop(this.caller?.reason)
  private readonly onClosing = (): void => this.stop(closedError(this.url))
}
