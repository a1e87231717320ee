import { execFileSync } from 'node:child_process'
import { TcpProxy } from './tcp-proxy.js'

let count = 0

/** A network of its own for child processes, joined to this one by a cable that can be pulled. Linux, as root. */
export class NetworkNamespace {
  private readonly name: string
  private readonly cable: string
  /** Of this side of the cable: as many characters as `127.0.0.1`, so that it fits where a server names its own. */
  readonly address: string
  private readonly proxies = new Map<number, TcpProxy>()

  private constructor(name: string, cable: string, address: string) {
    this.name = name
    this.cable = cable
    this.address = address
  }

  /** Whether one can be made here. */
  static get isPossible(): boolean {
    if (process.getuid?.() !== 0) return false
    try {
      const { name, cable } = made()
      ip('netns', 'exec', name, 'true')
      remove(name, cable)
      return true
    } catch {
      return false
    }
  }

  /** @param ports - Of servers on loopback, to be reached from the inside. */
  static async open(ports: readonly number[]): Promise<NetworkNamespace> {
    const { name, cable, inner } = made()
    const [here, inside] = freeAddresses()
    ip('address', 'add', here, 'peer', inside, 'dev', cable)
    ip('link', 'set', cable, 'up')
    ip('-n', name, 'address', 'add', inside, 'peer', here, 'dev', inner)
    ip('-n', name, 'link', 'set', inner, 'up')
    ip('-n', name, 'link', 'set', 'lo', 'up')
    const namespace = new NetworkNamespace(name, cable, here)
    for (const port of ports) namespace.proxies.set(port, await TcpProxy.open(port, namespace.address))
    return namespace
  }

  /** The command that runs another one inside. */
  get command(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name]
  }

  /** A text with addresses on loopback as they are from the inside; by its `submissionUrl` a log is only called in its checkpoints. */
  inside(text: string): string {
    return text.replace(/(?<!"submissionUrl":"http:\/\/)127\.0\.0\.1:(\d+)/g, (whole, port) => {
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
    remove(this.name, this.cable)
  }
}

/** A namespace with the far end of a cable in it. */
function made() {
  const name = `ct-${process.pid}-${++count}`
  const [cable, inner] = [`${name}a`, `${name}b`]
  ip('netns', 'add', name)
  try {
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', inner, 'netns', name)
  } catch (error) {
    ip('netns', 'del', name)
    throw error
  }
  return { name, cable, inner }
}

function remove(name: string, cable: string): void {
  ip('link', 'del', cable)
  ip('netns', 'del', name)
}

/** For the two ends of a cable; of other processes on this machine, too, nobody has them. */
function freeAddresses(): readonly [here: string, inside: string] {
  const taken = ip('-4', '-o', 'address')
  for (let n = process.pid * 10; ; n++) {
    const [one, two, three] = [Math.floor(n / 900) % 10, 10 + (Math.floor(n / 10) % 90), n % 10]
    const here = `10.${one}.${two}.${three}`
    if (!taken.includes(` ${here} peer `)) return [here, `10.23${one}.${two}.${three}`]
  }
}

function ip(...argv: string[]): string {
  return execFileSync('ip', argv, { stdio: 'pipe', encoding: 'utf8' })
}
