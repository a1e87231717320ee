import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import { WebSocket } from 'ws'
import { Notifier } from '../../src/util/notifier.js'

export interface Message {
  readonly message_type?: string
  readonly kind?: string
  readonly id?: string
  readonly cursor?: string
  readonly missed?: number | null
  readonly data?: unknown
}

/** Messages as they come; the test waits for as many as it wants. */
class Inbox {
  readonly messages: Message[] = []
  private readonly changed = new Notifier()

  put(message: Message): void {
    this.messages.push(message)
    this.changed.notify()
  }

  /** Resolves when there are so many. */
  async have(count: number): Promise<Message[]> {
    while (this.messages.length < count) await this.changed.wait()
    return this.messages
  }

  /** What tells one from the others and the last of all that a client remembers. */
  get ids(): (string | undefined)[] {
    return this.messages.map(({ id, cursor }) => id ?? cursor)
  }
}

type ClientOptions = Pick<ConnectionOptions, 'ca' | 'checkServerIdentity'> & {
  readonly headers?: Record<string, string>
  readonly origin?: string
  readonly autoPong?: boolean
  /** Address of this machine that it connects from. */
  readonly localAddress?: string
}

/** A client on a WebSocket, of the package `ws`. */
export class SocketClient extends Inbox {
  readonly socket: WebSocket
  pings = 0
  readonly opened: Promise<void>
  /** The status code it was closed with. */
  readonly closed: Promise<number>
  /** The status of the HTTP answer that refused it. */
  readonly refused: Promise<number | undefined>

  constructor(url: string, options: ClientOptions = {}) {
    super()
    const socket = new WebSocket(url.replace(/^http/, 'ws'), options)
    this.socket = socket
    this.opened = new Promise((resolve) => socket.on('open', () => resolve()))
    this.closed = new Promise((resolve) => socket.on('close', resolve))
    this.refused = new Promise((resolve) =>
      socket.on('unexpected-response', (sent, response) => {
        resolve(response.statusCode)
        response.resume()
        sent.destroy()
      }),
    )
    socket.on('error', () => {})
    socket.on('ping', () => this.pings++)
    socket.on('message', (data) => this.put(JSON.parse(`${data}`)))
  }

  close(): Promise<unknown> {
    this.socket.terminate()
    return Promise.resolve()
  }
}

/** A client of Server-Sent Events: blocks as the standard reads them. */
export class EventClient extends Inbox {
  /** As a browser remembers it. */
  lastId = ''
  readonly status: Promise<number | undefined>
  readonly ended: Promise<void>
  private readonly sent

  constructor(url: string, headers: Record<string, string> = {}, tls: ConnectionOptions = {}) {
    super()
    let text = ''
    let isOver = () => {}
    this.ended = new Promise((resolve) => {
      isOver = resolve
    })
    this.sent = url.startsWith('https') ? secureRequest(url, { ...tls, headers }) : request(url, { headers })
    this.status = new Promise((resolve) => {
      this.sent.on('response', (response) => {
        resolve(response.statusCode)
        response.on('close', () => isOver())
        response.on('error', () => {})
        response.setEncoding('utf8').on('data', (part: string) => {
          const blocks = `${text}${part}`.split('\n\n')
          text = blocks.pop() ?? ''
          for (const block of blocks) this.read(block)
        })
      })
    })
    this.sent.on('error', () => {})
    this.sent.end()
  }

  close(): Promise<unknown> {
    this.sent.destroy()
    return Promise.resolve()
  }

  private read(block: string): void {
    for (const line of block.split('\n')) {
      if (line.startsWith('id: ')) this.lastId = line.slice(4)
      if (line.startsWith('data: ')) this.put(JSON.parse(line.slice(6)))
    }
  }
}
