import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { certStream } from '../../../src/certstream/index.js'
import { createServer, type ServerOptions } from '../../../src/server/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { PageSource, pagesOf } from '../../support/acknowledged-source.js'
import { closing } from '../../support/closing.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { EventClient, SocketClient } from '../../support/server-clients.js'
import { selfSigned } from '../../support/untrusted-server.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const folder = mkdtempSync(join(tmpdir(), 'ct-stream-server-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = () => join(folder, `${files++}.db`)
const certificates = madeCertificates(40, { kinds: 'pairs' })

async function serving(options: Partial<ServerOptions> = {}, pages: readonly (readonly CtCertificate[])[] = []) {
  const source = new PageSource(pages, { staysOpen: true })
  const server = closing(createServer({ source, port: 0, keep: false, ...options }))
  const { url } = await server.listen()
  const socket = (path: string, given = {}) => closing(new SocketClient(`${url}${path}`, given))
  const events = (path: string, headers = {}) => closing(new EventClient(`${url}${path}`, headers))
  const get = (path: string, init?: RequestInit) => fetch(`${url}${path}`, init)
  const json = async (path: string) => (await get(path)).json() as Promise<Record<string, unknown>>
  return { source, server, url, socket, events, get, json }
}

/** A page that all have got who are connected. */
async function passed(source: PageSource, page: readonly CtCertificate[], client: SocketClient | EventClient) {
  const before = client.messages.length
  source.add(page)
  await client.have(before + page.length)
}

describe('a server', () => {
  it("sends CertStream's messages on three paths, and acknowledges what it has sent", async () => {
    const { source, socket } = await serving()
    const paths = ['', 'full-stream', 'full-stream/', 'domains-only', 'domains-only/']
    const clients = paths.map((path) => socket(path))
    await Promise.all(clients.map(({ opened }) => opened))
    source.add(certificates.slice(0, 3))
    for (const [i, form] of (['lite', 'full', 'full', 'domains', 'domains'] as const).entries()) {
      const messages = await clients[i]?.have(3)
      expect(messages?.map(({ cursor: _, ...message }) => message)).toEqual(
        certificates.slice(0, 3).map((certificate) => certificate.toCertStream(form)),
      )
    }
    await clients[0]?.have(3)
    expect(source.position(certificates[0])).toBe(3)
  })

  it('sends filtered messages in its own format over WebSockets and Server-Sent Events', async () => {
    const { source, socket, events } = await serving()
    const precertificates = socket('v2/stream?kind=precertificate&format=domains')
    const [name] = (certificates[1] as CtCertificate).dnsNames as [string]
    const named = events(`v2/sse?domain==${name}`)
    const all = events('v2/sse?format=certstream')
    expect(await named.status).toBe(200)
    expect(await all.status).toBe(200)
    await precertificates.opened
    await passed(source, certificates.slice(0, 8), all)
    expect(all.messages[0]).toMatchObject(certificates[0]?.toCertStream('full') ?? {})
    const wanted = certificates.slice(0, 8).filter(({ kind }) => kind === 'precertificate')
    const got = await precertificates.have(wanted.length)
    expect(got).toMatchObject(wanted.map(({ dnsNames, index }) => ({ kind: 'precertificate', index, dnsNames })))
    const found = certificates.slice(0, 8).filter(({ dnsNames }) => dnsNames.includes(name))
    expect((await named.have(found.length)).map(({ id }) => id)).toEqual(found.map(({ index }) => all.ids[index]))
  })

  it('resumes after the id that a client names, in order, without gaps or repeats, also after a restart', async () => {
    const keep = { file: newFile() }
    const first = await serving({ keep })
    const begun = first.socket('v2/stream')
    await begun.opened
    for (const page of [certificates.slice(0, 10), certificates.slice(10, 16)]) await passed(first.source, page, begun)
    const after = begun.ids.at(-1)
    const again = first.socket(`full-stream?after=${begun.ids[1]}`)
    await again.have(14)
    expect(again.ids).toEqual(begun.ids.slice(2))
    await first.server.close()

    // Two were kept before; of a source that was killed they come again.
    const second = await serving({ keep }, [certificates.slice(14, 24)])
    const resumed = second.socket(`v2/stream?after=${begun.ids[2]}`)
    const events = second.events('v2/sse?format=domains&after=0123456789-1', { 'Last-Event-ID': `${after}` })
    await resumed.have(21)
    await events.have(8)
    await passed(second.source, certificates.slice(24, 30), resumed)
    await events.have(14)
    const numbers = resumed.messages.map((message) => (message as unknown as { index: number }).index)
    expect(numbers).toEqual(Array.from({ length: 27 }, (_, i) => 3 + i))
    expect(new Set([...begun.ids, ...resumed.ids]).size).toBe(30)
    expect(events.ids).toEqual(resumed.ids.slice(13))
    expect(events.lastId).toBe(resumed.ids.at(-1))
  })

  it('tells a client how many messages are no longer kept, and that an id is not one of its own', async () => {
    const { source, socket } = await serving()
    const begun = socket('v2/stream')
    await begun.opened
    for (const page of pagesOf(certificates.slice(0, 30), 1)) await passed(source, page, begun)
    const late = socket(`?after=${begun.ids[1]}`)
    const [gap, next] = await late.have(2)
    expect(gap).toMatchObject({ message_type: 'gap', missed: 20, after: begun.ids[1], cursor: begun.ids[21] })
    expect(next?.cursor).toBe(begun.ids[22])
    for (const id of ['0123456789-5', `${begun.ids[0]?.split('-')[0]}-1000`]) {
      const stranger = socket(`v2/stream?after=${id}`)
      const messages = await stranger.have(9)
      expect(messages[0]).toMatchObject({ kind: 'gap', missed: null, after: id, id: begun.ids[21] })
      expect(stranger.ids.slice(1)).toEqual(begun.ids.slice(22))
    }
  })

  it('sends everything to a client that did not read for a while, without delaying the others', async () => {
    const { source, socket, json } = await serving({ keep: { file: newFile() }, maxQueueBytes: 65_536 })
    const [slow, quick] = [socket('full-stream'), socket('full-stream')]
    await Promise.all([slow.opened, quick.opened])
    slow.socket.pause()
    // More than the buffers of two sockets hold: about 20 MB.
    const count = 4000
    const many = madeCertificates(count, { seed: 'many' })
    for (const page of pagesOf(many, 200)) await passed(source, page, quick)
    expect(slow.messages).toEqual([])
    expect(await json('stats')).toMatchObject({ current_users: { 1: { live: false }, 2: { live: true } } })
    slow.socket.resume()
    await slow.have(count)
    expect(slow.ids).toEqual(quick.ids)
    await passed(source, certificates.slice(0, 1), quick)
    expect((await slow.have(count + 1)).at(-1)).toEqual(quick.messages.at(-1))
  })

  it('answers requests for the newest messages, for figures without addresses, and for its health', async () => {
    const { source, socket, json, get } = await serving()
    expect(await json('example.json')).toEqual({})
    expect(await json('latest.json')).toEqual({ messages: [] })
    const client = socket('')
    await client.opened
    for (const page of pagesOf(certificates, 7)) await passed(source, page, client)
    expect((await json('latest.json')).messages as unknown[]).toEqual(client.messages.slice(-25).reverse())
    expect(await json('example.json')).toEqual(client.messages.at(-1))
    expect(await json('full-stream/example.json')).toMatchObject(certificates.at(-1)?.toCertStream('full') ?? {})
    expect(await json('stats/')).toEqual({
      processed_certificates: 40,
      current_users: { 1: { connect_time: expect.any(String), path: '/', live: true } },
      workers: { [certificates[0]?.log.url ?? '']: 40 },
    })
    expect(await json('healthz')).toEqual({ status: 'ok' })
    expect((await get('readyz')).status).toBe(200)
    for (const [path, status] of [
      ['nothing', 404],
      ['full-stream', 426],
      ['v2/sse?x=1', 400],
      ['', 200],
    ] as const)
      expect((await get(path)).status, path).toBe(status)
    expect((await get('stats', { method: 'POST' })).status).toBe(405)
    expect((await get('v2/sse', { method: 'HEAD' })).status).toBe(200)
    expect(await (await get('latest.json', { method: 'HEAD' })).text()).toBe('')
    await source.close()
  })

  it('reports that it is unhealthy when its source ends, and keeps serving', async () => {
    async function* failing(): AsyncGenerator<CtCertificate> {
      yield* certificates.slice(0, 2)
      throw new Error('the logs are gone')
    }
    const { server, get, json } = await serving({ source: failing() })
    await expect(server.done).rejects.toThrow('the logs are gone')
    expect((await get('healthz')).status).toBe(503)
    expect(`${JSON.stringify(await json('readyz'))}`).not.toContain('gone')
    expect((await json('stats')).processed_certificates).toBe(2)
  })

  it('closes at once with a goodbye to its clients, even if they do not answer', async () => {
    const { server, socket, events, url } = await serving()
    const polite = socket('')
    const stream = events('v2/sse')
    const deaf = socket('')
    await Promise.all([polite.opened, deaf.opened, stream.status])
    deaf.socket.pause()
    expect(server.clients).toBe(3)
    await server.close()
    expect(await polite.closed).toBe(1001)
    await stream.ended
    await expect(fetch(url)).rejects.toThrow()
    await expect(server.listen()).rejects.toMatchObject({ code: 'CT_CLOSED' })
  })

  it('pings its clients, keeps those that answer or read, and disconnects those that are gone', async () => {
    const clock = new VirtualClock()
    const { source, socket, events } = await serving({ clock })
    const [quiet, gone] = [socket(''), socket('', { autoPong: false })]
    const beating = socket('?heartbeat=30')
    const stream = events('v2/sse?domain=nobody.example')
    await Promise.all([quiet.opened, gone.opened, beating.opened, stream.status])
    source.add(certificates.slice(0, 2))
    await quiet.have(2)
    const pong = new Promise((resolve) => quiet.socket.once('pong', resolve))
    quiet.socket.ping()
    await pong
    for (let passedMs = 0; passedMs < 240_000; passedMs += 30_000) {
      const pinged = new Promise((resolve) => quiet.socket.once('ping', resolve))
      await clock.pass(30_000)
      await pinged
      // The answer is there when one to a question asked later is.
      const answer = new Promise((resolve) => quiet.socket.once('pong', resolve))
      quiet.socket.ping()
      await answer
    }
    expect(await gone.closed).toBe(1006)
    expect(quiet.messages).toHaveLength(2)
    const beats = (await beating.have(2 + 8)).slice(2)
    expect(beats[0]).toMatchObject({ message_type: 'heartbeat', cursor: quiet.ids[1] })
    // The filter let nothing pass; what it has seen is remembered all the same.
    expect(stream.messages).toEqual([])
    expect(stream.lastId).toBe(quiet.ids[1])
  })

  it('lets a client whose filter passes nothing resume where it was cut off, over a restart too', async () => {
    const [keep, clock] = [{ file: newFile() }, new VirtualClock()]
    const first = await serving({ keep, clock })
    const [wanted] = (certificates[12] as CtCertificate).dnsNames as [string]
    const url = new URL(`v2/stream?format=full&domain==${wanted}`, first.url.replace(/^http/, 'ws'))
    const all = first.socket('v2/stream')
    const stream = closing(certStream({ url, random: () => 0, clock }))
    const [asked, gaps] = [[] as (string | undefined)[], [] as unknown[]]
    stream.on('open', ({ after }) => asked.push(after))
    stream.on('gap', (gap) => gaps.push(gap))
    const found = stream[Symbol.asyncIterator]().next()
    await all.opened
    while (first.server.clients < 2 || asked.length < 1) await new Promise(setImmediate)
    await passed(first.source, certificates.slice(0, 10), all)
    const pinged = once(all.socket, 'ping')
    await clock.pass(30_000)
    await pinged
    const lost = once(all.socket, 'close')
    await first.server.close()
    await lost

    const second = await serving({ keep, clock, port: Number(url.port) }, [certificates.slice(10, 20)])
    while (second.source.position(certificates[0]) < 20) await new Promise(setImmediate)
    let isFound = false
    found.finally(() => {
      isFound = true
    })
    while (!isFound && gaps.length === 0) await clock.pass(500)
    expect(gaps).toEqual([])
    expect((await found).value).toMatchObject({ index: 12 })
    expect(asked).toEqual([undefined, all.ids[9]])
  })

  it('tells a client of Server-Sent Events at once from where it can resume, should nothing come before it is cut off', async () => {
    const keep = { file: newFile() }
    const first = await serving({ keep })
    const all = first.socket('v2/stream')
    await all.opened
    await passed(first.source, certificates.slice(0, 2), all)
    const quiet = first.events(`v2/sse?domain==${certificates[4]?.dnsNames[0]}`)
    expect(await quiet.status).toBe(200)
    await first.server.close()
    await quiet.ended
    expect(quiet.lastId).toBe(all.ids[1])

    const second = await serving({ keep }, [certificates.slice(2, 6)])
    const resumed = second.events('v2/sse', { 'Last-Event-ID': quiet.lastId })
    expect(await resumed.have(4)).toMatchObject([2, 3, 4, 5].map((index) => ({ index })))
  })

  it('disconnects a client that sends too much', async () => {
    const { socket } = await serving()
    const [chatty, long] = [socket(''), socket('')]
    await Promise.all([chatty.opened, long.opened])
    for (let i = 0; i < 1100; i++) chatty.socket.send('x')
    long.socket.send('x'.repeat(5000))
    expect(await chatty.closed).toBe(1006)
    expect(await long.closed).toBe(1009)
  })

  it('admits clients with a token and from allowed web pages, up to a limit', async () => {
    const options = {
      tokens: ['not-to-be-guessed'],
      allowedOrigins: ['https://page.example'],
      trustedProxies: ['127.0.0.1'],
      maxClientsPerAddress: 1,
      maxClients: 2,
    }
    const { socket, events, get, url } = await serving(options)
    const headers = { authorization: 'Bearer not-to-be-guessed', 'x-forwarded-for': '192.0.2.1' }
    expect(await socket('').refused).toBe(401)
    expect(await events('v2/sse').status).toBe(401)
    expect((await get('stats')).status).toBe(401)
    expect((await get('healthz')).status).toBe(200)
    expect(await socket('', { headers, origin: 'https://other.example' }).refused).toBe(403)
    const first = socket('', { headers, origin: 'https://page.example' })
    await first.opened
    expect(await socket('', { headers }).refused).toBe(429)
    const forged = { ...headers, 'x-forwarded-for': '203.0.113.5, 192.0.2.1' }
    expect(await socket('', { headers: forged }).refused).toBe(429)
    const second = socket('?token=not-to-be-guessed', { origin: url.replace(/\/$/, '') })
    await second.opened
    expect(await socket('', { headers: { ...headers, 'x-forwarded-for': '192.0.2.9' } }).refused).toBe(503)
    await first.close()
    await first.closed
    const answer = await get('stats', { headers: { ...headers, origin: 'https://page.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://page.example')
    const preflight = (origin: string) => get('v2/sse', { method: 'OPTIONS', headers: { origin } })
    expect((await preflight('https://other.example')).status).toBe(405)
    const allowed = await preflight('https://page.example')
    expect([allowed.status, allowed.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'Authorization, Last-Event-ID',
    ])
  })

  it('serves TLS with the configured certificate', async () => {
    const { source, socket, url } = await serving({ tls: selfSigned })
    expect(url).toMatch(/^https:/)
    const [trusting, careful] = [socket('', { ca: selfSigned.cert, checkServerIdentity: () => undefined }), socket('')]
    await trusting.opened
    expect(await careful.closed).toBe(1006)
    const stream = closing(
      new EventClient(`${url}v2/sse`, {}, { ca: selfSigned.cert, checkServerIdentity: () => undefined }),
    )
    expect(await stream.status).toBe(200)
    await passed(source, certificates.slice(0, 2), trusting)
    expect((await stream.have(2)).map(({ id }) => id)).toEqual(trusting.ids)
  })

  it('disconnects a client that never finishes its request, and keeps the others', async () => {
    const { socket, url } = await serving({ handshakeTimeoutMs: 300 })
    const good = socket('')
    await good.opened
    const { hostname, port } = new URL(url)
    const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    const slow = ['', 'GET / HTTP/1.1\r\nHost: x\r\n', upgrade].map((text) => {
      const stranger = connect(Number(port), hostname).resume()
      stranger.on('error', () => {})
      stranger.write(text)
      return once(stranger, 'close')
    })
    await Promise.all(slow)
    expect(good.socket.readyState).toBe(good.socket.OPEN)
    expect((await fetch(`${url}healthz`)).status).toBe(200)
  })

  it('disconnects a client that never finishes its TLS handshake, and keeps the others', async () => {
    const { socket, url } = await serving({ tls: selfSigned, handshakeTimeoutMs: 1000 })
    const good = socket('', { ca: selfSigned.cert, checkServerIdentity: () => undefined })
    await good.opened
    const { hostname, port } = new URL(url)
    // Nothing at all, and the head of a ClientHello of 512 bytes whose body does not come.
    const slow = [[], [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]].map((bytes) => {
      const stranger = connect(Number(port), hostname).resume()
      stranger.on('error', () => {})
      stranger.write(Buffer.from(bytes))
      return once(stranger, 'close')
    })
    await Promise.all(slow)
    expect(good.socket.readyState).toBe(good.socket.OPEN)
  })

  it('pings a client before it disconnects it, however rarely it is to', async () => {
    const clock = new VirtualClock()
    const { server, socket } = await serving({ clock, pingEveryMs: 3_600_000, clientTimeoutMs: 4000 })
    const quiet = socket('')
    await quiet.opened
    for (let ping = 0; ping < 5; ping++) {
      const pinged = new Promise((resolve) => quiet.socket.once('ping', resolve))
      await clock.pass(2000)
      await pinged
      const answer = new Promise((resolve) => quiet.socket.once('pong', resolve))
      quiet.socket.ping()
      await answer
    }
    expect(server.clients).toBe(1)
  })

  it('names the option that is wrong', async () => {
    const source = new PageSource([])
    for (const [options, message] of [
      [{ source: 5 }, /`source`/],
      [{ source, port: 70_000 }, /`port`/],
      [{ source, handshakeTimeoutMs: 50 }, /`handshakeTimeoutMs`/],
      [{ source, keep: { file: '' } }, /`keep\.file`/],
      [{ source, keep: { hours: 1 } }, /`keep\.hours`/],
      [{ source, allowedOrigin: [] }, /did you mean `allowedOrigins`/],
      [{ source, tokens: 'secret' }, /`tokens`/],
      [{ source, allowedOrigins: ['page'] }, /allowedOrigins\[0\]/],
      [{ source, trustedProxies: ['proxy'] }, /trustedProxies\[0\]/],
      [{ source, tls: { cert: 'x', key: 'y' } }, /`tls`/],
    ] as const)
      expect(() => createServer(options as never), `${message}`).toThrow(message)
    const { url } = await serving()
    const taken = createServer({ source: new PageSource([]), port: Number(new URL(url).port), keep: false })
    await expect(taken.listen()).rejects.toMatchObject({
      code: 'CT_OPTION_INVALID',
      message: expect.stringContaining('another program'),
    })
  })
})
