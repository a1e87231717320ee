import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIPv6 } from 'node:net'
import { Exposition } from './exposition.js'

/** Bounds for connections that send little. Milliseconds and bytes. */
const bounds = { headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000, maxHeaderSize: 16 * 1024 }
/** Most connections: a Prometheus or two, and somebody with a browser. */
const MAX_CONNECTIONS = 16
const PLAIN = 'text/plain; charset=utf-8'

/** `/metrics` on a port of its own, for streams without a server. */
export class MetricsEndpoint {
  readonly exposition = new Exposition()
  private readonly server: Server

  constructor() {
    this.server = createServer(bounds, (request, response) => {
      this.answer(request, response).catch(() => end(response, 500, PLAIN, 'the metrics could not be read\n'))
    })
    this.server.maxConnections = MAX_CONNECTIONS
  }

  /** @returns The URL of the metrics. @throws Node's error when it cannot listen there. */
  listen(host: string, port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(port, host, () => {
        const address = this.server.address()
        const actual = typeof address === 'object' && address !== null ? address.port : port
        resolve(`http://${isIPv6(host) ? `[${host}]` : host}:${actual}/metrics`)
      })
    })
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }

  private async answer({ method, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url.replace(/\?.*$/, '') !== '/metrics') return end(response, 404, PLAIN, 'see /metrics\n')
    if (method === 'GET' || method === 'HEAD')
      return end(response, 200, this.exposition.contentType, await this.exposition.text())
    response.setHeader('Allow', 'GET, HEAD')
    end(response, 405, PLAIN, 'GET or HEAD\n')
  }
}

function end(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}
