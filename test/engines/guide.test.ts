import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Notifier } from '../../src/util/notifier.js'
import { noPostgres } from './database.js'

const root = join(import.meta.dirname, '..', '..')
const guide = readFileSync(join(root, 'examples', 'deploy', 'README.md'), 'utf8')
const run = promisify(execFile)

/** Whether somebody else listens where the guide wants to. */
const isTaken = await new Promise<boolean>((resolve) => {
  const socket = createConnection(5433, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false))
  socket.unref()
})

describe.skipIf(noPostgres || isTaken)('examples/deploy', () => {
  it('has two commands that collect certificates and find one', async () => {
    const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(guide) ?? []
    const commands = block.trim().split('\n')
    expect(commands).toHaveLength(2)
    const place = mkdtempSync(join(tmpdir(), 'ct-stream-deploy-'))
    chmodSync(place, 0o755)
    // As it is after `npm install --global`.
    mkdirSync(join(place, 'bin'))
    const cli = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist', 'cli.js')}' "$@"\n`
    writeFileSync(join(place, 'bin', 'ct-stream'), cli, { mode: 0o755 })
    const { NODE_OPTIONS: _, ...rest } = process.env
    const env = {
      ...rest,
      PATH: `${join(place, 'bin')}:${rest.PATH}`,
      XDG_STATE_HOME: place,
      // Another program may listen at 8080.
      CT_STREAM_PORT: '0',
    }
    onTestFinished(async () => {
      await run('bash', ['examples/deploy/postgres.sh', 'stop'], { cwd: root, env })
      rmSync(place, { recursive: true, force: true })
    })
    await run('bash', ['-c', commands[0] ?? ''], { cwd: root, env })
    const demo = spawn('bash', ['-c', `exec ${commands[1]}`], { cwd: root, env })
    onTestFinished(() => ended(demo))
    const url = await saidBy(demo, / at (\S+)\n/)
    let found: { items: { names: string[] }[] } = { items: [] }
    while (found.items.length < 3)
      found = {
        items: [],
        ...((await (await fetch(`${url}api/v1/certificates?name=com`)).json()) as Partial<typeof found>),
      }
    for (const { names } of found.items) expect(names.some((name) => name.endsWith('.com'))).toBe(true)
    const { items } = (await (await fetch(`${url}api/v1/shards`)).json()) as { items: { owner: string }[] }
    expect(items).toMatchObject([{ owner: expect.any(String) }])
  }, 120_000)
})

async function saidBy(child: ChildProcess, pattern: RegExp): Promise<string> {
  const changed = new Notifier()
  let [said, isOver] = ['', false]
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      changed.notify()
    })
  child.once('close', () => {
    isOver = true
    changed.notify()
  })
  for (;;) {
    const [, found] = pattern.exec(said) ?? []
    if (found !== undefined) return found
    if (isOver) throw new Error(`it ended: ${said}`)
    await changed.wait()
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  await closed
}
