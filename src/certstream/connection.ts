import WebSocket from 'ws'
import { CtStreamError } from '../errors.js'
import { userAgent } from '../http/user-agent.js'
import { linkedController } from '../util/abort.js'
import { cutText, harmless } from '../util/harmless.js'
import { parseRetryAfter } from '../util/retry-after.js'
import { VERSION } from '../version.js'
import type { ClientSettings } from './options.js'
import { tunnelThrough } from './tunnel.js'

/** How long a server may take to say goodbye, milliseconds. */
const GOODBYE_MS = 1000
/** Bytes of pings and pongs that a server has not read. */
const MAX_UNSENT = 65_536

export interface ConnectionEvents {
  onOpen(): void
  /** @returns Whether more may come; otherwise nothing is read before {@link Connection.resume}. */
  onFrame(text: string, bytes: number): boolean
  /** What the server's ping carries. */
  onPing(payload: Buffer): void
}

/** One WebSocket connection to a server: read at the pace of its reader, watched for silence. */
export class Connection {
  private readonly settings: ClientSettings
  private readonly socket: WebSocket
  private readonly over = new AbortController()
  private heardAt: number
  private failure: CtStreamError | undefined
  /** Rejects, always, with why the connection is over. */
  readonly done: Promise<never>

  constructor(url: URL, settings: ClientSettings, events: ConnectionEvents) {
    this.settings = settings
    this.heardAt = settings.elapsed()
    const socket = new WebSocket(url, {
      headers: { 'user-agent': userAgent(VERSION), ...settings.headers },
      maxPayload: settings.maxMessageBytes,
      // Unpacking what a stranger sends costs memory that no limit of ours bounds.
      perMessageDeflate: false,
      followRedirects: false,
      autoPong: false,
      ...(settings.proxy !== undefined && {
        agent: tunnelThrough(settings.proxy, url.protocol === 'wss:', this.over.signal),
      }),
    })
    this.socket = socket
    const hear = () => {
      this.heardAt = settings.elapsed()
    }
    const connecting = linkedController(this.over.signal)
    this.connectInTime(connecting.signal).catch(() => {})
    socket.on('open', () => {
      connecting.abort()
      hear()
      events.onOpen()
      this.watch().catch(() => {})
    })
    socket.on('ping', (data) => {
      hear()
      // Answers that a server asks for and does not read would pile up.
      if (socket.bufferedAmount < MAX_UNSENT) socket.pong(data)
      if (!this.over.signal.aborted) events.onPing(data)
    })
    socket.on('pong', hear)
    socket.on('message', (data: Buffer) => {
      hear()
      if (this.over.signal.aborted) return
      if (!events.onFrame(data.toString('utf8'), data.length)) socket.pause()
    })
    socket.on('unexpected-response', (_request, response) => {
      response.destroy()
      const retryAfterMs = parseRetryAfter(response.headers['retry-after'], settings.clock.now())
      this.fail(statusError(settings.shownUrl, response.statusCode ?? 0, retryAfterMs))
    })
    socket.on('error', (error) => this.fail(networkError(settings, error)))
    this.done = new Promise((_resolve, reject) => {
      socket.on('close', (code, reason) => {
        this.over.abort()
        reject(this.failure ?? closeError(settings.shownUrl, code, reason))
      })
    })
    this.done.catch(() => {})
  }

  /** Reads on. */
  resume(): void {
    if (!this.socket.isPaused) return
    this.heardAt = this.settings.elapsed()
    this.socket.resume()
  }

  /** Says goodbye; resolves when the connection is closed, after a second at the latest. */
  async close(): Promise<void> {
    const { socket, settings } = this
    const closed = this.done.catch(() => {})
    if (socket.readyState === WebSocket.CLOSED) return
    const wasOpen = socket.readyState === WebSocket.OPEN
    this.over.abort()
    this.resume()
    if (wasOpen) socket.close(1000)
    else socket.terminate()
    const patience = new AbortController()
    const tooLong = settings.clock.sleep(GOODBYE_MS, patience.signal).then(
      () => socket.terminate(),
      () => {},
    )
    await closed
    patience.abort()
    await tooLong
  }

  private fail(error: CtStreamError): void {
    this.failure ??= error
    this.socket.terminate()
  }

  private async connectInTime(isOpen: AbortSignal): Promise<void> {
    const { clock, connectTimeoutMs, shownUrl } = this.settings
    await clock.sleep(connectTimeoutMs, isOpen)
    this.fail(timeoutError(shownUrl, `no connection within ${connectTimeoutMs} ms`))
  }

  /** Pings the server, and gives it up when nothing is heard of it; one that is not read cannot be heard. */
  private async watch(): Promise<void> {
    const { socket, settings } = this
    const { clock, elapsed, shownUrl } = settings
    const { signal } = this.over
    while (socket.readyState === WebSocket.OPEN) {
      const leftMs = Math.min(settings.pingIntervalMs, this.heardAt + settings.silenceTimeoutMs - elapsed())
      await clock.sleep(Math.max(leftMs, 1), signal)
      if (socket.readyState !== WebSocket.OPEN) return
      if (socket.isPaused) this.heardAt = elapsed()
      if (elapsed() - this.heardAt >= settings.silenceTimeoutMs)
        return this.fail(timeoutError(shownUrl, `nothing heard for ${settings.silenceTimeoutMs} ms`))
      if (socket.bufferedAmount < MAX_UNSENT) socket.ping()
    }
  }
}

function timeoutError(url: string, what: string): CtStreamError {
  return new CtStreamError('CT_HTTP_TIMEOUT', `${url}: ${what}`, { url, retryable: true })
}

function statusError(url: string, status: number, retryAfterMs: number | undefined): CtStreamError {
  const retryable = status >= 500 || status === 408 || status === 425 || status === 429
  return new CtStreamError('CT_HTTP_STATUS', `${url}: ${status} instead of a WebSocket`, {
    url,
    status,
    retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

function closeError(url: string, code: number, reason: Buffer): CtStreamError {
  const said = reason.length === 0 ? '' : ` (${cutText(harmless(reason.toString('utf8')), 80)})`
  return new CtStreamError('CT_HTTP_NETWORK', `${url}: the server closed the connection with ${code}${said}`, {
    url,
    retryable: true,
  })
}

function networkError({ shownUrl: url, maxMessageBytes }: ClientSettings, cause: Error): CtStreamError {
  const code = 'code' in cause ? String(cause.code) : ''
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
    return new CtStreamError('CT_RESPONSE_TOO_LARGE', `${url}: a message above ${maxMessageBytes} bytes`, {
      url,
      retryable: true,
      cause,
    })
  const message = cutText(harmless(cause.message || code), 200)
  const kind = code.startsWith('WS_ERR_') ? 'CT_RESPONSE_MALFORMED' : 'CT_HTTP_NETWORK'
  return new CtStreamError(kind, `${url}: ${message}`, { url, retryable: true, cause })
}
