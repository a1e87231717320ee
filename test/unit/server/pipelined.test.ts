import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createServer, type ServerOptions } from '../../../src/server/index.js'
import type { FeedMessage } from '../../../src/server/ui/shapes.js'
import { MOST_UNFINISHED } from '../../../src/server/unfinished-answers.js'
import type { Gap } from '../../../src/types/checkpoint.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { EventClient } from '../../support/server-clients.js'

/** As many as one connection may ask for at once. The page's feed has two listeners each, together more than Node.js takes for a leak. */
const COUNT = MOST_UNFINISHED

async function serving(options: Partial<ServerOptions> = {}) {
  const source = new PageSource([], { staysOpen: true })
  const server = closing(createServer({ source, port: 0, keep: false, maxClientsPerAddress: COUNT, ...options }))
  const { url, port } = await server.listen()
  /** A client that asks for all these paths in one segment, without waiting for answers. */
  const ask = async (...paths: string[]) => {
    const socket = connect({ port, host: '127.0.0.1' }).resume()
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`).join(''))
    return socket
  }
  return { server, url, ask }
}

const all = (path: string) => Array.from({ length: COUNT }, () => path)

it('event streams that wait behind another on their connection leave with it', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  onTestFinished(() => void process.removeListener('warning', onWarning))
  const { server, url, ask } = await serving()
  const socket = await ask(...all('/v2/sse'))
  await expect.poll(() => server.clients).toBe(COUNT)
  expect((await fetch(`${url}v2/sse`)).status).toBe(429)
  socket.destroy()
  await expect.poll(() => server.clients).toBe(0)
  expect(await closing(new EventClient(`${url}v2/sse`)).status).toBe(200)
  expect(warnings).toEqual([])
})

it("feeds of the server's page that wait behind another on their connection leave with it", async () => {
  const { url, ask } = await serving({ clock: fastClock(100) })
  const client = closing(new EventClient(`${url}ui/feed`))
  let count = 1
  const viewers = async () => ((await client.have(count++)).at(-1) as unknown as FeedMessage).viewers
  const until = async (expected: number) => {
    while ((await viewers()) !== expected);
  }
  await until(1)
  const socket = await ask(...all('/ui/feed'))
  await until(COUNT + 1)
  socket.destroy()
  await until(1)
})

it('an event stream that is asked for behind a short answer on its connection is served after it', async () => {
  const { server, ask } = await serving()
  const socket = await ask('/healthz', '/v2/sse')
  let answers = ''
  socket.on('data', (bytes) => {
    answers += bytes
  })
  await expect.poll(() => answers).toContain('text/event-stream')
  expect(server.clients).toBe(1)
})

/** A server with certificates to show, and a client of it that never reads; with the socket that the server has for it. */
async function unreading(options: Partial<ServerOptions> = {}) {
  const source = new PageSource([madeCertificates(25)], { staysOpen: true })
  const server = closing(createServer({ source, port: 0, keep: false, ...options }))
  const { url, port } = await server.listen()
  await expect.poll(async () => (await (await fetch(`${url}latest.json`)).text()).length).toBeGreaterThan(10_000)
  const accepted = new Promise<Socket>((resolve) => {
    const onSocket = (message: unknown) => resolve((message as { socket: Socket }).socket)
    subscribe('net.server.socket', onSocket)
    onTestFinished(() => void unsubscribe('net.server.socket', onSocket))
  })
  const client = connect({ port, host: '127.0.0.1' }).pause()
  onTestFinished(() => void client.destroy())
  client.on('error', () => {})
  const socket = await accepted
  return { url, client, socket, closed: once(socket, 'close') }
}

const latest = 'GET /latest.json HTTP/1.1\r\nHost: a\r\n\r\n'

it.each(['latest.json', 'v2/sse', 'ui/feed', 'nowhere', 'expected'])(
  'a client that asks for /%s 1,500 times at once and never reads is cut off after a few answers',
  async (path) => {
    const { client, socket, closed } = await unreading()
    // Node.js itself refuses an expectation it does not know.
    const expect417 = path === 'expected' ? 'Expect: nothing\r\n' : ''
    client.write(`GET /${path} HTTP/1.1\r\nHost: a\r\n${expect417}\r\n`.repeat(1500))
    await closed
    // Of the first answer, at most: the others waited for it.
    expect(socket.bytesWritten).toBeLessThan(100_000)
  },
)

it('a client that takes nothing of an answer is cut off after the time for a handshake', async () => {
  const { client, closed } = await unreading({ handshakeTimeoutMs: 200 })
  let isClosed = false
  closed.then(() => {
    isClosed = true
  })
  let onFinish = () => {}
  const finished = () => onFinish()
  subscribe('http.server.response.finish', finished)
  onTestFinished(() => void unsubscribe('http.server.response.finish', finished))
  // One after the other, until the buffers of both machines are full.
  while (!isClosed) {
    const taken = new Promise<void>((resolve) => {
      onFinish = resolve
    })
    client.write(latest)
    await Promise.race([taken, closed])
  }
})

it('an answer that takes longer to make, and a quiet event stream, are not cut off', async () => {
  let told: (gaps: readonly Gap[]) => void = () => {}
  const gaps = new Promise<readonly Gap[]>((resolve) => {
    told = resolve
  })
  const { url } = await serving({
    clock: fastClock(100),
    handshakeTimeoutMs: 100,
    store: { gaps: () => gaps, evidence: () => [] },
  })
  const answer = fetch(`${url}api/v1/gaps`)
  const client = closing(new EventClient(`${url}v2/sse?heartbeat=60`))
  // 0.6 s of the machine's time each.
  await client.have(2)
  told([])
  expect((await answer).status).toBe(200)
})
