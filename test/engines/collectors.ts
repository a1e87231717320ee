import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestLog } from '../../src/testing/index.js'
import type { LogInfo } from '../../src/types/log.js'

const PROGRAM = join(import.meta.dirname, 'programs', 'collector.mjs')

/** Collectors as child processes, each under a name of its own. */
export class Collectors {
  readonly running: ChildProcess[] = []
  private readonly members = new Map<string, ChildProcess>()
  private readonly url: string
  private readonly logs: readonly TestLog[]
  private readonly leaseMs: number
  private readonly queue: boolean
  private started = 0
  /** What they said, for a test that fails. */
  said = ''

  constructor(url: string, logs: readonly TestLog[], leaseMs: number, queue = false) {
    this.url = url
    this.logs = logs
    this.leaseMs = leaseMs
    this.queue = queue
  }

  start(): ChildProcess {
    const { url, leaseMs, queue } = this
    const logs = this.logs.map(infoOf)
    const specs = this.logs.map(({ spec }) => spec)
    const member = `member ${++this.started}`
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify({ url, specs, logs, leaseMs, member, queue })], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr?.on('data', (text) => {
      this.said = (this.said + text).slice(-20_000)
    })
    child.once('exit', () => this.running.splice(this.running.indexOf(child), 1))
    this.running.push(child)
    this.members.set(member, child)
    return child
  }

  /** The process of a member. */
  of(member: string): ChildProcess | undefined {
    return this.members.get(member)
  }

  async stopAll(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await Promise.all(
      [...this.running].map(async (child) => {
        const exited = once(child, 'exit')
        child.kill('SIGCONT')
        child.kill(signal)
        await exited
      }),
    )
  }
}

export function infoOf({ logId, description, operator, kind, url }: TestLog): LogInfo {
  return { id: logId, description, operator, kind: kind === 'both' ? 'rfc6962' : kind, url }
}
