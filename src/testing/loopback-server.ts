import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** How to send an answer; by default the whole. */
export interface SendOptions {
  /** Number of bytes of the body to send before the connection is closed, or stays silent. */
  readonly cutAfter?: number
  /** With `cutAfter`: leave the connection open and silent. */
  readonly silent?: boolean
  /** With `cutAfter`: reset the connection instead of closing it. */
  readonly reset?: boolean
  /** Length to announce instead of the body's; the connection is closed after the body. */
  readonly announce?: number
  readonly closeConnection?: boolean
}

/** An HTTP/1.1 server on a free port of 127.0.0.1 that numbers its connections. */
export class LoopbackServer {
  private readonly server: Server
  private readonly connections = new WeakMap<Socket, number>()
  /** TCP connections accepted so far. */
  connectionCount = 0

  constructor(handle: (request: IncomingMessage, response: ServerResponse, connection: number) => Promise<void>) {
    this.server = createServer((request, response) => {
      const connection = this.connections.get(request.socket) ?? -1
      handle(request, response, connection).catch((error: unknown) => {
        // An error in a test's own `when` or `rewrite` must show in the answer instead of leaving it open.
        if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
        response.end(`test log: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      })
    })
    // Never closes idle connections: closing one just as a client reuses it would be a fault that no test has set.
    this.server.keepAliveTimeout = 0
    this.server.on('connection', (socket) => {
      this.connections.set(socket, this.connectionCount++)
      socket.on('error', () => socket.destroy())
    })
  }

  /** @returns `http://127.0.0.1:<port>`. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(0, '127.0.0.1', resolve)
    })
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Closes every connection, answered or not. Idempotent. */
  async close(): Promise<void> {
    if (!this.server.listening) return
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }
}

/** Sends an answer. Returns the number of body bytes. */
export function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  options: SendOptions = {},
): number {
  const { announce, silent = false, reset = false, closeConnection = false } = options
  const cutAfter = options.cutAfter ?? (announce === undefined ? undefined : body.length)
  response.writeHead(status, {
    ...headers,
    'content-length': String(announce ?? body.length),
    ...(closeConnection ? { connection: 'close' } : {}),
  })
  if (cutAfter === undefined) {
    response.end(body)
    return body.length
  }
  const part = body.subarray(0, cutAfter)
  response.flushHeaders()
  const { socket } = response
  // Resets the connection only after the kernel has the bytes, because the client might otherwise see none of them.
  response.write(part.length === 0 ? '' : part, () => {
    if (reset && !silent) socket?.resetAndDestroy()
  })
  // end() instead of destroy(), so that the written bytes arrive before the connection is closed.
  if (!silent && !reset) socket?.end()
  return part.length
}
