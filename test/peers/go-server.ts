import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { TestLog } from '../../src/testing/index.js'
import { buildOne } from '../logs/servers/builds.js'
import { newFolder } from '../support/serve-command.js'

const name = 'certstream-server-go'
const module = `github.com/d-Rickyy-b/${name}`

/**
 * The program of certstream-server-go: built once, into the cache folder.
 *
 * @throws When there is no Go, or it cannot be built.
 */
export async function goServer(): Promise<string> {
  const source = join(import.meta.dirname, 'servers', name)
  const folder = await buildOne({ name, module, source, target: 'tool' })
  if (folder === undefined) throw new Error('Go is not in the PATH')
  return join(folder, name)
}

/** It over one log, from its head on; resolves with its address when it can be connected to. */
export async function startedGoServer(program: string, log: TestLog): Promise<string> {
  const folder = newFolder()
  const port = await freePort()
  const config = {
    webserver: {
      ...{ listen_addr: '127.0.0.1', listen_port: port },
      ...{ full_url: '/full-stream', lite_url: '/', domains_only_url: '/domains-only' },
    },
    prometheus: { enabled: false },
    general: {
      disable_default_logs: true,
      additional_logs: [{ url: log.url, operator: 'Test', description: log.description }],
      buffer_sizes: { websocket: 10_000, ctlog: 10_000, broadcastmanager: 10_000 },
      drop_old_logs: false,
      recovery: { enabled: false },
    },
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config))
  const child = spawn(program, ['--config', 'config.yml'], { cwd: folder })
  onTestFinished(() => void child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    let said = ''
    let isReading = false
    child.once('close', () => reject(new Error(said)))
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (isReading || !said.includes('Starting worker for CT log')) return
        isReading = true
        resolve(`http://127.0.0.1:${port}/`)
      })
  })
}

/** It can be given no port 0. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
