import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'

/** A CertStream server of a test, on loopback. */
export interface TestServer {
  readonly url: string
  /** Paths with query that were asked for, in order. */
  readonly asked: string[]
  /** The connections that are open. */
  readonly clients: ReadonlySet<WebSocket>
  /** Answer to the next requests instead of a WebSocket; 0: none. */
  refuseWith: number
  /** Seconds it then asks to wait. */
  retryAfter: number | undefined
}

/** @param onClient - What the server does with its n-th client, from 0. */
export async function testServer(
  onClient: (client: WebSocket, n: number, request: IncomingMessage) => void,
  options: { readonly autoPong?: boolean } = {},
): Promise<TestServer> {
  const http = createServer((_request, response) => response.writeHead(426).end())
  const sockets = new WebSocketServer({ noServer: true, ...options })
  const asked: string[] = []
  const server: TestServer & { url: string } = {
    asked,
    clients: sockets.clients,
    refuseWith: 0,
    retryAfter: undefined,
    url: '',
  }
  let n = 0
  http.on('upgrade', (request, socket, head) => {
    asked.push(request.url ?? '')
    if (server.refuseWith > 0) {
      const wait = server.retryAfter === undefined ? '' : `Retry-After: ${server.retryAfter}\r\n`
      socket.end(`HTTP/1.1 ${server.refuseWith} No\r\n${wait}Content-Length: 0\r\nConnection: close\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => onClient(client, n++, request))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  server.url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate()
    http.closeAllConnections()
    http.close()
  })
  return server
}

export const domains = (name: string, cursor?: string): string =>
  JSON.stringify({ message_type: 'dns_entries', data: [name], ...(cursor !== undefined && { cursor }) })
