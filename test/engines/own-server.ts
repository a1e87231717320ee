import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { freePort } from '../support/free-port.js'

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
  /** Stops it and removes its data. */
  remove(): Promise<void>
}

/**
 * Not started yet.
 *
 * @param options - Of Kafka: the port that it tells its clients to come to, when it is another. `more`: arguments of the server's program,
 * where its script takes some.
 */
export async function ownServer(
  kind: 'postgres' | 'kafka' | 'nats' | 'amqp' | 'redis' | 'ferretdb' | 'opensearch',
  options: {
    readonly advertisedPort?: number
    readonly port?: number
    readonly user?: string
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
      const env = options.user === undefined ? process.env : { ...process.env, KAFKA_USER: options.user }
      await run('bash', [script, 'start', folder, String(port), ...extra], { env })
    },
    async stop() {
      await run('bash', [script, 'stop', folder])
    },
    async kill() {
      await run('bash', [script, 'kill', folder])
    },
    async remove() {
      await run('bash', [script, 'stop', folder]).catch(() => {})
      rmSync(parent, { recursive: true, force: true })
    },
  }
}

/** How URLs begin, where it is not the name of the engine. */
const BEGINNINGS: Readonly<Record<string, string>> = { ferretdb: 'mongodb://', amqp: 'amqp://guest:guest@' }

/** As {@link ownServer}, started, and removed when the test is over; with its URL. */
export async function startedServer(
  kind: Parameters<typeof ownServer>[0],
  more: readonly string[] = [],
): Promise<OwnServer & { readonly url: string }> {
  const server = await ownServer(kind, { more })
  onTestFinished(() => server.remove())
  await server.start()
  return { ...server, url: `${BEGINNINGS[kind] ?? `${kind}://`}127.0.0.1:${server.port}` }
}

/** Three Kafka brokers of one cluster, with three copies of everything. Started. */
export async function threeBrokers() {
  const script = join(import.meta.dirname, '..', 'services', 'kafka.sh')
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-kafka-three-'))
  const port = await freePort(6)
  const kafka = (...args: string[]) => run('bash', [script, ...args])
  await kafka('start3', folder, String(port))
  return {
    url: `kafka://${[0, 2, 4].map((n) => `127.0.0.1:${port + n}`).join(',')}`,
    /** With SIGKILL; 1 to 3. */
    kill: (node: number) => kafka('kill', join(folder, String(node))),
    restart: (node: number) => kafka('restart', join(folder, String(node))),
    signal: (node: number, name: 'SIGSTOP' | 'SIGCONT') =>
      process.kill(Number(readFileSync(join(folder, String(node), 'pid'), 'utf8')), name),
    async remove() {
      await kafka('stop3', folder)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
