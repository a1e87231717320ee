import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { freePort } from '../support/free-port.js'
import { TcpProxy } from '../support/tcp-proxy.js'

const run = promisify(execFile)

/** A server of one test, to be killed. */
export interface OwnServer {
  readonly port: number
  /** Its data and its log. */
  readonly folder: string
  start(): Promise<void>
  /** In order. */
  stop(): Promise<void>
  /** With SIGKILL. */
  kill(): Promise<void>
  /** Suspends it with its children, or has it go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /** Another command of its script. */
  control(command: string, ...parameters: readonly string[]): Promise<unknown>
  /** Stops it and removes its data. */
  remove(): Promise<void>
}

/**
 * Not started yet.
 *
 * @param options - Of Kafka: the port that it tells its clients to come to, when it is another; `outside`: where it tells those to come who ask at
 * the port two above. `more`: arguments of the server's program,
 * where its script takes some.
 */
export async function ownServer(
  kind: 'postgres' | 'kafka' | 'nats' | 'amqp' | 'redis' | 'ferretdb' | 'opensearch',
  options: {
    readonly advertisedPort?: number
    readonly port?: number
    readonly user?: string
    readonly outside?: string
    readonly more?: readonly string[]
  } = {},
): Promise<OwnServer> {
  const script = join(import.meta.dirname, '..', 'services', `${kind}.sh`)
  const parent = mkdtempSync(join(tmpdir(), `ct-stream-${kind}-`))
  chmodSync(parent, 0o755)
  const folder = join(parent, kind)
  mkdirSync(folder)
  const port = options.port ?? (await freePort(3))
  const { advertisedPort, more = [] } = options
  const extra = advertisedPort === undefined ? more : [String(advertisedPort)]
  return {
    port,
    folder,
    async start() {
      const { user: KAFKA_USER, outside: KAFKA_OUTSIDE } = options
      const env = {
        ...process.env,
        ...(KAFKA_USER !== undefined && { KAFKA_USER }),
        ...(KAFKA_OUTSIDE !== undefined && { KAFKA_OUTSIDE }),
      }
      await run('bash', [script, 'start', folder, String(port), ...extra], { env })
    },
    async stop() {
      await run('bash', [script, 'stop', folder])
    },
    async kill() {
      await run('bash', [script, 'kill', folder])
    },
    signal: (name) => signal(folder, name),
    control: (command, ...parameters) => run('bash', [script, command, folder, ...parameters]),
    async remove() {
      await run('bash', [script, 'stop', folder]).catch(() => {})
      rmSync(parent, { recursive: true, force: true })
    },
  }
}

/** How URLs begin, where it is not the name of the engine. */
const BEGINNINGS: Readonly<Record<string, string>> = { ferretdb: 'mongodb://', amqp: 'amqp://guest:guest@' }

/**
 * As {@link ownServer}, started, and removed when the test is over; with its URL.
 *
 * @param prepare - Before it is started.
 */
export async function startedServer(
  kind: Parameters<typeof ownServer>[0],
  more: readonly string[] = [],
  prepare: (server: OwnServer) => void = () => {},
): Promise<OwnServer & { readonly url: string }> {
  const server = await ownServer(kind, { more })
  onTestFinished(() => server.remove())
  prepare(server)
  await server.start()
  return { ...server, url: `${BEGINNINGS[kind] ?? `${kind}://`}127.0.0.1:${server.port}` }
}

/** Of each server of a cluster: ports apart, as the scripts have them. */
const APART = { kafka: 2, nats: 2, amqp: 3 } as const

/** Three servers of one cluster, which can keep three copies of everything. Started. */
export async function threeServers(kind: keyof typeof APART) {
  const script = join(import.meta.dirname, '..', 'services', `${kind}.sh`)
  const folder = mkdtempSync(join(tmpdir(), `ct-stream-${kind}-three-`))
  const port = await freePort(3 * APART[kind])
  const control = (...args: string[]) => run('bash', [script, ...args])
  const remove = async () => {
    await control('stop3', folder)
    rmSync(folder, { recursive: true, force: true })
  }
  await control('start3', folder, String(port)).catch(async (error) => {
    await remove()
    throw error
  })
  const hosts = [0, 1, 2].map((n) => `127.0.0.1:${port + n * APART[kind]}`)
  return {
    url: `${BEGINNINGS[kind] ?? `${kind}://`}${hosts.join(',')}`,
    /** With SIGKILL; 1 to 3. */
    kill: (node: number) => control('kill', join(folder, String(node))),
    restart: (node: number) => control('restart', join(folder, String(node))),
    signal: (node: number, name: 'SIGSTOP' | 'SIGCONT') => signal(join(folder, String(node)), name),
    /** Where a server has its files. */
    folderOf: (node: number) => join(folder, String(node)),
    remove,
  }
}

/** A server of Postgres has a process for each client. */
function signal(folder: string, name: NodeJS.Signals): void {
  const pid = readFileSync(join(folder, 'pid'), 'utf8').trim()
  for (const each of [pid, ...childrenOf(pid)])
    try {
      process.kill(Number(each), name)
    } catch (error) {
      // One of a client may have ended meanwhile.
      if (each === pid) throw error
    }
}

/** Of Linux; elsewhere none are found. */
function childrenOf(pid: string): readonly string[] {
  const children = `/proc/${pid}/task/${pid}/children`
  return existsSync(children) ? (readFileSync(children, 'utf8').match(/\d+/g) ?? []) : []
}

/** A broker of Kafka, not started, that tells its clients to come to a proxy; both are gone after the test. */
export async function brokerBehindProxy() {
  const { port, remove } = await ownServer('kafka')
  onTestFinished(() => remove())
  const proxy = await TcpProxy.open(port)
  onTestFinished(() => proxy.close())
  const server = await ownServer('kafka', { port, advertisedPort: proxy.port })
  onTestFinished(() => server.remove())
  return { server, proxy }
}
