import { randomBytes } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { MockAgent } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import type { GetOptions } from '../../../src/http/transport.js'
import { UndiciTransport, type UndiciTransportOptions } from '../../../src/http/undici-transport.js'
import { ctError } from './errors.js'
import { type Loopback, loopback } from './loopback.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function serve(answer: Parameters<typeof loopback>[0]): Promise<Loopback> {
  const server = await loopback(answer)
  cleanups.push(() => server.close())
  return server
}

function transport(options: UndiciTransportOptions = {}): UndiciTransport {
  const made = new UndiciTransport(options)
  cleanups.unshift(() => made.close())
  return made
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

describe('an answer', () => {
  it('is its status, its headers in lower case and its body', async () => {
    const server = await serve((_, response) => response.setHeader('X-Thing', ['a', 'b']).end('hello'))
    const answer = await transport({ userAgent: 'ct-stream/0' }).get(`${server.url}/a/b?start=1&end=2`)
    expect(answer.status).toBe(200)
    expect(text(answer.body)).toBe('hello')
    expect(answer.body.constructor).toBe(Uint8Array)
    expect(answer.headers['x-thing']).toBe('a, b')
    expect(server.requests[0]).toMatchObject({
      path: '/a/b?start=1&end=2',
      headers: { 'user-agent': 'ct-stream/0', 'accept-encoding': 'gzip, identity' },
    })
  })

  it.each([0, 1, 65_536, 3_000_000])(
    'of %i bytes arrives whole, with or without an announced length',
    async (length) => {
      const body = Buffer.alloc(length, 'ct')
      const server = await serve((request, response) => {
        if (request.url === '/announced') response.setHeader('content-length', length).end(body)
        else {
          response.write(body.subarray(0, length / 2))
          response.end(body.subarray(length / 2))
        }
      })
      const client = transport()
      for (const path of ['announced', 'chunked']) {
        const answer = await client.get(`${server.url}/${path}`)
        expect(Buffer.compare(answer.body, body)).toBe(0)
        expect(answer.body.length).toBe(length)
      }
    },
  )

  it('keeps its memory until it is released', async () => {
    const server = await serve((request, response) => response.end(Buffer.alloc(200_000, request.url)))
    const client = transport()
    const [first, second] = [await client.get(`${server.url}/1`), await client.get(`${server.url}/2`)]
    expect(Buffer.compare(first.body, Buffer.alloc(200_000, '/1'))).toBe(0)
    first.release?.()
    const third = await client.get(`${server.url}/3`)
    expect(third.body.buffer).toBe(first.body.buffer)
    expect(Buffer.compare(second.body, Buffer.alloc(200_000, '/2'))).toBe(0)
  })

  it('is unpacked when it is gzip, asked for or not', async () => {
    const server = await serve((_, response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync('x'.repeat(100_000))),
    )
    const answer = await transport().get(server.url, { headers: { 'accept-encoding': 'identity' } })
    expect(text(answer.body)).toBe('x'.repeat(100_000))
  })

  it('reports the bytes it holds while they arrive, and before unpacking the most it can take', async () => {
    const body = Buffer.from(randomBytes(750_000).toString('hex').repeat(2))
    const packed = gzipSync(body)
    const server = await serve((request, response) => {
      const plain = request.url === '/plain'
      if (!plain) response.setHeader('content-encoding', 'gzip')
      const sent = plain ? body : packed
      response.write(sent.subarray(0, sent.length / 2))
      setImmediate(() => response.end(sent.subarray(sent.length / 2)))
    })
    const held = async (path: string) => {
      const told: number[] = []
      await transport().get(`${server.url}/${path}`, { onBytes: (bytes) => told.push(bytes) })
      return told
    }
    const plain = await held('plain')
    expect(plain.length).toBeGreaterThan(1)
    expect(plain).toEqual(plain.toSorted((a, b) => a - b))
    expect(plain.at(-1)).toBe(body.length)
    const unpacked = await held('packed')
    expect(unpacked.slice(-2)).toEqual([packed.length + body.length, body.length])
    expect(unpacked).toContain(packed.length)
  })

  it('is said to be complete before it is unpacked, and no error answer is', async () => {
    const body = Buffer.alloc(300_000, 'x')
    const packed = gzipSync(body)
    const server = await serve(({ url }, response) => {
      if (url === '/packed') response.setHeader('content-encoding', 'gzip').end(packed)
      else response.writeHead(503).end(body)
    })
    const told: (number | string)[] = []
    const options = { onBytes: (bytes: number) => told.push(bytes), onReceived: () => told.push('received') }
    await transport().get(`${server.url}/packed`, options)
    expect(told.slice(-4)).toEqual([packed.length, 'received', packed.length + body.length, body.length])
    told.length = 0
    await expect(transport().get(`${server.url}/error`, options)).rejects.toMatchObject({ code: 'CT_HTTP_STATUS' })
    expect(told).toEqual([])
  })

  it('that unpacks to more than it says is counted as all that it may become', async () => {
    // A length that is a lie, as far as zlib does not see it: that of the last of several members.
    const packed = Buffer.concat([gzipSync(Buffer.alloc(900_000)), gzipSync('x')])
    const server = await serve((_, response) => response.setHeader('content-encoding', 'gzip').end(packed))
    const told: number[] = []
    const { body } = await transport().get(server.url, { maxBytes: 2_000_000, onBytes: (bytes) => told.push(bytes) })
    expect(body.length).toBe(900_001)
    expect(told.slice(-2)).toEqual([packed.length + 1024 * 1024, 900_001])
  })

  it('may have another status that the caller accepts', async () => {
    const server = await serve((_, response) => response.writeHead(304, { etag: '"1"' }).end())
    const answer = await transport().get(server.url, { statuses: [200, 304] })
    expect(answer).toMatchObject({ status: 304, headers: { etag: '"1"' } })
  })
})

describe('what goes wrong', () => {
  const garbage = Buffer.from('not gzip at all, though the header says so')
  interface Case {
    readonly name: string
    readonly answer: Parameters<typeof loopback>[0]
    readonly get?: GetOptions
    readonly options?: UndiciTransportOptions
    readonly want: Record<string, unknown>
    readonly says?: RegExp
  }
  const cases: Case[] = [
    {
      name: 'HTML with 503',
      answer: (_, r) => r.writeHead(503).end('<html><body><h1>Sorry</h1>\r\n\u0000 down</body></html>'),
      want: { code: 'CT_HTTP_STATUS', status: 503, retryable: true },
      says: /^\[GET\] "http:.*" : 503 Service Unavailable: "Sorry down"$/,
    },
    {
      name: '404',
      answer: (_, r) => r.writeHead(404).end(),
      want: { code: 'CT_HTTP_STATUS', status: 404, retryable: false },
    },
    {
      name: '429 with seconds',
      answer: (_, r) => r.writeHead(429, { 'retry-after': '7' }).end(),
      want: { code: 'CT_HTTP_STATUS', status: 429, retryable: true, retryAfterMs: 7000 },
    },
    {
      name: '429 with a date by the server clock, zone UTC',
      answer: (_, r) =>
        r
          .writeHead(429, {
            date: 'Sun, 06 Nov 1994 08:49:37 GMT',
            'retry-after': 'Sun, 06 Nov 1994 08:50:07 UTC',
          })
          .end(),
      want: { code: 'CT_HTTP_STATUS', retryAfterMs: 30_000 },
    },
    {
      name: 'a redirect',
      answer: (_, r) => r.writeHead(302, { location: 'https://elsewhere.example/' }).end(),
      want: { code: 'CT_HTTP_STATUS', status: 302, retryable: false },
      says: /302 Found to "https:\/\/elsewhere\.example\/", which is not followed/,
    },
    {
      name: 'an error page without end',
      answer: (_, r) => void r.writeHead(500).write('x'.repeat(40_000)),
      want: { code: 'CT_HTTP_STATUS', status: 500, retryable: true },
      says: /"x{200}…"$/,
    },
    {
      name: 'an announced body that is too long',
      answer: (_, r) => r.end(Buffer.alloc(2000)),
      get: { maxBytes: 1999 },
      want: { code: 'CT_RESPONSE_TOO_LARGE', retryable: true, expected: 1999 },
    },
    {
      name: 'a body that turns out too long',
      answer: (_, r) => void r.write(Buffer.alloc(2000)),
      get: { maxBytes: 1999 },
      want: { code: 'CT_RESPONSE_TOO_LARGE' },
    },
    {
      name: 'a body that unpacks to too much',
      answer: (_, r) => r.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(5_000_000))),
      get: { maxBytes: 1_000_000 },
      want: { code: 'CT_RESPONSE_TOO_LARGE' },
      says: /the unpacked body is larger than the 1000000 bytes allowed/,
    },
    {
      name: 'a bomb: a body that unpacks to a thousand times its length',
      answer: (_, r) => r.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(20_000_000))),
      want: { code: 'CT_RESPONSE_TOO_LARGE', retryable: true },
      says: /a body of \d{5} bytes, unpacked, is larger than the 12\d{5} bytes allowed/,
    },
    {
      name: 'a bomb whose last member promises nothing',
      answer: (_, r) =>
        r
          .setHeader('content-encoding', 'gzip')
          .end(Buffer.concat([gzipSync(Buffer.alloc(20_000_000)), gzipSync(Buffer.alloc(0))])),
      want: { code: 'CT_RESPONSE_TOO_LARGE', retryable: true },
    },
    {
      name: 'gzip that is none',
      answer: (_, r) => r.setHeader('content-encoding', 'gzip').end(garbage),
      want: { code: 'CT_RESPONSE_MALFORMED', retryable: true },
    },
    {
      name: 'gzip that is cut short',
      answer: (_, r) => r.setHeader('content-encoding', 'gzip').end(gzipSync('x'.repeat(1000)).subarray(0, 20)),
      want: { code: 'CT_RESPONSE_MALFORMED', retryable: true },
    },
    {
      name: 'an encoding nobody asked for',
      answer: (_, r) => r.setHeader('content-encoding', 'br').end(garbage),
      want: { code: 'CT_RESPONSE_MALFORMED' },
    },
    {
      name: 'a body shorter than announced',
      answer: (_, r) => {
        r.writeHead(200, { 'content-length': 100 }).write('half')
        r.socket?.end()
      },
      want: { code: 'CT_HTTP_NETWORK', retryable: true },
    },
    {
      name: 'a chunked body that is cut',
      answer: (_, r) => {
        r.write('half')
        r.socket?.end()
      },
      want: { code: 'CT_HTTP_NETWORK', retryable: true },
    },
    {
      name: 'interim answers without end',
      answer: (_, r) => {
        for (let i = 0; i < 17; i++) r.writeProcessing()
        r.end('at last')
      },
      want: { code: 'CT_HTTP_NETWORK', retryable: true },
      says: /more than 16 interim answers/,
    },
    {
      name: 'a reset',
      answer: (_, r) => r.socket?.resetAndDestroy(),
      want: { code: 'CT_HTTP_NETWORK', retryable: true },
    },
    {
      name: 'what is not HTTP',
      answer: (_, r) => r.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'),
      want: { code: 'CT_HTTP_NETWORK', retryable: true },
    },
    {
      name: 'no headers in time',
      answer: () => {},
      options: { timeouts: { headersMs: 20 } },
      want: { code: 'CT_HTTP_TIMEOUT', retryable: true },
    },
    {
      name: 'a body that stops coming',
      answer: (_, r) => void r.write('half'),
      options: { timeouts: { bodyIdleMs: 20 } },
      want: { code: 'CT_HTTP_TIMEOUT', retryable: true },
    },
    {
      name: 'nothing before the end of all patience',
      answer: () => {},
      options: { timeouts: { totalMs: 200 } },
      want: { code: 'CT_HTTP_TIMEOUT', retryable: true },
      says: /no complete answer after 200 ms/,
    },
  ]

  it.each(cases)('$name', async ({ answer, get, options, want, says = /./ }) => {
    const server = await serve(answer)
    const client = transport(options)
    const error = await ctError(client.get(`${server.url}/x`, get))
    expect(error).toMatchObject({ ...want, url: `${server.url}/x` })
    expect(error.message).toMatch(says)
    expect(server.requests).toHaveLength(1)
  })

  it('a port where nobody listens', async () => {
    const server = await loopback(() => {})
    await server.close()
    const error = await ctError(transport().get(server.url))
    expect(error).toMatchObject({ code: 'CT_HTTP_NETWORK', retryable: true })
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('a TLS handshake that nobody answers', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => void sockets.push(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanups.push(async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const error = await ctError(transport({ timeouts: { connectMs: 20 } }).get(`https://127.0.0.1:${port}/`))
    expect(error).toMatchObject({ code: 'CT_HTTP_TIMEOUT', retryable: true })
    expect(error.message).toMatch(/Connect Timeout/i)
  })

  it('an invalid URL', async () => {
    for (const url of ['nonsense', 'ftp://log.example/'])
      expect(await ctError(transport().get(url))).toMatchObject({ code: 'CT_OPTION_INVALID' })
  })

  it('leaves the transport usable', async () => {
    let broken = true
    const server = await serve((_, response) => {
      if (!broken) return response.end('fine')
      broken = false
      response.socket?.resetAndDestroy()
    })
    const client = transport()
    await ctError(client.get(server.url))
    expect(text((await client.get(server.url)).body)).toBe('fine')
  })
})

describe('an abort', () => {
  it('rejects with the reason itself, before, while and however far the request is', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/body') response.write('half')
    })
    for (const path of ['/headers', '/body']) {
      const reason = new Error(`enough of ${path}`)
      const controller = new AbortController()
      const pending = transport().get(server.url + path, { signal: controller.signal })
      await expect.poll(() => server.requests.some((request) => request.path === path)).toBe(true)
      controller.abort(reason)
      await expect(pending).rejects.toBe(reason)
      await expect(transport().get(server.url + path, { signal: controller.signal })).rejects.toBe(reason)
    }
    const controller = new AbortController()
    const pending = transport().get(`${server.url}/never`, { signal: controller.signal })
    controller.abort('now')
    await expect(pending).rejects.toBe('now')
    expect(server.requests.map((request) => request.path)).not.toContain('/never')
  })

  it('takes a request that still waits for a connection out of the way', async () => {
    const held: (() => void)[] = []
    const server = await serve((_, response) => void held.push(() => response.end('ok')))
    const client = transport({ connections: 1 })
    const first = client.get(`${server.url}/first`)
    await expect.poll(() => held.length).toBe(1)
    const controller = new AbortController()
    const second = client.get(`${server.url}/second`, { signal: controller.signal })
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort('enough')
    await expect(second).rejects.toBe('enough')
    const third = client.get(`${server.url}/third`)
    held.shift()?.()
    await first
    await expect.poll(() => held.length).toBe(1)
    held.shift()?.()
    await third
    expect(server.requests.map((request) => request.path)).toEqual(['/first', '/third'])
  })
})

it('leaves no timer behind', async () => {
  const server = await serve((_, response) => response.end('ok'))
  const client = transport({ keepAlive: false })
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  for (let i = 0; i < 20; i++) await client.get(server.url)
  expect(timers()).toBeLessThan(before + 10)
})

describe('connections', () => {
  it('are used again, and not by a fresh request', async () => {
    const server = await serve((_, response) => response.end('ok'))
    const client = transport()
    for (const fresh of [false, false, true, false]) await client.get(server.url, { fresh })
    expect(server.requests.map((request) => request.connection)).toEqual([1, 1, 2, 1])
    expect(server.requests.map((request) => request.headers['cache-control'])).toEqual([
      undefined,
      undefined,
      'no-cache',
      undefined,
    ])
  })

  it('are used once where keep-alive is off', async () => {
    const server = await serve((_, response) => response.end('ok'))
    const client = transport({ keepAlive: (origin) => origin !== server.url })
    for (let i = 0; i < 3; i++) await client.get(server.url)
    expect(server.requests.map((request) => request.connection)).toEqual([1, 2, 3])
    expect(server.requests[0]?.headers.connection).toBe('close')
  })

  it('are made by many requests at once without a warning of a leak', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => void warnings.push(warning)
    process.on('warning', onWarning)
    const server = await serve((_, response) => response.end('ok'))
    const client = transport({ connections: 3 })
    await Promise.all(Array.from({ length: 40 }, () => client.get(server.url)))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })

  it('are no more than allowed', async () => {
    const held: (() => void)[] = []
    const server = await serve((_, response) => held.push(() => response.end('ok')))
    const client = transport({ connections: 2 })
    const all = [0, 1, 2, 3, 4].map(() => client.get(server.url))
    while (server.requests.length < 5) {
      await expect.poll(() => held.length).toBeGreaterThan(0)
      expect(held.length).toBeLessThanOrEqual(2)
      held.shift()?.()
    }
    for (const release of held) release()
    await Promise.all(all)
    expect(new Set(server.requests.map((request) => request.connection)).size).toBe(2)
  })
})

describe('close', () => {
  it('ends requests under way and refuses later ones', async () => {
    const server = await serve(() => {})
    const client = transport()
    const pending = ctError(client.get(server.url))
    await expect.poll(() => server.requests.length).toBe(1)
    await client.close()
    await client.close()
    expect(await pending).toMatchObject({ code: 'CT_CLOSED', retryable: false })
    expect(await ctError(client.get(server.url))).toMatchObject({ code: 'CT_CLOSED' })
  })
})

describe('a dispatcher of the caller', () => {
  type Handler = {
    onResponseStart(controller: unknown, status: unknown, headers: unknown): void
    onResponseData(controller: unknown, piece: unknown): void
    onResponseEnd(): void
  }
  it.each<[string, (handler: Handler) => void]>([
    ['a status that is none', (handler) => handler.onResponseStart({}, 'OK', {})],
    [
      'a body that is no bytes',
      (handler) => {
        handler.onResponseStart({}, 200, undefined)
        handler.onResponseData({}, 'text')
      },
    ],
    [
      'an exception',
      () => {
        throw new TypeError('no such thing')
      },
    ],
  ])('that gives %s is an error of this library', async (_, dispatch) => {
    const dispatcher = { dispatch: (_options: unknown, handler: Handler) => dispatch(handler) } as never
    const error = await ctError(new UndiciTransport({ dispatcher }).get('https://log.example/'))
    expect(error).toMatchObject({ code: 'CT_HTTP_NETWORK', url: 'https://log.example/', retryable: true })
  })

  it('gets every request and outlives the transport', async () => {
    const agent = new MockAgent()
    agent.disableNetConnect()
    cleanups.push(() => agent.close())
    agent
      .get('https://log.example')
      .intercept({ path: '/ct/v1/get-sth' })
      .reply(200, '{}', { headers: { 'content-type': 'application/json' } })
      .times(2)
    const client = new UndiciTransport({ dispatcher: agent })
    for (const fresh of [false, true]) {
      const answer = await client.get('https://log.example/ct/v1/get-sth', { fresh })
      expect(text(answer.body)).toBe('{}')
      expect(answer.headers['content-type']).toBe('application/json')
    }
    await client.close()
    agent.get('https://log.example').intercept({ path: '/' }).reply(200, 'alive')
    const other = await new UndiciTransport({ dispatcher: agent }).get('https://log.example/')
    expect(text(other.body)).toBe('alive')
    const refused = await ctError(new UndiciTransport({ dispatcher: agent }).get('https://other.example/'))
    expect(refused).toMatchObject({ code: 'CT_HTTP_NETWORK' })
  })

  it('must be one', () => {
    expect(() => new UndiciTransport({ dispatcher: {} as never })).toThrow(/`dispatcher` must be an undici Dispatcher/)
  })
})
