import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import type { TestLog } from '../../src/testing/index.js'
import { grow } from '../support/logs.js'
import type { Surroundings } from './collectors.js'

const PROGRAM = 'queue-processor.mjs'
/** Added to each log between two faults. */
const GROWTH = 400
/** Longest wait for what is to come. Milliseconds. */
const PATIENCE_MS = 60_000

/** Processors of the group `effects` as child processes; what each is given is in a file of its own. */
export class QueueProcessors {
  readonly running: ChildProcess[] = []
  /** What they said, for a test that fails. */
  said = ''
  private readonly url: string
  private readonly leaseMs: number
  private readonly program: string
  private readonly folder = mkdtempSync(join(tmpdir(), 'ct-stream-processors-'))

  /** @param program - In the folder `programs`; default: one that writes into such a file. */
  constructor(url: string, leaseMs: number, program = PROGRAM) {
    this.program = join(import.meta.dirname, 'programs', program)
    this.url = url
    this.leaseMs = leaseMs
  }

  start({ command = [], rewrite = (text) => text }: Pick<Surroundings, 'command' | 'rewrite'> = {}): ChildProcess {
    const { url, leaseMs, folder } = this
    const argument = rewrite(JSON.stringify({ url, leaseMs, folder }))
    const [program = '', ...argv] = [...command, process.execPath, this.program, argument]
    const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
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

  /** The one that was given something last. */
  get last(): ChildProcess | undefined {
    const time = ({ pid }: ChildProcess) =>
      statSync(join(this.folder, String(pid)), { throwIfNoEntry: false })?.mtimeMs ?? 0
    const latest = Math.max(...this.running.map(time))
    return latest === 0 ? undefined : this.running.find((child) => time(child) === latest)
  }

  /** Entries that were given to at least one. */
  get count(): number {
    return new Set(this.given().flatMap((lines) => lines.map((line) => line.join(' ')))).size
  }

  /** Waits a minute at most. @param more - Said when that is not enough. */
  async until(isReached: (count: number) => boolean, more: () => string = () => ''): Promise<void> {
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

  /**
   * Two of them read logs that grow, and one is harmed each time, in the middle of what came: all entries are given, and only a part of them
   * again.
   *
   * @param kills - As of {@link QueueProcessors.harm}.
   * @param fill - Writes what the logs have; resolves when that is done.
   * @param more - Said when it takes a minute to get on.
   */
  async endure(
    kills: number,
    logs: readonly TestLog[],
    fill: () => Promise<void>,
    more: () => string = () => '',
  ): Promise<void> {
    for (let i = 0; i < kills; i++) {
      const before = this.count
      for (const log of logs) grow(log, GROWTH)
      const filled = fill()
      await this.until((count) => count > before + (i % 5) * 100, more)
      await this.harm(i)
      await filled
    }
    const size = logs.reduce((sum, log) => sum + log.size, 0)
    await this.until((count) => count >= size, more)
    expect(this.count).toBe(size)
    // What is given again was given to a process that lost it before that was stored: a part, not everything.
    expect(this.given().flat().length).toBeLessThan(size * 1.5)
  }

  /** Ends all in order. */
  async stop(): Promise<void> {
    for (const child of [...this.running]) {
      const exited = once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) })
      child.kill('SIGTERM')
      await exited.catch((cause) => {
        throw new Error(`processor ${child.pid} has not ended in a minute\n${this.said}`, { cause })
      })
    }
  }

  /** Ends all at once, and forgets what they were given. */
  async remove(): Promise<void> {
    await Promise.all([...this.running].map(kill))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGCONT')
  child.kill('SIGKILL')
  await exited
}
