import { type AddressInfo, createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { FetchTransport } from '../../../src/http/fetch-transport.js'
import type { Transport } from '../../../src/http/transport.js'
import { UndiciTransport } from '../../../src/http/undici-transport.js'

interface Trick {
  /** What the server sends, in pieces: one turn of the event loop lies between two. */
  readonly sends: readonly (string | Buffer)[]
  /** What it does then. Default: it leaves the connection open. */
  readonly after?: 'end' | 'reset'
  /** The body of the answer, or the code of the error; of both transports, or of the default one and of `fetch`, which decodes by itself. */
  readonly want: string | readonly [string, string | RegExp]
}

/** Node 20's own parser lets it pass. */
const LENIENT = /^(?:CT_HTTP_NETWORK|hello)$/

const OK = 'HTTP/1.1 200 OK\r\n'
const gzip = gzipSync('hello')
const with5 = (headers: string) => `${OK}${headers}content-length: 5\r\n\r\nhello`
const chunked = (chunks: string) => `${OK}transfer-encoding: chunked\r\n\r\n${chunks}`
const packed = (encoding: string, body: Buffer) =>
  Buffer.concat([Buffer.from(`${OK}content-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`), body])
const second = `${OK}content-length: 4\r\n\r\nevil`

const tricks: Record<string, Trick> = {
  'an answer as it should be': { sends: [with5('')], want: 'hello' },
  'an answer byte by byte': { sends: [...with5('x-a: b\r\n')], want: 'hello' },
  'content-length twice, the same': { sends: [with5('content-length: 5\r\n')], want: 'CT_HTTP_NETWORK' },
  'content-length twice, another': { sends: [with5('content-length: 3\r\n')], want: 'CT_HTTP_NETWORK' },
  'content-length as a list': { sends: [`${OK}content-length: 5, 5\r\n\r\nhello`], want: 'CT_HTTP_NETWORK' },
  'a negative content-length': { sends: [`${OK}content-length: -5\r\n\r\nhello`], want: 'CT_HTTP_NETWORK' },
  'a content-length in hexadecimal': { sends: [`${OK}content-length: 0x5\r\n\r\nhello`], want: 'CT_HTTP_NETWORK' },
  'a content-length beyond 2^64': {
    sends: [`${OK}content-length: 99999999999999999999999\r\n\r\nhello`],
    want: 'CT_HTTP_NETWORK',
  },
  'content-length beside chunks': {
    sends: [`${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
    want: 'CT_HTTP_NETWORK',
  },
  chunks: { sends: [chunked('2\r\nhe\r\n3;ext=1\r\nllo\r\n0\r\n\r\n')], want: 'hello' },
  'chunks of garbage': { sends: [chunked('zz\r\nhello\r\n0\r\n\r\n')], want: 'CT_HTTP_NETWORK' },
  'a chunk longer than it says': { sends: [chunked('3\r\nhello\r\n0\r\n\r\n')], want: 'CT_HTTP_NETWORK' },
  'a chunk of 2^64 bytes': { sends: [chunked('ffffffffffffffffff\r\nhello')], want: 'CT_HTTP_NETWORK' },
  'chunks without an end': { sends: [chunked('5\r\nhello\r\n')], after: 'end', want: 'CT_HTTP_NETWORK' },
  'chunks that stall': { sends: [chunked('5\r\nhel')], want: 'CT_HTTP_TIMEOUT' },
  'chunks with trailers': { sends: [chunked('5\r\nhello\r\n0\r\nx-late: 1\r\n\r\n')], want: 'hello' },
  'chunks with trailers without end': {
    sends: [chunked(`5\r\nhello\r\n0\r\n${'x-late: 1\r\n'.repeat(50_000)}`)],
    want: 'CT_HTTP_NETWORK',
  },
  'a transfer encoding nobody knows': {
    sends: [`${OK}transfer-encoding: rot13\r\n\r\nhello`],
    after: 'end',
    want: 'hello',
  },
  'a flood of headers': { sends: [`${OK}${'x-flood: y\r\n'.repeat(50_000)}\r\n`], want: 'CT_HTTP_NETWORK' },
  'one header of a megabyte': { sends: [`${OK}x-long: ${'y'.repeat(1e6)}\r\n\r\n`], want: 'CT_HTTP_NETWORK' },
  'a status line of a megabyte': { sends: [`HTTP/1.1 200 ${'O'.repeat(1e6)}\r\n\r\n`], after: 'end', want: '' },
  'a header without a name': { sends: [with5(': nothing\r\n')], want: ['CT_HTTP_NETWORK', LENIENT] },
  'a header with blanks in its name': { sends: [with5('content length: 3\r\n')], want: ['CT_HTTP_NETWORK', LENIENT] },
  'a folded header': { sends: [with5('x-a: b\r\n c\r\n')], want: ['CT_HTTP_NETWORK', LENIENT] },
  'NUL in a header': { sends: [with5('x-a: b\0c\r\n')], want: 'CT_HTTP_NETWORK' },
  'CR in a header': { sends: [with5('x-a: b\rc: d\r\n')], want: 'CT_HTTP_NETWORK' },
  'bare line feeds': {
    sends: [`${OK}content-length: 5\r\n\r\nhello`.replaceAll('\r\n', '\n')],
    want: 'CT_HTTP_NETWORK',
  },
  '__proto__ as a header': { sends: [with5('__proto__: x\r\nconstructor: y\r\n')], want: 'hello' },
  'HTTP/0.9': { sends: ['hello'], after: 'end', want: 'CT_HTTP_NETWORK' },
  'HTTP/2 without being asked': {
    sends: [Buffer.from('000000040000000000', 'hex')],
    after: 'end',
    want: 'CT_HTTP_NETWORK',
  },
  'HTTP/9.9': { sends: [with5('').replace('1.1', '9.9')], want: 'CT_HTTP_NETWORK' },
  'a status of two digits': { sends: [with5('').replace('200', '20')], want: 'CT_HTTP_NETWORK' },
  'a status of four digits': { sends: [with5('').replace('200', '2000')], want: 'CT_HTTP_NETWORK' },
  'a status beyond all classes': { sends: [with5('').replace('200', '999')], want: 'CT_HTTP_STATUS' },
  'nothing but an end': { sends: [], after: 'end', want: 'CT_HTTP_NETWORK' },
  'a reset at once': { sends: [], after: 'reset', want: 'CT_HTTP_NETWORK' },
  'half a head': { sends: [`${OK}content-le`], after: 'end', want: 'CT_HTTP_NETWORK' },
  'half a body': { sends: [`${OK}content-length: 5\r\n\r\nhel`], after: 'end', want: 'CT_HTTP_NETWORK' },
  'half a body and a reset': { sends: [`${OK}content-length: 5\r\n\r\nhel`], after: 'reset', want: 'CT_HTTP_NETWORK' },
  'a body that ends with the connection': { sends: [`${OK}\r\nhello`], after: 'end', want: 'hello' },
  'an answer to HEAD': { sends: [`${OK}content-length: 5\r\n\r\n`], want: 'CT_HTTP_TIMEOUT' },
  '204 with a body': { sends: ['HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello'], want: 'CT_HTTP_STATUS' },
  '304 that nobody asked for': { sends: ['HTTP/1.1 304 Not Modified\r\n\r\n'], want: 'CT_HTTP_STATUS' },
  '103 before the answer, twice': {
    sends: ['HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(2), with5('')],
    want: 'hello',
  },
  '100 that nobody asked for': { sends: ['HTTP/1.1 100 Continue\r\n\r\n', with5('')], want: 'CT_HTTP_NETWORK' },
  '101, switching to nothing': {
    sends: ['HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhello'],
    want: 'CT_HTTP_NETWORK',
  },
  'interim answers without end': {
    sends: Array(100).fill('HTTP/1.1 103 Early Hints\r\n\r\n'),
    want: ['CT_HTTP_NETWORK', 'CT_HTTP_TIMEOUT'],
  },
  'gzip as it should be': { sends: [packed('gzip', gzip)], want: 'hello' },
  'gzip that is none': {
    sends: [packed('gzip', Buffer.from('hello'))],
    want: ['CT_RESPONSE_MALFORMED', 'CT_HTTP_NETWORK'],
  },
  'gzip cut short': { sends: [packed('gzip', gzip.subarray(0, -4))], want: ['CT_RESPONSE_MALFORMED', 'hello'] },
  'gzip with a wrong checksum': {
    sends: [packed('gzip', Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(8, 1)]))],
    want: ['CT_RESPONSE_MALFORMED', 'CT_HTTP_NETWORK'],
  },
  'gzip in gzip': { sends: [packed('gzip, gzip', gzipSync(gzip))], want: ['CT_RESPONSE_MALFORMED', 'hello'] },
  'an encoding nobody asked for': {
    sends: [packed('br', Buffer.from('hello'))],
    want: ['CT_RESPONSE_MALFORMED', ''],
  },
  'an encoding nobody knows': { sends: [packed('x-\0', Buffer.from('hello'))], want: 'CT_HTTP_NETWORK' },
  'a redirect to a file': {
    sends: ['HTTP/1.1 302 Found\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n'],
    want: 'CT_HTTP_STATUS',
  },
  'a redirect that is no URL': {
    sends: ['HTTP/1.1 302 Found\r\nlocation: http://[\r\ncontent-length: 0\r\n\r\n'],
    want: 'CT_HTTP_STATUS',
  },
  'a demand to sign in': {
    sends: ['HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic\r\ncontent-length: 0\r\n\r\n'],
    want: 'CT_HTTP_STATUS',
  },
  // What follows is of no request: it must not be taken for the answer of the next one.
  'two answers to one request': { sends: [`${with5('')}${second}`], want: 'hello' },
  'an answer behind one without a body': {
    sends: [`HTTP/1.1 204 No Content\r\n\r\n${second}`],
    want: 'CT_HTTP_STATUS',
  },
  'an answer behind chunks': { sends: [`${chunked('5\r\nhello\r\n0\r\n\r\n')}${second}`], want: 'hello' },
}

/** Sends a trick to the first request of each connection that asks for it; all else is answered well. */
const server = createServer((socket: Socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  socket.on('data', async (request) => {
    const name = decodeURIComponent(/^GET \/(\S*)/.exec(String(request))?.[1] ?? '')
    const { sends, after } = tricks[name] ?? { sends: [`${OK}content-length: 4\r\n\r\ngood`] }
    for (const piece of sends) {
      if (socket.destroyed) return
      socket.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (after === 'end') socket.end()
    if (after === 'reset') socket.resetAndDestroy()
  })
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

const timeouts = { headersMs: 2_000, bodyIdleMs: 300, totalMs: 5_000 }
const transports: [string, () => Transport][] = [
  ['the default transport', () => new UndiciTransport({ timeouts, connections: 1 })],
  ['the global fetch', () => new FetchTransport(fetch, { timeouts })],
]

describe.each(transports)('%s', (name, create) => {
  it.each(Object.entries(tricks))('meets %s', async (trick, { want }) => {
    const transport = create()
    const outcome = await transport.get(`${url}/${encodeURIComponent(trick)}`).then(
      ({ body }) => Buffer.from(body).toString(),
      (error: unknown) => {
        if (!CtStreamError.is(error)) throw error
        // Never shown raw on a terminal.
        expect(error.message).not.toMatch(/\p{Cc}/u)
        return error.code
      },
    )
    const wanted = typeof want === 'string' ? want : want[name === transports[0]?.[0] ? 0 : 1]
    if (typeof wanted === 'string') expect(outcome).toBe(wanted)
    else expect(outcome).toMatch(wanted)
    const next = await transport.get(`${url}/well`)
    expect(Buffer.from(next.body).toString()).toBe('good')
    await transport.close()
  })
})
