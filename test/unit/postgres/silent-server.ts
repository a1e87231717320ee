import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Type of the message by which a client ends its connection. */
const TERMINATE = 'X'
const QUERY = 'Q'

/** A server that speaks as much of Postgres's protocol as a connection needs, and does not hear when a client ends it. */
export class SilentServer {
  readonly url: string
  private readonly client: Promise<Socket>
  private terminated = () => {}
  /** Resolves when the client has sent its last message. */
  readonly told = new Promise<void>((resolve) => {
    this.terminated = resolve
  })

  private constructor(port: number, client: Promise<Socket>) {
    this.url = `postgres://user@127.0.0.1:${port}/db`
    this.client = client
  }

  /** @param version - As `server_version_num` has it. */
  static async open(version: string): Promise<SilentServer> {
    const listener = createServer({ allowHalfOpen: true })
    const client = once(listener, 'connection').then(([socket]) => socket as Socket)
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const server = new SilentServer((listener.address() as AddressInfo).port, client)
    void client.then((socket) => server.serve(socket, version))
    onTestFinished(async () => {
      ;(await client).destroy()
      listener.close()
    })
    return server
  }

  /** Resolves when messages find no socket at the other end; while there is one, they are taken. */
  async refused(): Promise<void> {
    const socket = await this.client
    while (!socket.destroyed) {
      socket.write(READY)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  private serve(socket: Socket, version: string): void {
    let got = Buffer.alloc(0)
    let isStarted = false
    socket.on('error', () => {})
    socket.on('data', (data) => {
      got = Buffer.concat([got, data])
      for (;;) {
        // The first message has no type.
        const at = isStarted ? 1 : 0
        const end = got.length < at + 4 ? Number.POSITIVE_INFINITY : at + got.readUInt32BE(at)
        if (got.length < end) return
        const type = isStarted ? got.toString('latin1', 0, 1) : ''
        const text = got.toString('latin1', at + 4, end)
        got = got.subarray(end)
        if (type === TERMINATE) this.terminated()
        if (!isStarted) socket.write(Buffer.concat([message('R', int32(0)), READY]))
        if (type === QUERY) socket.write(Buffer.concat([...(/version/.test(text) ? row(version) : []), DONE, READY]))
        isStarted = true
      }
    })
  }
}

function message(type: string, ...body: readonly Buffer[]): Buffer {
  const content = Buffer.concat(body)
  return Buffer.concat([Buffer.from(type), int32(content.length + 4), content])
}

const READY = message('Z', Buffer.from('I'))
const DONE = message('C', Buffer.from('SELECT\0'))

/** One column of type text. */
const row = (value: string) => [
  message('T', int16(1), Buffer.from('num\0'), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)),
  message('D', int16(1), int32(value.length), Buffer.from(value)),
]

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
