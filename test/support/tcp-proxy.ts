import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A bad network before a server on loopback: hands on what comes, and cuts connections when it is told to. */
export class TcpProxy {
  /**
   * Whether what a client has just sent is to be its last: it reaches the server, which acts on it, and the answer reaches nobody.
   * Default: nothing is cut.
   */
  cutsAnswerTo: (sent: Buffer) => boolean = () => false
  /** Changes what the server says. */
  rewrite: (answer: Buffer) => Buffer = (answer) => answer
  /** Answers that were cut. */
  cuts = 0
  private readonly open = new Set<Socket>()
  private readonly server: Server

  private constructor(server: Server) {
    this.server = server
  }

  /** @param address - Where it listens. Default: loopback. */
  static async open(target: number, address = '127.0.0.1'): Promise<TcpProxy> {
    const server = createServer()
    const proxy = new TcpProxy(server)
    server.on('connection', (client) => proxy.join(client, connect(target, '127.0.0.1')))
    server.listen(0, address)
    await once(server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.cutAll()
    this.server.close()
    await once(this.server, 'close')
  }

  cutAll(): void {
    for (const socket of this.open) socket.destroy()
  }

  private join(client: Socket, server: Socket): void {
    let isLast = false
    client.on('data', (sent) => {
      isLast ||= this.cutsAnswerTo(sent)
      server.write(sent)
    })
    server.on('data', (answer) => {
      if (!isLast) client.write(this.rewrite(answer))
      else {
        this.cuts++
        end()
      }
    })
    const end = () => {
      for (const socket of [client, server]) {
        socket.destroy()
        this.open.delete(socket)
      }
    }
    for (const socket of [client, server]) {
      this.open.add(socket)
      socket.on('error', end)
      socket.on('close', end)
    }
  }
}
