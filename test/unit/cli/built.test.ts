import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'tsup'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTestLog, createTestLogList } from '../../../src/testing/index.js'
import { VERSION } from '../../../src/version.js'
import { type EmbeddedLogs, embeddedLogs } from './embedded.js'

// The command line as it is shipped: built, in a process of its own, against logs in this one.

const root = join(import.meta.dirname, '..', '..', '..')
let folder = ''
let logs: EmbeddedLogs

beforeAll(async () => {
  // Below the project, so that its packages are found.
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  folder = mkdtempSync(join(cache, 'ct-stream-cli-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  await build({
    entry: { cli: join(root, 'src', 'cli', 'main.ts'), 'page-worker': join(root, 'src', 'pages', 'page-worker.ts') },
    outDir: folder,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    splitting: true,
    external: ['better-sqlite3', 'undici', 'p-queue', 'commander', 'string-width', /^@peculiar\//],
    config: false,
    silent: true,
  })
  logs = await embeddedLogs()
}, 60_000)
afterAll(async () => {
  await logs.close()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => {
  logs.classic.clearFaults()
  logs.tiled.clearFaults()
})

interface Program {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function start(...argv: string[]): Program {
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(process.execPath, [join(folder, 'cli.js'), ...argv], { cwd: folder, env })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((done) => {
    child.once('close', (code) => done({ code, stdout, stderr }))
  })
  return { child, stdout: () => stdout, ended }
}

const run = (...argv: string[]) => start(...argv).ended
const linesOf = (text: string) => text.split('\n').slice(0, -1)
const flagsOf = ({ url, key, kind, submissionUrl }: EmbeddedLogs['classic']) => [
  ...['--log', url, '--key', key],
  ...(kind === 'static-ct' ? ['--submission-url', submissionUrl] : []),
]

async function until(program: Program, isSo: () => boolean): Promise<void> {
  while (!isSo() && program.child.exitCode === null) await new Promise((done) => setTimeout(done, 20))
}

describe.skipIf(process.platform === 'win32')('the built command line', () => {
  it('has a version and help', async () => {
    expect(await run('--version')).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' })
    const help = await run('help')
    expect(help.code).toBe(0)
    for (const name of ['stream', 'logs', 'status', 'get', 'decode', 'demo'])
      expect(help.stdout).toContain(`\n  ${name} `)
    expect(await run('--help')).toEqual(help)
    expect((await run('help', 'get')).stdout).toContain('Usage: ct-stream get [log] <index> [flags]')
    expect(await run('help', 'nothing')).toMatchObject({ code: 2, stdout: '' })
  }, 30_000)

  it('shows a demo with both kinds of log, a JSON line for each certificate', async () => {
    const { code, stdout, stderr } = await run('demo', '--limit', '20', '--no-checkpoint')
    expect([code, stderr]).toEqual([0, ''])
    const certs = linesOf(stdout).map((line) => JSON.parse(line))
    expect(certs).toHaveLength(20)
    expect(new Set(certs.map(({ log }) => log.kind))).toEqual(new Set(['rfc6962', 'static-ct']))
    expect(new Set(certs.map(({ sha256 }) => sha256)).size).toBe(20)
    for (const { problems, log, index, timestamp } of certs) {
      expect(problems, `${log.description} ${index}`).toEqual([])
      expect(Math.abs(Date.now() - Date.parse(timestamp))).toBeLessThan(60_000)
    }
  }, 30_000)

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends the demo with 0 at %s',
    async (signal) => {
      const program = start('demo', '--format', 'text')
      await until(program, () => linesOf(program.stdout()).length > 5)
      program.child.kill(signal)
      const { code, stdout, stderr } = await program.ended
      expect([code, stderr]).toEqual([0, ''])
      for (const line of linesOf(stdout))
        expect(line).toMatch(/^\d{4}-.*Z {2}(pre |cert) .* {2}Demo (rfc6962|static-ct) log #\d+$/)
    },
    30_000,
  )

  it('ends the demo quietly when its pipe is closed', async () => {
    const program = start('demo')
    await until(program, () => linesOf(program.stdout()).length > 2)
    program.child.stdout?.destroy()
    expect(await program.ended).toMatchObject({ code: 0, stderr: '' })
  }, 30_000)

  it('reads a log to its head, remembers it, and tells of it', async () => {
    const checkpoint = ['--checkpoint', join(folder, 'backfill.db')]
    for (const log of [logs.classic, logs.tiled]) {
      const argv = [...flagsOf(log), ...checkpoint, '--start', 'beginning', '--end', 'head']
      const { code, stdout, stderr } = await run(...argv, '--template', '{index}')
      expect([code, stderr]).toEqual([0, ''])
      expect(linesOf(stdout)).toEqual(Array.from({ length: 300 }, (_, i) => String(i)))
      const again = await run(...argv)
      expect([again.code, again.stdout]).toEqual([0, ''])
      expect(again.stderr).toMatch(/^warn: `start` is ignored for 1 of 1 logs, [^\n]+: 300"\n$/)
    }
    const { code, stdout } = await run('status', ...checkpoint, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      owner: null,
      logs: [
        { log: { id: logs.classic.logId }, position: 300, verifiedSize: 300, lagEntries: 0 },
        { log: { id: logs.tiled.logId, kind: 'static-ct' }, position: 300, verifiedSize: 300, lagEntries: 0 },
      ],
      gaps: [],
      evidence: [],
    })
  }, 30_000)

  it('tells of a stream that runs, without disturbing it', async () => {
    const path = join(folder, 'live.db')
    const argv = [...flagsOf(logs.classic), '--checkpoint', path, '--start', 'beginning', '--template', '{index}']
    const program = start(...argv)
    await until(program, () => linesOf(program.stdout()).length === 300)
    const { code, stdout } = await run('status', '--checkpoint', path)
    expect(code).toBe(0)
    expect(stdout).toContain(`: in use by process ${program.child.pid} on `)
    expect(await run(...argv)).toMatchObject({ code: 1, stderr: expect.stringContaining('(CT_CHECKPOINT_CONFLICT)') })
    program.child.kill('SIGTERM')
    expect(await program.ended).toMatchObject({ code: 0, stderr: '' })
    expect((await run('status', '--checkpoint', path)).stdout).toContain(': no stream uses it\n')
  }, 30_000)

  it.each([
    ['nested arrays', `{"x":${'['.repeat(47e6)}`],
    ['empty objects', `{"entries":[${'{},'.repeat(15e6)}{}]}`],
    ['escapes', `{"entries":[{"leaf_input":"AAAA","extra_data":"${'\\/'.repeat(23e6)}"}]}`],
  ])(
    'ends soon at SIGTERM while it reads a bomb of %s',
    async (_, bomb) => {
      const packed = gzipSync(bomb)
      const { classic } = logs
      classic.fault({ on: 'get-entries', status: 200, body: packed, headers: { 'content-encoding': 'gzip' } })
      const before = classic.requests.length
      const program = start(...flagsOf(classic), '--no-checkpoint', '--start', 'beginning')
      await until(program, () => classic.requests.slice(before).some(({ path }) => path.includes('get-entries')))
      // It took 15 s once, of which the first was spent unpacking.
      await new Promise((done) => setTimeout(done, 300))
      const begun = performance.now()
      program.child.kill('SIGTERM')
      const { code, stdout } = await program.ended
      expect([code, stdout]).toEqual([0, ''])
      expect(performance.now() - begun).toBeLessThan(10_000)
    },
    60_000,
  )

  it('has no status without a file', async () => {
    const { code, stdout, stderr } = await run('status')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^ct-stream: there is no checkpoint file ct-stream\.db: .*\n$/)
  }, 30_000)

  it('probes many logs at once without a word on stderr', async () => {
    const many = await Promise.all(Array.from({ length: 15 }, (_, i) => createTestLog({ description: `Shard ${i}` })))
    const path = join(folder, 'list.json')
    writeFileSync(path, JSON.stringify(createTestLogList(many)))
    const { code, stdout, stderr } = await run('logs', '--log-list', path, '--probe', '--json')
    await Promise.all(many.map((log) => log.close()))
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout).map(({ head }: { head: { treeSize: number } }) => head.treeSize)).toEqual(
      Array.from({ length: 15 }, () => 0),
    )
  }, 30_000)

  it('gets an entry of either kind of log, or says why it is not proven', async () => {
    for (const log of [logs.classic, logs.tiled]) {
      const got = await run('get', ...flagsOf(log), '299')
      expect([got.code, got.stderr]).toEqual([0, ''])
      expect(JSON.parse(got.stdout)).toMatchObject({ index: 299, log: { id: log.logId } })
      log.fault({ on: ['get-sth', 'checkpoint'], wrongRoot: true })
      const { code, stdout, stderr } = await run('get', ...flagsOf(log), '299')
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^ct-stream: .* \(CT_(INCLUSION|CONSISTENCY|ROOT_MISMATCH)\)\n$/)
    }
  }, 30_000)
})
