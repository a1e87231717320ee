import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Another address of what is served at `target`: passes every request on, with `via` in its headers. */
export class MovedLog {
  requests = 0
  private readonly server: Server

  private constructor(target: string) {
    const { port } = new URL(target)
    this.server = createServer((incoming, response) => {
      this.requests++
      const headers = { ...incoming.headers, via: 'moved', connection: 'close' }
      const passedOn = request({ host: '127.0.0.1', port, path: incoming.url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      passedOn.on('error', () => response.destroy())
      passedOn.end()
    })
    this.server.keepAliveTimeout = 0
  }

  static async open(target: string): Promise<MovedLog> {
    const moved = new MovedLog(target)
    await new Promise<void>((resolve) => moved.server.listen(0, '127.0.0.1', resolve))
    return moved
  }

  /** `http://127.0.0.1:<port>`, no slash at its end. */
  get base(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
