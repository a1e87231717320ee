import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { BufferPool } from '../util/buffer-pool.js'
import { equalBytes } from '../util/bytes.js'
import { SharedReads } from './shared-reads.js'
import { exchange } from './undici-exchange.js'
import { undiciParts } from './undici-parts.js'

/** Bytes of each body; a multiple of four. */
const LENGTH = 96_000
/** Connections that take turns in using the shared memory. */
const CONNECTIONS = 2
/** Limit for each answer, milliseconds. All together take less than 100, most of which the first real request would need anyway. */
const PATIENCE_MS = 2000

let verdict: Promise<boolean> | undefined

/**
 * Whether sockets of this process may read into shared memory. Tested once, by doing it: it depends on how the runtime's sockets and
 * undici's parser work together, and either may change.
 *
 * Only on Node: Bun 1.4 does not tell the callback which socket has read, and Deno would ask its user for permission to listen.
 */
export function mayShareReads(): Promise<boolean> {
  const { deno, bun } = process.versions
  verdict ??= deno === undefined && bun === undefined ? sharesSafely(new SharedReads()) : Promise.resolve(false)
  return verdict
}

/**
 * Whether interleaved answers on several connections, their heads cut in two, are received as they were sent, and through the shared
 * memory. Uses loopback; `false` where the process may not listen.
 */
export async function sharesSafely(reads: SharedReads, patienceMs = PATIENCE_MS): Promise<boolean> {
  const server = createServer((socket) =>
    socket.on('error', () => {}).on('data', (request) => void serve(socket, request)),
  )
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  try {
    const origin = `http://127.0.0.1:${await listen(server)}`
    const connections = Array.from({ length: CONNECTIONS }, (_, at) => readsWhatWasSent(origin, at, reads, patienceMs))
    return (await Promise.all(connections)).every((good) => good) && reads.lent > 0
  } catch {
    return false
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

/** Two answers on one connection. */
async function readsWhatWasSent(origin: string, at: number, reads: SharedReads, patienceMs: number): Promise<boolean> {
  const { Client } = await undiciParts()
  const { onread } = reads
  const client = new Client(origin, { pipelining: 1, connect: { timeout: patienceMs, onread } as object })
  const get = (number: number) =>
    exchange(client, {
      url: `${origin}/${number}`,
      origin,
      path: `/${number}`,
      headers: {},
      reset: false,
      timeouts: { connectMs: patienceMs, headersMs: patienceMs, bodyIdleMs: patienceMs, totalMs: patienceMs },
      maxBytes: LENGTH,
      statuses: [200],
      now: Date.now,
      pool: new BufferPool(),
      signal: undefined,
      closing: new AbortController().signal,
    })
  try {
    for (const number of [at, at + CONNECTIONS]) {
      const { headers, body } = await get(number)
      if (headers['x-first'] !== `${number}` || headers['x-last'] !== `${number}`) return false
      if (!equalBytes(body, bodyOf(number))) return false
    }
    return true
  } finally {
    void client.destroy()
  }
}

/** Sends the head in two parts and the body in three, the other connections' parts between them. */
async function serve(socket: Socket, request: Uint8Array): Promise<void> {
  const number = Number(/^GET \/(\d+)/.exec(String(request))?.[1])
  if (Number.isNaN(number)) return
  const body = bodyOf(number)
  const third = Math.floor(LENGTH / 3)
  const parts = [
    `HTTP/1.1 200 OK\r\nx-first: ${number}\r\n`,
    `content-length: ${LENGTH}\r\nx-last: ${number}\r\n\r\n`,
    body.subarray(0, third),
    body.subarray(third, 2 * third),
    body.subarray(2 * third),
  ]
  for (const part of parts) {
    socket.write(part)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Bytes that differ at every position, within one body and between two. */
function bodyOf(number: number): Uint8Array {
  const words = new Uint32Array(LENGTH / 4)
  for (let i = 0; i < words.length; i++) words[i] = number * words.length + i
  return new Uint8Array(words.buffer)
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
