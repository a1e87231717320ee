import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import buildPackage from '../build.js'
import { freePort } from '../support/free-port.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a server for these tests alone; `undefined`: there is none, and its tests are skipped. */
    readonly postgres: string | undefined
    /** As `postgres`. */
    readonly kafka: string | undefined
    /** As `postgres`. */
    readonly redis: string | undefined
    /** As `postgres`. */
    readonly nats: string | undefined
    /** As `postgres`: a RabbitMQ server. */
    readonly amqp: string | undefined
    /** As `postgres`: a server that speaks MongoDB's protocol. */
    readonly ferretdb: string | undefined
    /** As `postgres`. */
    readonly opensearch: string | undefined
  }
}

const run = promisify(execFile)
const engines = {
  postgres: { name: 'Postgres', url: (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres` },
  kafka: { name: 'Kafka', url: (port: number) => `kafka://127.0.0.1:${port}` },
  amqp: { name: 'RabbitMQ', url: (port: number) => `amqp://guest:guest@127.0.0.1:${port}` },
  nats: { name: 'NATS', url: (port: number) => `nats://127.0.0.1:${port}` },
  ferretdb: { name: 'FerretDB', url: (port: number) => `mongodb://127.0.0.1:${port}` },
  opensearch: { name: 'OpenSearch', url: (port: number) => `opensearch://127.0.0.1:${port}` },
  redis: { name: 'Redis', url: (port: number) => `redis://127.0.0.1:${port}` },
} as const

/**
 * Finds the engines, by `CT_STREAM_TEST_POSTGRES`, `CT_STREAM_TEST_KAFKA` and so on, or starts them where their programs are installed.
 *
 * With `CT_STREAM_TEST_REQUIRE_ENGINES` one that cannot be had is a failure; without, its tests are skipped, which is said.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  buildPackage()
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-engines-'))
  chmodSync(folder, 0o755)
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const one of stops) await one()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    for (const kind of Object.keys(engines) as (keyof typeof engines)[])
      project.provide(kind, await find(kind, folder, stops))
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

async function find(kind: keyof typeof engines, folder: string, stops: (() => Promise<unknown>)[]) {
  const { [`CT_STREAM_TEST_${kind.toUpperCase()}`]: given, CT_STREAM_TEST_REQUIRE_ENGINES: required } = process.env
  if (given === 'none') return undefined
  if (given !== undefined) return given
  const script = join(import.meta.dirname, '..', 'services', `${kind}.sh`)
  const port = await freePort(2)
  try {
    await run('bash', [script, 'start', join(folder, kind), String(port)])
  } catch (error) {
    if (required !== undefined) throw error
    console.log(`skipping the tests with ${engines[kind].name}: ${(error as { stderr?: string }).stderr ?? error}`)
    return undefined
  }
  stops.push(() => run('bash', [script, 'stop', join(folder, kind)]))
  return engines[kind].url(port)
}
