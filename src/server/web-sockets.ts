import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Backlog } from './backlog.js'
import { beginClient } from './begin.js'
import type { Connection, Connections } from './connections.js'
import type { Gate } from './gate.js'
import type { ServerSettings } from './options.js'
import { knownPath } from './paths.js'
import { type Subscription, subscriptionOf } from './subscription.js'

/** RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001
/** Largest message of a client: none is expected except pings. */
const MAX_MESSAGE_BYTES = 4096

/** Accepts clients on WebSockets. */
export class WebSockets {
  private readonly settings: ServerSettings
  private readonly gate: Gate
  private readonly connections: Connections
  private readonly backlog: Backlog
  // No compression: with it 200 clients cost 51 MB, and they could not share one buffer. No automatic answers to pings: they would pile up
  // for a client that pings and does not read.
  private readonly sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    autoPong: false,
  })

  constructor(settings: ServerSettings, gate: Gate, connections: Connections, backlog: Backlog) {
    this.settings = settings
    this.gate = gate
    this.connections = connections
    this.backlog = backlog
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener, a broken connection would end the process.
    socket.on('error', () => {})
    const entry = this.gate.open(request, (url) => subscriptionOf(url, 'websocket'))
    const { tally } = this.connections
    tally.answered(knownPath(this.gate.urlOf(request)), 'status' in entry ? entry.status : 101)
    if ('status' in entry) {
      refuse(socket, entry.status, entry.message)
      return
    }
    const { wanted, address, path } = entry
    this.sockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.begin(webSocket, socket as Socket, wanted, { address, path }),
    )
  }

  private begin(
    webSocket: WebSocket,
    socket: Socket,
    subscription: Subscription,
    from: Pick<Connection, 'address' | 'path'>,
  ): void {
    const { connections, backlog, settings } = this
    socket.setNoDelay(true)
    const connection: Connection = {
      ...from,
      client: beginClient(subscription, {
        sink: socket,
        isOpen: () => webSocket.readyState === webSocket.OPEN,
        backlog,
        maxQueueBytes: settings.maxQueueBytes,
        tally: connections.tally,
        issuances: connections.issuances,
        onFailure: (error) => settings.logger.error('a client could not be sent what it missed', { error }),
      }),
      heartbeatMs: subscription.heartbeatMs,
      ping: () => webSocket.ping(),
      taken: () => socket.bytesWritten - socket.writableLength,
      answers: true,
      cut: () => webSocket.terminate(),
      goAway: () => webSocket.close(GOING_AWAY, 'the server is going away'),
    }
    connections.add(connection)
    const heard = () => connections.heard(connection)
    webSocket.on('error', () => {})
    webSocket.on('close', () => connections.remove(connection))
    webSocket.on('message', heard)
    webSocket.on('pong', heard)
    webSocket.on('ping', (data) => {
      heard()
      if (!socket.writableNeedDrain && webSocket.readyState === webSocket.OPEN) webSocket.pong(data)
    })
    connection.client.catchUp()
  }
}

function refuse(socket: Duplex, status: number, message: string): void {
  const body = `${message}\n`
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      // Plain text: the message may quote the request, which must not be rendered as HTML.
      `X-Content-Type-Options: nosniff\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
