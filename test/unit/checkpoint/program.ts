import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'tsup'

const root = resolve(import.meta.dirname, '..', '..', '..')

/** Builds a program of `programs/`, the store in it, into a folder outside the project; returns the folder. */
export async function buildProgram(name: string, options: { readonly withPackages: boolean }): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-program-'))
  await build({
    entry: { [name]: join(import.meta.dirname, 'programs', `${name}.ts`) },
    outDir: folder,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    outExtension: () => ({ js: '.mjs' }),
    external: ['better-sqlite3'],
    config: false,
    silent: true,
  })
  if (options.withPackages) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** A program of its own, its answer one line at a time. */
export class Program {
  readonly lines: string[] = []
  readonly exited: Promise<void>
  private readonly child: ChildProcess
  private rest = ''
  private wake = () => {}

  constructor(file: string, args: readonly string[]) {
    const { NODE_OPTIONS: _, ...env } = process.env
    this.child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.read(text))
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.read(text))
    this.exited = new Promise((done) => this.child.once('close', () => done()))
    void this.exited.then(() => this.wake())
  }

  /** Resolves when `count` lines have come, or the program has ended. */
  async waitForLines(count: number): Promise<void> {
    while (this.lines.length < count && this.child.exitCode === null && this.child.signalCode === null) {
      await new Promise<void>((wake) => {
        this.wake = wake
      })
    }
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }

  private read(text: string): void {
    const lines = (this.rest + text).split('\n')
    this.rest = lines.pop() ?? ''
    this.lines.push(...lines)
    this.wake()
  }
}
