import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestLog, createTestLogList, type TestLog, type TestLogOptions } from '../../src/testing/index.js'
import { closing } from '../support/closing.js'

const root = join(import.meta.dirname, '..', '..')

/** `ct-stream serve` as it is shipped, in a process of its own. */
export interface Served {
  readonly url: string
  close(): Promise<void>
}

/** @param argv - Beside the logs. */
export function serve(logs: readonly TestLog[], ...argv: string[]): Promise<Served> {
  const { NODE_OPTIONS: _, ...env } = process.env
  const place = mkdtempSync(join(tmpdir(), 'ct-stream-page-'))
  // By a list, which has their names.
  const list = join(place, 'list.json')
  writeFileSync(list, JSON.stringify(createTestLogList(logs)))
  const flags = ['--log-list', list, '--start', 'beginning', '--no-checkpoint', '--no-keep', '--log-level', 'error']
  if (!argv.includes('--port')) flags.push('--port', '0')
  const child = spawn(process.execPath, [join(root, 'dist', 'cli.js'), 'serve', ...flags, ...argv], { cwd: place, env })
  let [stdout, stderr] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const close = async () => {
    child.kill('SIGKILL')
    await closed
    rmSync(place, { recursive: true, force: true })
  }
  closing({ close })
  return new Promise((resolve, reject) => {
    void closed.then(() => reject(new Error(stderr)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const [, url] = /^ct-stream serves at (\S+)\n/.exec(stdout) ?? []
      if (url !== undefined) resolve({ url, close })
    })
  })
}

export async function logOf(options: TestLogOptions): Promise<TestLog> {
  const log = await createTestLog({ kind: 'rfc6962', ...options })
  closing({ close: async () => void (await log.close()) })
  return log
}
