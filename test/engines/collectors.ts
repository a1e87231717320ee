import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { TestLog } from '../../src/testing/index.js'
import type { LogInfo } from '../../src/types/log.js'

const PROGRAM = join(import.meta.dirname, 'programs', 'collector.mjs')

/** How long they may take to end. Milliseconds. */
const ENDING_MS = 60_000

/** Where they work: URLs of the coordinator and the sink. */
export interface CollectorsPlace {
  readonly url: string
  readonly sink: string
  readonly leaseMs: number
}

/** What is different around one process. */
export interface Surroundings {
  /** A command that runs it. */
  readonly command?: readonly string[]
  /** Changes the addresses in its argument. */
  readonly rewrite?: (text: string) => string
  readonly env?: Readonly<Record<string, string>>
}

/** Collectors as child processes, each under a name of its own. */
export class Collectors {
  readonly running: ChildProcess[] = []
  /** By the names of the members. */
  readonly members = new Map<string, ChildProcess>()
  private readonly place: CollectorsPlace
  private readonly logs: readonly TestLog[]
  /** Who has each shard, as they said: who took it last, and still holds it. */
  readonly owners = new Map<string, string>()
  private started = 0
  /** What they said, for a test that fails. */
  said = ''

  constructor(place: CollectorsPlace, logs: readonly TestLog[]) {
    this.place = place
    this.logs = logs
  }

  start({ command = [], rewrite = (text) => text, env = {} }: Surroundings = {}): ChildProcess {
    const { url, sink, leaseMs } = this.place
    const logs = this.logs.map(infoOf)
    const specs = this.logs.map(({ spec }) => spec)
    const member = `member ${++this.started}`
    const argument = rewrite(JSON.stringify({ url, sink, specs, logs, leaseMs, member }))
    const [program = '', ...argv] = [...command, process.execPath, PROGRAM, argument]
    const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
    const lines = createInterface({ input: child.stderr as Readable })
    lines.on('line', (line) => {
      const held = / holds (\[.*\])$/.exec(line)?.[1]
      if (held !== undefined) return this.holds(member, new Set(JSON.parse(held)))
      this.said = `${this.said}${line}\n`.slice(-20_000)
      const shard = / collecting shard (.*)$/.exec(line)?.[1]
      if (shard !== undefined) this.owners.set(shard, member)
    })
    child.once('exit', () => this.running.splice(this.running.indexOf(child), 1))
    this.running.push(child)
    this.members.set(member, child)
    return child
  }

  /** The process that has a shard, unless it has ended. */
  ownerOf(shard: string): ChildProcess | undefined {
    const child = this.members.get(this.owners.get(shard) ?? '')
    return child?.exitCode === null && child.signalCode === null ? child : undefined
  }

  /** One that was away may believe for a moment that it has what another took meanwhile. */
  private holds(member: string, held: ReadonlySet<string>): void {
    for (const [shard, owner] of this.owners) if (owner === member && !held.has(shard)) this.owners.delete(shard)
    for (const shard of held) if (!this.owners.has(shard)) this.owners.set(shard, member)
  }

  async stopAll(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await Promise.all(
      [...this.running].map(async (child) => {
        const exited = once(child, 'exit', { signal: AbortSignal.timeout(ENDING_MS) })
        child.kill('SIGCONT')
        child.kill(signal)
        await exited.catch((cause) => {
          throw new Error(`collector ${child.pid} has not ended in a minute\n${this.said}`, { cause })
        })
      }),
    )
  }
}

export function infoOf({ logId, description, operator, kind, url }: TestLog): LogInfo {
  return { id: logId, description, operator, kind: kind === 'both' ? 'rfc6962' : kind, url }
}
