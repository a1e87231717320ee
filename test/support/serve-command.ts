import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createTestLog, issueCertificates, type TestLog, type TestLogOptions } from '../../src/testing/index.js'

const root = join(import.meta.dirname, '..', '..')
/** The built command line. */
export const CLI = join(root, 'dist', 'cli.js')

/** `ct-stream serve` as it is shipped, in a process of its own. */
export interface Served {
  readonly url: string
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves with its exit status and what it said on stderr. */
  stop(signal: NodeJS.Signals): Promise<{ code: number | null; stderr: string; ms: number }>
}

/** A new folder, gone with the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-serving-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** @param place - Where its files are. */
export function serve(place: string, log: TestLog, ...argv: string[]): Promise<Served> {
  const { NODE_OPTIONS: _, ...env } = process.env
  const flags = ['--log', log.url, '--key', log.key, '--start', 'beginning']
  if (!argv.includes('--log-level')) flags.push('--log-level', 'error')
  if (!argv.includes('--port')) flags.push('--port', '0')
  const child = spawn(process.execPath, [CLI, 'serve', ...flags, ...argv], { cwd: place, env })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const closed = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  const stop = async (signal: NodeJS.Signals) => {
    const began = performance.now()
    child.kill(signal)
    return { code: await closed, stderr, ms: performance.now() - began }
  }
  return new Promise((resolve, reject) => {
    void closed.then(() => reject(new Error(stderr)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const [, url] = /^ct-stream serves at (\S+)\n/.exec(stdout) ?? []
      if (url !== undefined)
        resolve({ url, pid: child.pid as number, stop, stdout: () => stdout, stderr: () => stderr })
    })
  })
}

/** A log that gives no entries until it is told to: clients are to be there before the first. */
export async function heldLog(count: number, options: TestLogOptions = {}) {
  const issued = [...issueCertificates(count, { seed: `serve ${count}`, kinds: 'pairs' })]
  const log = await createTestLog({ kind: 'rfc6962', entries: issued, description: 'Held', ...options })
  onTestFinished(async () => void (await log.close()))
  const { clear } = log.fault({ on: 'get-entries', status: 503 })
  return { log, issued, release: clear }
}

/** Every key of a message and what kind of value it has; what a certificate need not have is left out. */
export function shapeOf(value: unknown, path = ''): string[] {
  if (path.endsWith('.extensions')) return []
  if (Array.isArray(value)) return value.slice(0, 1).flatMap((one) => shapeOf(one, `${path}[]`))
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, one]) => shapeOf(one, `${path}.${key}`))
}
