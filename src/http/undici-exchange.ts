import type { Dispatcher } from 'undici'
import type { CtStreamError } from '../errors.js'
import type { BufferPool } from '../util/buffer-pool.js'
import { BodyCollector, contentLength } from './body-collector.js'
import { closedError, MAX_ERROR_BODY, networkError, statusError, timeoutError, tooLargeError } from './http-errors.js'
import type { HttpAnswer, HttpTimeouts } from './transport.js'

/** Most interim (1xx) answers. Servers send one or two; without a bound, a server that sends nothing else would occupy a place for a minute. */
const MAX_INTERIM = 16

export interface ExchangeOptions {
  readonly url: string
  readonly origin: string
  readonly path: string
  readonly headers: Record<string, string>
  /** Close the connection after the answer. */
  readonly reset: boolean
  readonly timeouts: HttpTimeouts
  readonly maxBytes: number
  readonly statuses: readonly number[]
  readonly now: () => number
  /** Supplies memory for accepted bodies. */
  readonly pool: BufferPool
  /** See `GetOptions.onBytes`. */
  readonly onBytes?: ((held: number) => void) | undefined
  readonly signal: AbortSignal | undefined
  /** Aborts when the transport is closed. */
  readonly closing: AbortSignal
}

/**
 * One GET over a dispatcher; the body is not decoded. Uses handlers of `dispatch` directly: a stream between the socket and one buffer
 * would cost more than everything else here.
 */
export function exchange(dispatcher: Dispatcher, options: ExchangeOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const handler = new ExchangeHandler(options, resolve, reject)
    if (handler.settled) return
    try {
      const { origin, path, headers, reset, timeouts } = options
      const limits = { headersTimeout: timeouts.headersMs, bodyTimeout: timeouts.bodyIdleMs }
      dispatcher.dispatch({ origin, path, method: 'GET', headers, reset, ...limits }, handler)
    } catch (error) {
      handler.fail(networkError(options.url, error))
    }
  })
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  private readonly options: ExchangeOptions
  private readonly resolve: (answer: HttpAnswer) => void
  private readonly reject: (reason: unknown) => void
  private readonly deadline: NodeJS.Timeout
  private controller: Dispatcher.DispatchController | undefined
  settled = false
  private status = 0
  private interim = 0
  private headers: Record<string, string> = {}
  private body = new BodyCollector(0)

  constructor(options: ExchangeOptions, resolve: (answer: HttpAnswer) => void, reject: (reason: unknown) => void) {
    this.options = options
    this.resolve = resolve
    this.reject = reject
    const { totalMs } = options.timeouts
    this.deadline = setTimeout(
      () => this.fail(timeoutError(options.url, `no complete answer after ${totalMs} ms`)),
      totalMs,
    )
    options.signal?.addEventListener('abort', this.onAbort)
    options.closing.addEventListener('abort', this.onClosing)
    if (options.signal?.aborted) this.onAbort()
    if (options.closing.aborted) this.onClosing()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.settled) this.cut()
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: RawHeaders): void {
    if (this.settled) return
    if (!Number.isInteger(status)) {
      this.fail(this.nonsense(`a status ${String(status)}`))
      return
    }
    // 100 Continue, 103 Early Hints: the answer is still to come.
    if (status < 200) {
      if (++this.interim > MAX_INTERIM) this.fail(this.nonsense(`more than ${MAX_INTERIM} interim answers`))
      return
    }
    this.status = status
    this.headers = singleValued(headers)
    const { url, maxBytes, pool, onBytes } = this.options
    const announced = contentLength(this.headers)
    if (!this.accepted) this.body = new BodyCollector(MAX_ERROR_BODY)
    else if (announced !== undefined && announced > maxBytes)
      this.fail(tooLargeError(url, maxBytes, `a body of ${announced} bytes`))
    else this.body = new BodyCollector(maxBytes, announced, pool, onBytes)
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.settled) return
    const isBytes = piece instanceof Uint8Array
    if (isBytes && this.body.push(piece)) return
    const { url, maxBytes } = this.options
    if (!isBytes) this.fail(this.nonsense('a piece of a body that is no bytes'))
    else this.fail(this.accepted ? tooLargeError(url, maxBytes, 'the body') : this.notAccepted())
  }

  onResponseEnd(): void {
    this.settle(() => {
      // undici takes a connection back one turn of the event loop later; a request sent sooner would open another connection.
      queueMicrotask(() => setImmediate(() => this.finish()))
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    // A status that has arrived says more than what went wrong with the body of an error page.
    const statusKnown = this.status !== 0 && !this.accepted
    this.fail(statusKnown ? this.notAccepted() : networkError(this.options.url, error))
  }

  fail(reason: unknown): void {
    this.settle(() => {
      this.body.release()
      this.reject(reason)
    })
    this.cut()
  }

  private finish(): void {
    const { status, headers, body } = this
    if (this.accepted) this.resolve({ status, headers, body: body.bytes(), release: body.release })
    else this.reject(this.notAccepted())
  }

  private get accepted(): boolean {
    return this.options.statuses.includes(this.status)
  }

  private nonsense(what: string): CtStreamError {
    return networkError(this.options.url, new Error(`${what} from the server or the dispatcher`))
  }

  private notAccepted(): CtStreamError {
    return statusError(this.options.url, this.status, this.headers, this.body.bytes(), this.options.now())
  }

  private readonly onAbort = (): void => this.fail(this.options.signal?.reason)
  private readonly onClosing = (): void => this.fail(closedError(this.options.url))

  private settle(deliver: () => void): void {
    if (this.settled) return
    this.settled = true
    clearTimeout(this.deadline)
    this.options.signal?.removeEventListener('abort', this.onAbort)
    this.options.closing.removeEventListener('abort', this.onClosing)
    deliver()
  }

  /** Aborts the connection. undici then calls {@link onResponseError}, which does nothing more. */
  private cut(): void {
    if (this.controller !== undefined && !this.controller.aborted) this.controller.abort(new Error('request given up'))
  }
}

type RawHeaders = Readonly<Record<string, string | string[] | undefined>>

function singleValued(headers: RawHeaders): Record<string, string> {
  const single: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers ?? {}))
    if (value !== undefined) single[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
  return single
}
