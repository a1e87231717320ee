import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import buildPackage from '../build.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a server for these tests alone; `undefined`: there is none, and its tests are skipped. */
    readonly postgres: string | undefined
  }
}

const script = join(import.meta.dirname, '..', 'services', 'postgres.sh')
const run = promisify(execFile)

/**
 * Finds the engines, by `CT_STREAM_TEST_POSTGRES`, or starts them where their programs are installed.
 *
 * With `CT_STREAM_TEST_REQUIRE_ENGINES` one that cannot be had is a failure; without, its tests are skipped, which is said.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  buildPackage()
  const { CT_STREAM_TEST_POSTGRES: given, CT_STREAM_TEST_REQUIRE_ENGINES: required } = process.env
  if (given !== undefined) {
    project.provide('postgres', given)
    return async () => {}
  }
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-engines-'))
  chmodSync(folder, 0o755)
  const port = await freePort()
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    await run('bash', [script, 'start', join(folder, 'postgres'), String(port)])
  } catch (error) {
    remove()
    if (required !== undefined) throw error
    console.log(`skipping the tests with Postgres: ${(error as { stderr?: string }).stderr ?? error}`)
    project.provide('postgres', undefined)
    return async () => {}
  }
  project.provide('postgres', `postgres://postgres@127.0.0.1:${port}/postgres`)
  return async () => {
    await run('bash', [script, 'stop', join(folder, 'postgres')])
    remove()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
