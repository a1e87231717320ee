import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let folder = ''
let count = 0

beforeAll(async () => {
  // Below the project, so that its packages are found.
  const cache = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  folder = mkdtempSync(join(cache, 'ct-stream-cli-'))
  await build({
    entry: { endless: join(import.meta.dirname, 'programs', 'endless.ts') },
    outDir: folder,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    outExtension: () => ({ js: '.mjs' }),
    external: ['better-sqlite3', 'undici', 'p-queue', 'commander', 'string-width', /^@peculiar\//],
    config: false,
    silent: true,
  })
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

class Endless {
  stdout = ''
  stderr = ''
  readonly ended: Promise<{ code: number | null; signal: string | null }>
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  private readonly result = join(folder, `${(count += 1)}.result`)

  constructor(options: { pause: number; reads?: boolean; closes?: boolean; args?: string[] }) {
    const { NODE_OPTIONS: _, CT_STREAM_WORKERS: __, ...env } = process.env
    this.child = spawn(process.execPath, [join(folder, 'endless.mjs'), ...(options.args ?? [])], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...env,
        CT_ENDLESS_RESULT: this.result,
        CT_ENDLESS_PAUSE: String(options.pause),
        CT_ENDLESS_CLOSES: String(options.closes ?? true),
      },
    })
    this.ended = new Promise((done) => this.child.once('close', (code, signal) => done({ code, signal })))
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    // What is left in the pipe is read when the process has ended.
    if (options.reads === false) this.child.stdout.pause()
  }

  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1)
  }

  /** It has written as much as this process takes without reading it. */
  get isFull(): boolean {
    const { readableLength, readableHighWaterMark } = this.child.stdout
    return readableLength >= readableHighWaterMark
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo() && this.child.exitCode === null) await new Promise((done) => setTimeout(done, 10))
  }

  acknowledged(): number {
    return existsSync(this.result) ? Number(readFileSync(this.result, 'utf8')) : -1
  }
}

describe.skipIf(process.platform === 'win32')('the process', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'commits what it has written and leaves with 0 at %s',
    async (signal) => {
      const program = new Endless({ pause: 1 })
      await program.until(() => program.lines.length > 20)
      program.child.kill(signal)
      expect(await program.ended).toEqual({ code: 0, signal: null })
      expect(program.lines.map((line) => (JSON.parse(line) as { index: number }).index)).toEqual(
        program.lines.map((_, i) => i),
      )
      expect(program.acknowledged()).toBe(program.lines.length)
      expect(program.stderr).toBe('')
    },
    30_000,
  )

  it('leaves with 0 while it waits for entries', async () => {
    const program = new Endless({ pause: 500 })
    await program.until(() => program.lines.length > 0)
    program.child.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.acknowledged()).toBe(program.lines.length)
  }, 30_000)

  it('leaves with 0 when its reader does not read, with no more acknowledged than was taken', async () => {
    const program = new Endless({ pause: 0, reads: false })
    await program.until(() => program.isFull)
    program.child.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.acknowledged()).toBeGreaterThan(0)
    expect(program.lines.length).toBeGreaterThanOrEqual(program.acknowledged())
  }, 30_000)

  it('ends at once, and not well, at the second signal', async () => {
    const program = new Endless({ pause: 1, closes: false })
    await program.until(() => program.lines.length > 0)
    program.child.kill('SIGINT')
    await program.until(() => program.acknowledged() >= 0)
    program.child.kill('SIGINT')
    expect((await program.ended).code).toBe(130)
  }, 30_000)

  it('ends quietly with 0 when its pipe is closed', async () => {
    const program = new Endless({ pause: 1 })
    await program.until(() => program.lines.length > 5)
    program.child.stdout.destroy()
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.stderr).toBe('')
  }, 30_000)

  it('says that decode - was interrupted as soon as it is, while its input is still open', async () => {
    const program = new Endless({ pause: 1, args: ['decode', '-'] })
    // More than fits between the processes: it reads, so that it has been listening for signals, too.
    await new Promise((done) => program.child.stdin.write(Buffer.alloc(8 * 1024 * 1024), done))
    program.child.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect([program.stdout, program.stderr]).toEqual(['', 'ct-stream: interrupted\n'])
  }, 30_000)

  it('leaves with 1 when a command whose work has an end takes too long to stop', async () => {
    const program = new Endless({ pause: 1, args: ['slow'] })
    await program.until(() => program.lines.length > 0)
    program.child.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 1, signal: null })
  }, 30_000)

  it.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
    'acknowledges nothing that a full disk did not take',
    async (context) => {
      const disk = join(folder, 'disk')
      mkdirSync(disk)
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0)
        return context.skip('a disk of its own cannot be mounted')
      try {
        const [result, path] = [join(folder, 'disk.result'), join(disk, 'out')]
        const stdout = openSync(path, 'a')
        const { NODE_OPTIONS: _, CT_STREAM_WORKERS: __, ...env } = process.env
        const child = spawn(process.execPath, [join(folder, 'endless.mjs')], {
          stdio: ['ignore', stdout, 'pipe'],
          env: { ...env, CT_ENDLESS_RESULT: result, CT_ENDLESS_PAUSE: '0' },
        })
        closeSync(stdout)
        let stderr = ''
        child.stderr?.on('data', (text) => {
          stderr += text
        })
        expect(await new Promise((done) => child.once('close', done))).toBe(1)
        expect(stderr).toContain('ENOSPC')
        const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
        expect(lines.length).toBeGreaterThan(2)
        expect(lines.length).toBeGreaterThanOrEqual(Number(readFileSync(result, 'utf8')))
      } finally {
        spawnSync('umount', [disk])
      }
    },
    30_000,
  )

  it('leaves with 2 and one line for bad usage', async () => {
    const program = new Endless({ pause: 1, args: ['--fromat', 'json'] })
    expect(await program.ended).toEqual({ code: 2, signal: null })
    expect(program.stderr).toBe('ct-stream: unknown flag --fromat, did you mean --format?\n')
  }, 30_000)
})
