import { CtStreamError } from '../errors.js'
import { booleanOption, optionError } from '../util/options.js'
import { CertStream } from './cert-stream.js'
import type { RawMessage } from './server-message.js'

/**
 * The client of the npm package `certstream`, over {@link certStream}: the same calls, and a connection that comes back by itself.
 *
 * @example
 * ```ts
 * const client = new CertStreamClient((message, context) => console.log(message), true)
 * client.connect('wss://certstream.example.org/')
 * ```
 */
export class CertStreamClient {
  /** Handed to every call of the callback: yours to keep things in. */
  readonly context: Record<string, unknown> = {}
  private readonly callback: (message: RawMessage, context: Record<string, unknown>) => void
  private readonly skipHeartbeats: boolean
  private stream: CertStream | undefined

  /**
   * @param callback - Called with each message as the server sends it. What it throws ends the connection and is rethrown on its own.
   * @param skipHeartbeats - Leaves out messages of the type `heartbeat`. Default `false`, as there.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID`
   */
  constructor(callback: (message: RawMessage, context: Record<string, unknown>) => void, skipHeartbeats = false) {
    if (typeof callback !== 'function') throw optionError('callback', 'a function', callback)
    this.callback = callback
    this.skipHeartbeats = booleanOption('skipHeartbeats', skipHeartbeats, false)
  }

  /**
   * Connects, and again whenever the connection is lost, until {@link close}. `ws:` is accepted as it is there.
   *
   * @returns The stream behind it, for its events: `error`, `gap`, `reconnect`.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` when `url` is no such URL; there is no default, since the public server is gone.
   */
  connect(url: string): CertStream {
    if (url === undefined)
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        'connect() needs the wss: URL of a server: certstream.calidog.io, the default of certstream-js, is gone',
      )
    const stream = new CertStream({ url, allowHttp: true })
    this.close().catch(() => {})
    this.stream = stream
    this.read(stream).catch((error: unknown) => {
      queueMicrotask(() => {
        throw error
      })
    })
    return stream
  }

  /** Ends the connection. Idempotent. */
  async close(): Promise<void> {
    await this.stream?.close()
  }

  private async read(stream: CertStream): Promise<void> {
    for await (const message of stream.messages())
      if (!this.skipHeartbeats || message.message_type !== 'heartbeat') this.callback(message, this.context)
  }
}
