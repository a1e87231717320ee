import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Backlog } from './backlog.js'
import { beginClient } from './begin.js'
import type { Connection, Connections } from './connections.js'
import type { Gate, Refused } from './gate.js'
import type { ServerSettings } from './options.js'
import { whenOver } from './response-over.js'
import { subscriptionOf } from './subscription.js'

/** Accepts clients on Server-Sent Events. */
export class EventStreams {
  private readonly settings: ServerSettings
  private readonly gate: Gate
  private readonly connections: Connections
  private readonly backlog: Backlog

  constructor(settings: ServerSettings, gate: Gate, connections: Connections, backlog: Backlog) {
    this.settings = settings
    this.gate = gate
    this.connections = connections
    this.backlog = backlog
  }

  /** @returns Why the client is refused; `undefined` when it is connected. */
  begin(request: IncomingMessage, response: ServerResponse): Refused | undefined {
    const { connections, backlog, settings } = this
    const lastEventId = request.headers['last-event-id']
    const entry = this.gate.open(request, (url) => subscriptionOf(url, 'sse', lastEventId?.toString()))
    if ('status' in entry) return entry
    const { wanted, address, path } = entry
    const { socket } = request
    socket.setNoDelay(true)
    // `no-transform` and nginx's header: a proxy that buffers would delay events.
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    })
    response.flushHeaders()
    const connection: Connection = {
      address,
      path,
      client: beginClient(wanted, {
        sink: response,
        // A response still claims to be writable after its connection is gone.
        isOpen: () => !response.writableEnded && !socket.destroyed,
        backlog,
        maxQueueBytes: settings.maxQueueBytes,
        tally: connections.tally,
        issuances: connections.issuances,
        onFailure: (error) => settings.logger.error('a client could not be sent what it missed', { error }),
      }),
      heartbeatMs: wanted.heartbeatMs,
      // Browsers do not dispatch an event without data, but remember its id, so a client with a narrow filter resumes from here.
      ping: () => response.write(`id: ${connection.client.id}\n\n`),
      taken: () => socket.bytesWritten - socket.writableLength,
      answers: false,
      cut: () => socket.destroy(),
      goAway: () => response.end(),
    }
    connections.add(connection)
    response.on('error', () => {})
    whenOver(response, () => connections.remove(connection))
    // From here it can resume, should it be cut off before the next ping with nothing that its filter passes.
    connection.ping()
    connection.client.catchUp()
    return undefined
  }
}
