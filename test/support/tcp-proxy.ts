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
  /** Port of the server, for connections that come. */
  target: number
  private readonly open = new Set<Socket>()
  /** Ends of connections that nobody has heard of yet; `undefined` while everything gets through. */
  private held: (() => void)[] | undefined
  private readonly server: Server

  private constructor(server: Server, target: number) {
    this.server = server
    this.target = target
  }

  /** @param address - Where it listens. Default: loopback. */
  static async open(target: number, address = '127.0.0.1'): Promise<TcpProxy> {
    const server = createServer()
    const proxy = new TcpProxy(server, target)
    server.on('connection', (client) => proxy.join(client, connect(proxy.target, '127.0.0.1')))
    server.listen(0, address)
    await once(server, 'listening')
    return proxy
  }

  /** Where it listens. */
  get address(): string {
    return (this.server.address() as AddressInfo).address
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** How many connections are open. */
  get connections(): number {
    return this.open.size / 2
  }

  async close(): Promise<void> {
    this.held = undefined
    this.cutAll()
    this.server.close()
    await once(this.server, 'close')
  }

  cutAll(): void {
    for (const socket of this.open) socket.destroy()
  }

  /** Nothing gets through, and nobody is told so, as when a cable is pulled: what is on its way arrives after {@link TcpProxy.release}. */
  hold(): void {
    this.held ??= []
    for (const socket of this.open) socket.pause()
  }

  release(): void {
    const { held = [] } = this
    this.held = undefined
    for (const socket of this.open) socket.resume()
    for (const end of held) end()
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
      if (this.held !== undefined) {
        this.held.push(end)
        return
      }
      for (const socket of [client, server]) {
        socket.destroy()
        this.open.delete(socket)
      }
    }
    for (const socket of [client, server]) {
      this.open.add(socket)
      if (this.held !== undefined) socket.pause()
      socket.on('error', end)
      socket.on('close', end)
    }
  }
}
