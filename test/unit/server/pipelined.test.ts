import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createServer, type ServerOptions } from '../../../src/server/index.js'
import type { FeedMessage } from '../../../src/server/ui/shapes.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { EventClient } from '../../support/server-clients.js'

/** More than the listeners that Node.js takes for a leak. */
const COUNT = 12

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
