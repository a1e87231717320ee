import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Serves one log list on loopback, as a web server does: with ETag, and 304 for who has it. */
export class ListServer implements AsyncDisposable {
  /** What it serves; a status for an answer without a list, text for a body that is none. */
  content: object | string | number
  readonly requests: { readonly etag: string | undefined; readonly status: number }[] = []
  private readonly server: Server

  private constructor(content: object | string) {
    this.content = content
    this.server = createServer((request, response) => {
      const { content } = this
      const body = typeof content === 'string' ? content : JSON.stringify(content)
      const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`
      const condition = request.headers['if-none-match']
      const status = typeof content === 'number' ? content : condition === etag ? 304 : 200
      this.requests.push({ etag: condition, status })
      response.writeHead(status, { etag, 'content-type': 'application/json' })
      response.end(status === 200 ? body : undefined)
    })
    this.server.keepAliveTimeout = 0
  }

  static async open(content: object | string): Promise<ListServer> {
    const lists = new ListServer(content)
    await new Promise<void>((resolve) => lists.server.listen(0, '127.0.0.1', resolve))
    return lists
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/all_logs_list.json`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
