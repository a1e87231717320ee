import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Whether a request asks for a WebSocket, and not for another protocol, such as HTTP/2 (`h2c`). */
export function asksForWebSocket({ headers: { upgrade } }: Pick<IncomingMessage, 'headers'>): boolean {
  return /websocket/i.test(upgrade ?? '')
}

/**
 * Requests that offer a protocol this server does not speak, as Java's HTTP client and `curl --http2` do with their first one. A server may
 * pass over the offer (RFC 9110 section 7.8), but Node.js hands such a request over without a response, as it does those for WebSockets.
 */
export class OtherUpgrades {
  private readonly sockets = new Set<Duplex>()

  /**
   * @returns A response as the request would have had without its offer; the connection is closed after it. `undefined` when the client
   * is cut off, since an answer to an earlier request is still on its way there (HTTP pipelining).
   */
  responseTo(request: IncomingMessage, socket: Duplex): ServerResponse | undefined {
    const response = new ServerResponse(request)
    this.sockets.add(socket)
    socket.once('close', () => this.sockets.delete(socket))
    // Without a listener, a broken connection would end the process.
    socket.on('error', () => {})
    response.shouldKeepAlive = false
    try {
      response.assignSocket(socket as Socket)
    } catch {
      socket.destroy()
      return undefined
    }
    response.once('finish', () => socket.end())
    socket.once('finish', () => socket.destroy())
    // As Node.js does where a client closes its side.
    socket.once('end', () => socket.end())
    // What the client still sends is dropped: unread, it would reset the connection before the client has the answer.
    socket.resume()
    return response
  }

  /** Cuts the connections that are left. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }
}
