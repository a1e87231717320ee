import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Notifier } from '../../src/util/notifier.js'

const root = join(import.meta.dirname, '..', '..')

/** A command as it is shipped, in a process of its own that ends with the test. */
export class BuiltCommand {
  stdout = ''
  stderr = ''
  /** Its exit status. */
  readonly closed: Promise<number | null>
  private readonly child
  private readonly changed = new Notifier()
  private isClosed = false

  constructor(argv: readonly string[], cwd: string) {
    const { NODE_OPTIONS: _, ...env } = process.env
    const child = spawn(process.execPath, [join(root, 'dist', 'cli.js'), ...argv], { cwd, env })
    this.child = child
    this.closed = new Promise((resolve) =>
      child.once('close', (code) => {
        this.isClosed = true
        this.changed.notify()
        resolve(code)
      }),
    )
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.said('stdout', text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.said('stderr', text))
    onTestFinished(() => void child.kill('SIGKILL'))
  }

  /** What the first group of a pattern found. @throws when the process ends without having said it. */
  async says(where: 'stdout' | 'stderr', pattern: RegExp): Promise<string> {
    for (;;) {
      const [, found] = pattern.exec(this[where]) ?? []
      if (found !== undefined) return found
      if (this.isClosed) throw new Error(`it ended: ${this.stderr}`)
      await this.changed.wait()
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    return this.closed
  }

  private said(where: 'stdout' | 'stderr', text: string): void {
    this[where] += text
    this.changed.notify()
  }
}

/** Whether Debian's promtool is there; where `test/ci/monitoring.sh` could install it, tests that need it are not skipped. */
export const hasPromtool =
  process.env.CT_STREAM_TEST_REQUIRE_PROMTOOL === '1' || spawnSync('promtool', ['--version']).error === undefined

/** What `promtool` says, and its exit status. */
export function promtool(
  argv: readonly string[],
  input = '',
): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', argv, { input, encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}
