import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const PROGRAM = join(import.meta.dirname, 'programs', 'queue-processor.mjs')
/** Longest wait for what is to come. Milliseconds. */
const PATIENCE_MS = 60_000

/** Processors of the group `effects` as child processes; what each is given is in a file of its own. */
export class QueueProcessors {
  readonly running: ChildProcess[] = []
  /** What they said, for a test that fails. */
  said = ''
  private readonly url: string
  private readonly leaseMs: number
  private readonly folder = mkdtempSync(join(tmpdir(), 'ct-stream-processors-'))

  constructor(url: string, leaseMs: number) {
    this.url = url
    this.leaseMs = leaseMs
  }

  start(): ChildProcess {
    const { url, leaseMs, folder } = this
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify({ url, leaseMs, folder })], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr?.on('data', (text) => {
      this.said = (this.said + text).slice(-20_000)
    })
    child.once('exit', () => this.running.splice(this.running.indexOf(child), 1))
    this.running.push(child)
    return child
  }

  /** What each process was given, in its order. */
  given(): readonly (readonly (readonly [logId: string, index: string])[])[] {
    return readdirSync(this.folder).map((name) =>
      readFileSync(join(this.folder, name), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' ') as [string, string]),
    )
  }

  /** Entries that were given to at least one. */
  get count(): number {
    return new Set(this.given().flatMap((lines) => lines.map((line) => line.join(' ')))).size
  }

  /** Waits a minute at most. @param more - Said when that is not enough. */
  async until(isReached: (count: number) => boolean, more: () => string): Promise<void> {
    const began = performance.now()
    for (;;) {
      const { count } = this
      if (isReached(count)) return
      if (performance.now() - began > PATIENCE_MS)
        throw new Error(`${count} entries after a minute\n${this.said}\n${more()}`)
      await wait(50)
    }
  }

  /**
   * Harms one of them: of three times two with SIGKILL, and another one is started; else it is stopped beyond its lease, and wakes with pages
   * in its hands.
   */
  async harm(i: number): Promise<void> {
    const victim = this.running[i % this.running.length]
    if (i % 3 === 1) {
      victim?.kill('SIGSTOP')
      await wait(this.leaseMs * 1.5)
      victim?.kill('SIGCONT')
    } else {
      if (victim !== undefined) await kill(victim)
      this.start()
    }
  }

  /** Ends all in order. */
  async stop(): Promise<void> {
    for (const child of [...this.running]) {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    }
  }

  /** Ends all at once, and forgets what they were given. */
  async remove(): Promise<void> {
    await Promise.all([...this.running].map(kill))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGCONT')
  child.kill('SIGKILL')
  await exited
}
