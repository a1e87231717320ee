import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

export const run = promisify(execFile)

const running = new Set<ChildProcess>()
// A test that fails badly must not leave servers behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A server in the background; what it prints goes to `<folder>/<name>.log`. */
export class Server {
  private readonly log: string
  private readonly child: ChildProcess

  constructor(folder: string, command: string, args: readonly string[], options: { env?: object; cwd?: string } = {}) {
    this.log = join(folder, `${basename(command)}.log`)
    const file = openSync(this.log, 'a')
    this.child = spawn(command, args, {
      cwd: options.cwd ?? folder,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', file, file],
    })
    closeSync(file)
    running.add(this.child)
    this.child.once('exit', () => running.delete(this.child))
  }

  /**
   * Resolves when `isReady` resolves to true.
   * @throws With the last lines it printed, when the server ends or a minute has passed.
   */
  async ready(isReady: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 60_000; ; ) {
      if (await isReady().catch(() => false)) return
      if (!this.isRunning || Date.now() > end)
        throw new Error(`${this.child.spawnfile} does not answer; its last words:\n${this.lastWords}`)
      await wait(50)
    }
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return
    const exited = once(this.child, 'exit')
    this.child.kill(signal)
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 15_000)
    await exited
    clearTimeout(timer)
  }

  private get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  private get lastWords(): string {
    return readFileSync(this.log, 'utf8').split('\n').slice(-20).join('\n')
  }
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Whether something listens there, whatever it speaks. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

export const answers = async (url: string): Promise<boolean> => (await fetch(url)).ok

/** Resolves when the condition holds; a test's own timeout bounds it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await wait(20)
}
