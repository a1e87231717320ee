import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { heldLog, newFolder, serve } from '../support/serve-command.js'
import { EventClient, SocketClient } from '../support/server-clients.js'

// What strangers send to `ct-stream serve` as it is shipped: each gets a clear status or close code, and those who behave lose nothing.
/** How many files, and sockets, this process may have open. */
const openFiles = Number(spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout) || 0
const CLIENTS = Number(process.env.CT_STREAM_TEST_SERVER_CLIENTS ?? 100)
/** Of one address; 10000 takes ten seconds. */
const CONNECTIONS = Number(process.env.CT_STREAM_TEST_CONNECTIONS ?? 2000)

async function serving(...argv: string[]) {
  const { log, issued, release } = await heldLog(10)
  const server = await serve(newFolder(), log, '--no-checkpoint', ...argv)
  const { hostname, port } = new URL(server.url)
  /** Bytes as they are; resolves with all that is answered, when the server has closed. */
  const raw = async (text: string): Promise<string> => {
    const socket = connectTo(hostname, port)
    socket.write(text)
    let answer = ''
    for await (const part of socket.setEncoding('utf8')) answer += part
    return answer
  }
  return { server, issued, release, raw, hostname, port }
}

function connectTo(hostname: string, port: string): Socket {
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1])
const noSniff = '\r\nX-Content-Type-Options: nosniff\r\n'
const upgrade = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${headers}\r\n`

describe('strangers at the server', () => {
  it.each([
    ['a path that does not exist', upgrade('/nothing'), 404],
    ['a path with a name of JavaScript', upgrade('/__proto__'), 404],
    ['an upgrade to something else', upgrade('/full-stream').replace('websocket\r\n', 'h2c\r\n'), 426],
    ['a WebSocket of an unknown version', upgrade('/').replace('Version: 13', 'Version: 5'), 400],
    ['a WebSocket with an invalid key', upgrade('/').replace('AAAA==', '!'), 400],
    ['an id that is damaged', upgrade('/v2/stream?after=0123456789-x'), 400],
    ['an id with control bytes and a script', upgrade('/v2/stream?after=%1b%5b31m%3Cscript%3E'), 400],
    ['an unknown filter', upgrade('/v2/stream?nothing=1'), 400],
    ['a web page of another origin', upgrade('/', 'Origin: https://foreign.example\r\n'), 403],
    ['bytes that are not HTTP', 'nonsense\r\n\r\n', 400],
    ['headers without an end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a method that the path does not have', 'DELETE /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405],
    ['a URL of another host', 'GET http://other.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
  ])('are refused, and nobody else notices: %s', async (_name, request, status) => {
    const { raw, server } = await serving('--no-keep')
    const answer = await raw(request)
    expect(statusOf(answer), answer.slice(0, 200)).toBe(status)
    // What was sent comes back, if at all, escaped and as plain text.
    expect([...answer].filter((one) => one < ' ' && one !== '\r' && one !== '\n')).toEqual([])
    expect(answer.includes('<script>') && !answer.includes('text/plain')).toBe(false)
    if (answer.includes('text/plain')) expect(answer).toContain(noSniff)
    expect((await fetch(`${server.url}healthz`)).status).toBe(200)
  })

  it('get 401 for a wrong token, whatever else they send', async () => {
    const { raw, server } = await serving('--no-keep', '--token', 'not-to-be-guessed')
    for (const headers of [
      '',
      'Authorization: Bearer wrong-wrong\r\n',
      `Authorization: Bearer ${'x'.repeat(9000)}\r\n`,
    ]) {
      const answer = await raw(upgrade('/', headers))
      expect(statusOf(answer)).toBe(401)
      expect(answer).toContain(noSniff)
    }
    const client = new SocketClient(server.url, { headers: { authorization: 'Bearer not-to-be-guessed' } })
    await client.opened
    expect(server.stderr()).toBe('')
    await client.close()
  })

  it('are counted by the address of their connection if they forge X-Forwarded-For', async () => {
    const { server } = await serving('--no-keep', '--max-clients-per-address', '2')
    const forged = (n: number) => ({ headers: { 'x-forwarded-for': `198.51.100.${n}` } })
    const clients = [1, 2].map((n) => new SocketClient(server.url, forged(n)))
    await Promise.all(clients.map(({ opened }) => opened))
    expect(await new SocketClient(server.url, forged(3)).refused).toBe(429)
    await Promise.all(clients.map((client) => client.close()))
  })

  it('cannot disturb other clients by sending too large a frame or connecting far too often', async () => {
    const { server, issued, release } = await serving('--no-keep', '--max-clients-per-address', `${CLIENTS}`)
    const good = new SocketClient(`${server.url}full-stream`)
    const large = new SocketClient(server.url)
    await Promise.all([good.opened, large.opened])
    large.socket.send('x'.repeat(100_000))
    expect(await large.closed).toBe(1009)
    const many = Array.from({ length: 2 * CLIENTS }, () => new SocketClient(server.url))
    const refused = await Promise.all(many.map(({ opened, refused }) => Promise.race([opened, refused])))
    expect(refused.filter((status) => status === 429)).toHaveLength(CLIENTS + 1)
    release()
    await good.have(issued.length)
    await Promise.all([good, ...many].map((client) => client.close()))
  })

  it.skipIf(openFiles < CONNECTIONS + 500)(
    `that open ${CONNECTIONS} connections from one address keep nobody else away`,
    { timeout: 240_000 },
    async () => {
      const { server, issued, release, hostname, port } = await serving('--no-keep', '--max-clients', '1000')
      const before = new SocketClient(`${server.url}full-stream`)
      await before.opened
      let refused = 0
      const crowd: Socket[] = []
      onTestFinished(() => void crowd.forEach((socket) => void socket.destroy()))
      // As fast as the kernel hands them on: it drops what does not fit its queue, and sends it again much later.
      while (crowd.length < CONNECTIONS) {
        const some = Array.from({ length: 200 }, () => connect(Number(port), hostname).resume())
        crowd.push(...some)
        for (const socket of some) socket.on('error', () => {}).once('close', () => refused++)
        await Promise.all(
          some.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {})),
        )
      }
      // All but those that one address may have.
      await expect.poll(() => refused, { timeout: 120_000 }).toBeGreaterThanOrEqual(CONNECTIONS - 456)
      const other = new SocketClient(`${server.url}full-stream`, { localAddress: '127.0.0.2' })
      await other.opened
      release()
      await Promise.all([before, other].map((client) => client.have(issued.length)))
      expect(server.stderr()).toBe('')
      await Promise.all([before, other].map((client) => client.close()))
    },
  )

  it(`are many, ${CLIENTS} of them attached, some deaf: SIGTERM says 1001 and is over within 5 seconds`, async () => {
    const { server, issued, release } = await serving('--no-keep', '--max-clients-per-address', `${CLIENTS + 10}`)
    const sockets = Array.from({ length: CLIENTS }, () => new SocketClient(server.url))
    const deaf = new SocketClient(`${server.url}full-stream`)
    const events = new EventClient(`${server.url}v2/sse`)
    await Promise.all([...sockets, deaf].map(({ opened }) => opened))
    await events.status
    deaf.socket.pause()
    release()
    await Promise.all(sockets.map((client) => client.have(issued.length)))
    const { code, stderr, ms } = await server.stop('SIGTERM')
    expect([code, stderr]).toEqual([0, ''])
    expect(ms).toBeLessThan(5000)
    expect(new Set(await Promise.all(sockets.map(({ closed }) => closed)))).toEqual(new Set([1001]))
    await events.ended
  })
})
