import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { SharedReads } from '../../../src/http/shared-reads.js'
import { UndiciTransport } from '../../../src/http/undici-transport.js'

const INTERIM = 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

// No two places of it look alike, so that a chunk written over shows.
const BODY = Buffer.alloc(3_000_000)
for (let i = 0; i + 4 <= BODY.length; i += 4) BODY.writeUInt32BE(i, i)

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return (server.address() as AddressInfo).port
}

const sending = () => listen(createServer((socket) => socket.on('error', () => {}).end(BODY)))

async function whole(socket: Socket, read: (socket: Socket, chunks: Buffer[]) => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  read(socket, chunks)
  await new Promise((resolve, reject) => socket.once('end', resolve).once('error', reject))
  return Buffer.concat(chunks)
}

describe('sockets that read into shared memory', () => {
  it.each<[string, (socket: Socket, chunks: Buffer[]) => void]>([
    [
      'a reader that takes every chunk at once',
      (socket, chunks) =>
        socket.on('readable', () => {
          for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) chunks.push(Buffer.from(chunk))
        }),
    ],
    [
      'a reader that comes later, and keeps what it is given then',
      (socket, chunks) => {
        let asked = false
        socket.on('readable', () => {
          if (asked) return
          asked = true
          setImmediate(() => {
            asked = false
            for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) chunks.push(chunk)
          })
        })
      },
    ],
    [
      'a reader that puts a part back',
      (socket, chunks) =>
        socket.on('readable', () => {
          for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
            chunks.push(Buffer.from(chunk.subarray(0, 1000)))
            if (chunk.length > 1000) socket.unshift(chunk.subarray(1000))
          }
        }),
    ],
    ['a reader of `data` events', (socket, chunks) => socket.on('data', (chunk) => chunks.push(chunk as Buffer))],
  ])('lose and change nothing: %s', async (_name, read) => {
    const { onread } = new SharedReads()
    const port = await sending()
    const bodies = await Promise.all([1, 2, 3].map(() => whole(connect({ port, host: '127.0.0.1', onread }), read)))
    for (const body of bodies) expect(Buffer.compare(body, BODY)).toBe(0)
  })

  it('lend the shared memory itself to a reader that takes it at once', async () => {
    const { onread } = new SharedReads()
    const memory = new Set<ArrayBufferLike>()
    await whole(connect({ port: await sending(), host: '127.0.0.1', onread }), (socket) =>
      socket.on('readable', () => {
        for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) memory.add(chunk.buffer)
      }),
    )
    expect([...memory]).toEqual([onread.buffer.buffer])
  })

  // undici keeps views of the headers it has read until it has read all of them.
  it.each([
    ['anywhere in its headers', (head: string) => [head.slice(0, 60), head.slice(60, 90), head.slice(90)]],
    ['in its first word', (head: string) => [head.slice(0, 2), head.slice(2, 60), head.slice(60)]],
    ['in its last line end', (head: string) => [head.slice(0, -1), head.slice(-1)]],
    ['behind line ends', (head: string) => [`\r\n${head.slice(0, 60)}`, head.slice(60)]],
    ['behind an interim answer', (head: string) => [`${INTERIM}${head.slice(0, 60)}`, head.slice(60)]],
    ['inside an interim answer', (head: string) => [INTERIM.slice(0, 40), INTERIM.slice(40) + head]],
  ])('keep the head of an answer that is cut %s', async (_name, cut) => {
    const body = gzipSync(BODY)
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nx-first: 1\r\ncontent-length: ${body.length}\r\nx-last: 2\r\n\r\n`
    const answer = async (socket: Socket) => {
      const parts = cut(head)
      const last = parts.pop() ?? ''
      for (const part of parts) {
        socket.write(part)
        // The part is read before the next one is written.
        await transport.get(`http://127.0.0.1:${other}/`)
      }
      socket.write(Buffer.concat([Buffer.from(last), body]))
    }
    const transport = new UndiciTransport()
    closers.unshift(() => transport.close())
    const elsewhere = `HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n${'z'.repeat(4000)}`
    const other = await listen(
      createServer((socket) => socket.on('error', () => {}).on('data', () => socket.write(elsewhere))),
    )
    const port = await listen(
      createServer((socket) => socket.on('error', () => {}).on('data', () => void answer(socket))),
    )
    for (let i = 0; i < 2; i++) {
      const { headers, body: received } = await transport.get(`http://127.0.0.1:${port}/`)
      expect(headers).toEqual({
        'content-encoding': 'gzip',
        'x-first': '1',
        'content-length': String(body.length),
        'x-last': '2',
      })
      expect(Buffer.compare(received, BODY)).toBe(0)
    }
  })

  it('lose nothing to a reader that throws', () => {
    const { onread } = new SharedReads()
    const socket = new Readable({ read() {} }) as Socket
    const failing = () => {
      throw new Error('not now')
    }
    socket.on('readable', failing)
    onread.buffer.write('first')
    expect(() => onread.callback.call(socket as never, 5, onread.buffer)).toThrow('not now')
    socket.off('readable', failing)
    onread.buffer.write('other')
    onread.callback.call(socket as never, 5, onread.buffer)
    // One piece up to Node 24, two from 26 on.
    let received = ''
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) received += chunk
    expect(received).toBe('firstother')
  })

  it('may be TLS sockets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-tls-'))
    closers.push(() => rmSync(folder, { recursive: true }))
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
    const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    execFileSync('openssl', ['req', '-x509', ...made, '-out', certFile, ...named], { stdio: 'ignore' })
    const [key, cert] = [readFileSync(keyFile), readFileSync(certFile)]
    const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\n\r\n`
    const server = createTlsServer({ key, cert }, (socket) =>
      socket.on('error', () => {}).on('data', () => socket.write(Buffer.concat([Buffer.from(answer), BODY]))),
    )
    const port = await listen(server)

    const { onread } = new SharedReads()
    const socket = tlsConnect({ port, host: '127.0.0.1', servername: 'localhost', ca: cert, onread } as never)
    const memory = new Set<ArrayBufferLike>()
    let received = 0
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).once('secureConnect', () => socket.write('GET'))
      socket.on('readable', () => {
        for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
          memory.add(chunk.buffer)
          received += chunk.length
        }
        if (received === answer.length + BODY.length) resolve()
      })
    })
    socket.destroy()
    expect([...memory]).toEqual([onread.buffer.buffer])

    const transport = new UndiciTransport({ tls: { ca: cert } })
    closers.unshift(() => transport.close())
    const { body } = await transport.get(`https://localhost:${port}/`)
    expect(Buffer.compare(body, BODY)).toBe(0)
  })
})
