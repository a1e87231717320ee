import { gzipSync } from 'node:zlib'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTransport } from '../../../src/http/create-transport.js'
import { FetchTransport, type FetchTransportOptions } from '../../../src/http/fetch-transport.js'
import type { GetOptions } from '../../../src/http/transport.js'
import { ctError } from './errors.js'

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

const url = 'https://log.example/ct/v1/get-sth'
type Answer = (request: Request) => Response | Promise<Response>
const serve = (answer: Answer) => server.use(http.get(url, ({ request }) => answer(request)))
const never = () => new Promise<Response>(() => {})

/** A body that is written once and then never ends. */
const endless = (piece: Uint8Array) =>
  new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(piece) })

describe('a fetch of the caller', () => {
  it('answers with status, headers and body', async () => {
    const seen: Request[] = []
    serve((request) => {
      seen.push(request)
      return HttpResponse.text('hello', { headers: { 'X-Thing': 'a' } })
    })
    const client = new FetchTransport(fetch, { userAgent: 'ct-stream/0' })
    const answer = await client.get(url, { headers: { 'if-none-match': '"1"' }, fresh: true })
    expect(answer.status).toBe(200)
    expect(answer.headers['x-thing']).toBe('a')
    expect(Buffer.from(answer.body).toString()).toBe('hello')
    expect(answer.body.constructor).toBe(Uint8Array)
    expect(Object.fromEntries(seen[0]?.headers ?? [])).toMatchObject({
      'user-agent': 'ct-stream/0',
      'if-none-match': '"1"',
      'cache-control': 'no-cache',
    })
    expect(seen[0]?.redirect).toBe('manual')
  })

  it('decodes gzip by itself, and a decoded body is not held against the announced length', async () => {
    const packed = gzipSync('x'.repeat(10_000))
    serve(() => new Response(packed, { headers: { 'content-encoding': 'gzip', 'content-length': `${packed.length}` } }))
    const answer = await new FetchTransport(fetch).get(url)
    expect(Buffer.from(answer.body).toString()).toBe('x'.repeat(10_000))
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['what it parsed', { entries: [] }],
    ['no headers', { status: 200, body: null }],
    ['a body that is no stream', { status: 200, headers: new Headers(), body: 'text' }],
    [
      'a stream of text',
      new Response(new ReadableStream({ start: (controller) => controller.enqueue('text' as never) })),
    ],
  ])('that gives %s is an error of this library', async (_, answer) => {
    const error = await ctError(new FetchTransport((() => Promise.resolve(answer)) as never).get(url))
    expect(error).toMatchObject({ code: 'CT_HTTP_NETWORK', url, retryable: true })
  })

  it('reports the bytes it holds while they arrive', async () => {
    const pieces = [new Uint8Array(10), new Uint8Array(20), new Uint8Array(5)]
    const body = () =>
      new ReadableStream({ pull: (out) => (pieces.length > 0 ? out.enqueue(pieces.shift()) : out.close()) })
    const transport = new FetchTransport(() => Promise.resolve(new Response(body())))
    const told: (number | string)[] = []
    const options = { onBytes: (bytes: number) => told.push(bytes), onReceived: () => told.push('received') }
    await transport.get('https://log.example/', options)
    expect(told).toEqual([10, 30, 35, 'received'])
  })

  it('is called without a `this`, as the global one demands', async () => {
    const receivers: unknown[] = []
    const odd = function (this: unknown) {
      receivers.push(this)
      return Promise.resolve(new Response('ok'))
    } as typeof fetch
    await new FetchTransport(odd).get(url)
    expect(receivers).toEqual([undefined])
  })

  it('must be a function, and the only transport', () => {
    expect(() => new FetchTransport(1 as never)).toThrow(/`fetch` must be a fetch function/)
    expect(() => createTransport({ fetch, dispatcher: {} as never })).toThrow(/exclude each other/)
    expect(createTransport({ fetch })).toBeInstanceOf(FetchTransport)
  })
})

describe('what goes wrong', () => {
  interface Case {
    readonly name: string
    readonly answer: Answer
    readonly get?: GetOptions
    readonly options?: FetchTransportOptions
    readonly want: Record<string, unknown>
    readonly says?: RegExp
  }
  const cases: Case[] = [
    {
      name: 'HTML with 502',
      answer: () => HttpResponse.html('<h1>Bad gateway</h1>', { status: 502 }),
      want: { code: 'CT_HTTP_STATUS', status: 502, retryable: true },
      says: /502 Bad Gateway: "Bad gateway"$/,
    },
    {
      name: '429 with Retry-After',
      answer: () => HttpResponse.text('', { status: 429, headers: { 'retry-after': '2' } }),
      want: { code: 'CT_HTTP_STATUS', status: 429, retryable: true, retryAfterMs: 2000 },
    },
    {
      name: 'a redirect',
      answer: () => HttpResponse.text('', { status: 301, headers: { location: 'https://elsewhere.example/' } }),
      want: { code: 'CT_HTTP_STATUS', status: 301, retryable: false },
    },
    {
      name: 'an error page that hangs',
      answer: () => new Response(endless(Buffer.from('oh no')), { status: 500 }),
      options: { timeouts: { bodyIdleMs: 20 } },
      want: { code: 'CT_HTTP_TIMEOUT' },
    },
    {
      name: 'an error page without end',
      answer: () => new Response(endless(Buffer.alloc(40_000, 'x')), { status: 500 }),
      want: { code: 'CT_HTTP_STATUS', status: 500 },
      says: /"x{200}…"$/,
    },
    {
      name: 'an announced body that is too long',
      answer: () => new Response('12345', { headers: { 'content-length': '5' } }),
      get: { maxBytes: 4 },
      want: { code: 'CT_RESPONSE_TOO_LARGE', retryable: true },
    },
    {
      name: 'a body that turns out too long',
      answer: () => new Response(endless(Buffer.from('12345'))),
      get: { maxBytes: 4 },
      want: { code: 'CT_RESPONSE_TOO_LARGE', retryable: true },
    },
    {
      name: 'a body shorter than announced',
      answer: () => new Response('1234', { headers: { 'content-length': '5' } }),
      want: { code: 'CT_HTTP_NETWORK', retryable: true },
    },
    {
      name: 'a network error',
      answer: () => HttpResponse.error(),
      want: { code: 'CT_HTTP_NETWORK', retryable: true },
    },
    {
      name: 'no headers in time',
      answer: never,
      options: { timeouts: { headersMs: 20 } },
      want: { code: 'CT_HTTP_TIMEOUT', retryable: true },
    },
    {
      name: 'a body that stops coming',
      answer: () => new Response(endless(Buffer.from('half'))),
      options: { timeouts: { bodyIdleMs: 20 } },
      want: { code: 'CT_HTTP_TIMEOUT', retryable: true },
    },
    {
      name: 'nothing before the end of all patience',
      answer: never,
      options: { timeouts: { totalMs: 20 } },
      want: { code: 'CT_HTTP_TIMEOUT', retryable: true },
    },
  ]
  it.each(cases)('$name', async ({ answer, get, options, want, says = /./ }) => {
    serve(answer)
    const error = await ctError(new FetchTransport(fetch, options).get(url, get))
    expect(error).toMatchObject({ ...want, url })
    expect(error.message).toMatch(says)
  })
})

describe('an end from outside', () => {
  it('by abort rejects with the reason itself', async () => {
    for (const answer of [never, () => new Response(endless(Buffer.from('half')))]) {
      serve(answer)
      const controller = new AbortController()
      const pending = new FetchTransport(fetch).get(url, { signal: controller.signal })
      const reason = new Error('enough')
      setImmediate(() => controller.abort(reason))
      await expect(pending).rejects.toBe(reason)
      await expect(new FetchTransport(fetch).get(url, { signal: controller.signal })).rejects.toBe(reason)
    }
  })

  it('works with a fetch that ignores its signal', async () => {
    const deaf = () => new Promise<Response>(() => {})
    const client = new FetchTransport(deaf)
    const controller = new AbortController()
    const aborted = client.get(url, { signal: controller.signal })
    const closed = ctError(client.get(url))
    controller.abort('enough')
    await expect(aborted).rejects.toBe('enough')
    await client.close()
    expect(await closed).toMatchObject({ code: 'CT_CLOSED' })
    expect(await ctError(client.get(url))).toMatchObject({ code: 'CT_CLOSED' })
  })
})
