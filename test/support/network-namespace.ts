import { execFileSync } from 'node:child_process'
import { TcpProxy } from './tcp-proxy.js'

/** A network of its own for child processes, joined to this one by a cable that can be pulled. Linux, as root. */
export class NetworkNamespace {
  private readonly name: string
  private readonly cable: string
  /** Of this side of the cable. */
  private readonly address: string
  private readonly proxies = new Map<number, TcpProxy>()

  private constructor(name: string, cable: string, address: string) {
    this.name = name
    this.cable = cable
    this.address = address
  }

  /** Whether one can be made here. */
  static get isPossible(): boolean {
    if (process.getuid?.() !== 0) return false
    const name = `ct-try-${process.pid}`
    try {
      ip('netns', 'add', name)
      ip('netns', 'del', name)
      return true
    } catch {
      return false
    }
  }

  /** @param ports - Of servers on loopback, to be reached from the inside. */
  static async open(ports: readonly number[]): Promise<NetworkNamespace> {
    const name = `ct-${process.pid}`
    const [cable, inner, net] = [`ct${process.pid}a`, `ct${process.pid}b`, `10.231.${process.pid % 250}`]
    ip('netns', 'add', name)
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', inner, 'netns', name)
    ip('address', 'add', `${net}.1/24`, 'dev', cable)
    ip('link', 'set', cable, 'up')
    ip('-n', name, 'address', 'add', `${net}.2/24`, 'dev', inner)
    ip('-n', name, 'link', 'set', inner, 'up')
    ip('-n', name, 'link', 'set', 'lo', 'up')
    const namespace = new NetworkNamespace(name, cable, `${net}.1`)
    for (const port of ports) namespace.proxies.set(port, await TcpProxy.open(port, namespace.address))
    return namespace
  }

  /** The command that runs another one inside. */
  get command(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name]
  }

  /** A text with addresses on loopback as they are from the inside. */
  inside(text: string): string {
    return text.replace(/127\.0\.0\.1:(\d+)/g, (whole, port) => {
      const proxy = this.proxies.get(Number(port))
      return proxy === undefined ? whole : `${this.address}:${proxy.port}`
    })
  }

  /** Nothing gets through, and nobody is told so. */
  cut(): void {
    ip('link', 'set', this.cable, 'down')
  }

  join(): void {
    ip('link', 'set', this.cable, 'up')
  }

  async close(): Promise<void> {
    for (const proxy of this.proxies.values()) await proxy.close()
    ip('link', 'del', this.cable)
    ip('netns', 'del', this.name)
  }
}

function ip(...argv: string[]): void {
  execFileSync('ip', argv, { stdio: 'pipe' })
}
