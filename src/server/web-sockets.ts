import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { quietController } from '../util/abort.js'
import { cursorPing } from '../util/cursor-ping.js'
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
  /** Those that are being refused. */
  private readonly parting = new Set<Duplex>()
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
      this.part(socket)
      return
    }
    const { wanted, address, path } = entry
    let isAccepted = false
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      isAccepted = true
      this.begin(webSocket, socket as Socket, wanted, { address, path })
    })
    // It has answered that this is no handshake.
    if (!isAccepted) this.part(socket)
  }

  /** Disconnects those that are being refused. */
  cut(): void {
    for (const socket of this.parting) socket.destroy()
  }

  /**
   * Destroys a refused socket once its answer is written, at the latest after the time for a handshake. Ending it would not do: a socket of
   * an HTTP server stays half open until the client closes its side, and after an upgrade no timeout of that server applies.
   */
  private part(socket: Duplex): void {
    const { clock, handshakeTimeoutMs } = this.settings
    const closed = quietController()
    this.parting.add(socket)
    socket.once('close', () => {
      this.parting.delete(socket)
      closed.abort()
    })
    // What the client still sends is dropped: unread, it would reset the connection before the client has the answer.
    socket.resume()
    socket.once('finish', () => socket.destroy())
    clock.sleep(handshakeTimeoutMs, closed.signal).then(
      () => socket.destroy(),
      () => {},
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
      ping: () => webSocket.ping(cursorPing(connection.client.id)),
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
    // From here it can resume, should it be cut off before the next ping with nothing that its filter passes.
    connection.ping()
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
