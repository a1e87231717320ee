import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, it, onTestFinished } from 'vitest'
import { MemoryBacklog } from '../../../src/server/backlog.js'
import { Connections } from '../../../src/server/connections.js'
import { Gate } from '../../../src/server/gate.js'
import { createServer, type ServerOptions } from '../../../src/server/index.js'
import { serverSettings } from '../../../src/server/options.js'
import { WebSockets } from '../../../src/server/web-sockets.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { closing } from '../../support/closing.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const options = { port: 0, keep: false } as const
const newSource = () => new PageSource([], { staysOpen: true })

/** A client that asks for a WebSocket and leaves its side open whatever comes; with the socket that the server has for it. */
async function stranger(given: Partial<ServerOptions>, path: string, key = 'dGhlIHNhbXBsZSBub25jZQ==') {
  const server = closing(createServer({ source: newSource(), ...options, ...given }))
  const { port } = await server.listen()
  const accepted = new Promise<Socket>((resolve) => {
    const onSocket = (message: unknown) => resolve((message as { socket: Socket }).socket)
    subscribe('net.server.socket', onSocket)
    onTestFinished(() => void unsubscribe('net.server.socket', onSocket))
  })
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void client.destroy())
  client.on('error', () => {})
  client.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  )
  return { server, client, socket: await accepted }
}

it.each<[number, string, Partial<ServerOptions>, string?]>([
  [400, '/v2/stream?kind=nonsense', {}],
  [400, '/', {}, 'no-key'],
  [401, '/', { tokens: ['not-to-be-guessed'] }],
  [404, '/nowhere', {}],
])(
  'is rid of a client that it refuses with %i at %s, also when that never closes its side',
  async (status, ...asked) => {
    const [path, given, key] = asked
    const { client, socket } = await stranger(given, path, key)
    let answer = ''
    client.on('data', (bytes) => {
      answer += bytes
    })
    await Promise.all([once(socket, 'close'), once(client, 'end')])
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\\r\\n\\r\\n.+`, 's'))
    expect(client.writable).toBe(true)
  },
)

/** Sockets asked for on a server whose clients read nothing, on a clock that stands still. */
function unread() {
  const clock = new VirtualClock()
  const settings = serverSettings({ source: newSource(), ...options, clock, handshakeTimeoutMs: 5000 })
  const connections = new Connections(settings)
  const webSockets = new WebSockets(settings, new Gate(settings, connections), connections, new MemoryBacklog())
  const ask = (url: string) => {
    // What is written to it is never taken.
    const socket = new Duplex({ read() {}, write() {} })
    const headers = { upgrade: 'websocket', 'sec-websocket-version': '13' }
    const request = { url, headers, method: 'GET', socket: { remoteAddress: '127.0.0.1' } }
    webSockets.upgrade(request as unknown as IncomingMessage, socket, Buffer.alloc(0))
    return socket
  }
  return { clock, webSockets, ask }
}

it.each(['/nowhere', '/'])(
  'waits no longer than for a handshake until it is refused at %s who does not read',
  async (path) => {
    const { clock, ask } = unread()
    const socket = ask(path)
    await clock.pass(4999)
    expect(socket.destroyed).toBe(false)
    await clock.pass(1)
    expect(socket.destroyed).toBe(true)
    expect(clock.sleeping).toBe(0)
  },
)

it('ends those it is refusing when it closes, and waits for none', async () => {
  const { clock, webSockets, ask } = unread()
  const sockets = [ask('/nowhere'), ask('/')]
  webSockets.cut()
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true])
  await clock.pass(0)
  expect(clock.sleeping).toBe(0)
})

it('leaves no socket behind when it is closed', async () => {
  const { server, socket } = await stranger({ handshakeTimeoutMs: 600_000 }, '/nowhere')
  const closed = once(socket, 'close')
  await server.close()
  await closed
  expect(socket.destroyed).toBe(true)
})
