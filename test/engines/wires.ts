import { TcpProxy } from '../support/tcp-proxy.js'

const LOOPBACK = Buffer.from('127.0.0.1')

/** The way of one process to its servers, and no other process has it. */
export class Wire {
  private readonly proxies: ReadonlyMap<number, TcpProxy>

  private constructor(proxies: ReadonlyMap<number, TcpProxy>) {
    this.proxies = proxies
  }

  /**
   * @param ports - Of servers on loopback.
   * @param address - Where it begins, with as many characters as that of loopback. Default: there.
   */
  static async open(ports: readonly number[], address?: string): Promise<Wire> {
    const proxies = new Map<number, TcpProxy>()
    for (const port of new Set(ports)) proxies.set(port, await TcpProxy.open(port, address))
    for (const proxy of proxies.values()) proxy.rewrite = (answer) => redirected(answer, proxy)
    return new Wire(proxies)
  }

  /** A text with the addresses of the servers as they are over this wire. */
  readonly through = (text: string): string =>
    text.replace(/127\.0\.0\.1:(\d+)/g, (whole, port) => {
      const proxy = this.proxies.get(Number(port))
      return proxy === undefined ? whole : `${proxy.address}:${proxy.port}`
    })

  /** Cuts answers to some of what is sent to one of the servers. */
  cutAnswers(port: number, isCut: (sent: Buffer) => boolean): void {
    const proxy = this.proxies.get(port)
    if (proxy === undefined) throw new Error(`no wire to the port ${port}`)
    proxy.cutsAnswerTo = isCut
  }

  /** Answers that were cut so far. */
  get cuts(): number {
    return [...this.proxies.values()].reduce((sum, { cuts }) => sum + cuts, 0)
  }

  /** How many connections go over it at this moment. */
  get connections(): number {
    return [...this.proxies.values()].reduce((sum, { connections }) => sum + connections, 0)
  }

  /** Ends all connections; others can be made. */
  cut(): void {
    for (const proxy of this.proxies.values()) proxy.cutAll()
  }

  hold(): void {
    for (const proxy of this.proxies.values()) proxy.hold()
  }

  release(): void {
    for (const proxy of this.proxies.values()) proxy.release()
  }

  async close(): Promise<void> {
    for (const proxy of this.proxies.values()) await proxy.close()
  }
}

/** A broker of Kafka tells its clients where to come to: a host and `port INT32`. Over a wire it is where the wire begins. */
function redirected(answer: Buffer, { target, address, port }: TcpProxy): Buffer {
  for (let at = answer.indexOf(LOOPBACK); at >= 0; at = answer.indexOf(LOOPBACK, at + 1)) {
    const behind = at + LOOPBACK.length
    if (behind + 4 > answer.length || answer.readInt32BE(behind) !== target) continue
    answer.write(address, at)
    answer.writeInt32BE(port, behind)
  }
  return answer
}
