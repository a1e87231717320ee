import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { createServer } from '../../../src/server/index.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { closing } from '../../support/closing.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { EventClient } from '../../support/server-clients.js'

/** What Java's HTTP client and `curl --http2` send with their first request; a server may pass over it (RFC 9110 section 7.8). */
const h2c = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAEAAEAAAAIAAAAAAAMAAAAA' }
const certificates = madeCertificates(3)

async function serving() {
  const source = new PageSource([], { staysOpen: true })
  const server = closing(createServer({ source, port: 0, keep: false }))
  const { url } = await server.listen()
  const ask = (path: string, options: { readonly method?: string; readonly body?: string } = {}) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const asked = request(`${url}${path}`, { method: options.method ?? 'GET', headers: h2c }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part) => {
          text += part
        })
        response.on('end', () => resolve({ status: response.statusCode, text }))
      })
      asked.on('error', reject)
      asked.end(options.body)
    })
  return { source, server, url, ask }
}

it('answers a request that offers another protocol as if it did not', async () => {
  const { ask } = await serving()
  expect(await ask('healthz')).toEqual({ status: 200, text: '{"status":"ok"}\n' })
  expect(await ask('latest.json')).toEqual({ status: 200, text: '{"messages":[]}\n' })
  expect(await ask('api/v1/pause', { method: 'POST' })).toMatchObject({ status: 200 })
  expect(await ask('api/v1/resume', { method: 'POST', body: '{}' })).toMatchObject({ status: 200 })
  expect(await ask('nowhere')).toMatchObject({ status: 404 })
  expect(await ask('full-stream')).toMatchObject({ status: 426 })
})

it('sends events to a client that offers another protocol, until either of them leaves', async () => {
  const { source, server, url } = await serving()
  const [leaving, staying] = [0, 1].map(() => closing(new EventClient(`${url}v2/sse`, h2c))) as [
    EventClient,
    EventClient,
  ]
  expect([await leaving.status, await staying.status]).toEqual([200, 200])
  source.add(certificates)
  expect(await staying.have(3)).toMatchObject([{ index: 0 }, { index: 1 }, { index: 2 }])
  await leaving.have(3)
  await leaving.close()
  while (server.clients > 1) await new Promise(setImmediate)
  await server.close()
  await staying.ended
})

it('cuts off a client that offers another protocol while an answer is still on its way', async () => {
  const { server, url, ask } = await serving()
  const { hostname, port } = new URL(url)
  const client = connect({ host: hostname, port: Number(port) })
  client.on('error', () => {})
  client.resume()
  const gone = once(client, 'close')
  client.write(
    'GET /v2/sse HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' +
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  )
  await gone
  while (server.clients > 0) await new Promise(setImmediate)
  expect(await ask('healthz')).toMatchObject({ status: 200 })
})
