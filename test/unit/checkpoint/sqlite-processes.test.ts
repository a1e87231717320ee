import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../src/checkpoint/sqlite.js'
import { errorOf } from './contract.js'
import { buildProgram, Program } from './program.js'
import { checkpoint } from './samples.js'
import { useTempFolder } from './temp-folder.js'

const folder = useTempFolder()
let programs: Record<'committer' | 'opener' | 'lonely', string>

beforeAll(async () => {
  programs = {
    committer: await buildProgram('committer', { withPackages: true }),
    opener: await buildProgram('opener', { withPackages: true }),
    lonely: await buildProgram('opener', { withPackages: false }),
  }
}, 60_000)
afterAll(() => {
  for (const path of Object.values(programs)) rmSync(path, { recursive: true, force: true })
})

const opener = (path: string, mode = 'write', user?: number) =>
  new Program(join(programs.opener, 'opener.mjs'), [path, mode, ...(user === undefined ? [] : [String(user)])])

async function answerOf(program: Program): Promise<Record<string, unknown>> {
  await program.waitForLines(1)
  await program.kill()
  return JSON.parse(program.lines[0] ?? 'null')
}

describe('a process killed in the middle of its commits', () => {
  it('leaves the file sound, unlocked, and at the last commit or the one after it, for all logs alike', async () => {
    const path = folder.file()
    for (let round = 0; round < 20; round++) {
      const program = new Program(join(programs.committer, 'committer.mjs'), [path])
      await program.waitForLines(1 + round * 7)
      await program.kill()
      const said = Number(program.lines.at(-1))
      expect(program.lines).toEqual(program.lines.map((_, i) => String(said - program.lines.length + 1 + i)))

      const store = new SqliteCheckpointStore(path)
      await store.open()
      const rows = store.load()
      store.close()
      const [first] = rows
      expect([said, said + 1]).toContain(first?.position)
      expect(rows).toEqual([1, 2, 3].map((n) => checkpoint(n, first?.position ?? 0)))
      const db = new Database(path, { readonly: true })
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
      db.close()
    }
  }, 120_000)

  it('leaves a file that, copied without its write-ahead log, begins no log anew', async () => {
    const path = folder.file()
    const program = new Program(join(programs.committer, 'committer.mjs'), [path])
    await program.waitForLines(20)
    await program.kill()
    const copy = folder.file()
    cpSync(path, copy)
    const store = new SqliteCheckpointStore(copy)
    await store.open()
    expect(store.load().map(({ log: { id } }) => id)).toEqual([1, 2, 3].map((n) => checkpoint(n, 0).log.id))
    for (const { position } of store.load()) expect(position).toBeGreaterThanOrEqual(1)
    expect(store.warning).toContain(`${copy}-wal is not there`)
    store.close()
  }, 30_000)

  it('can be read before it is opened again', async () => {
    const path = folder.file()
    const program = new Program(join(programs.committer, 'committer.mjs'), [path])
    await program.waitForLines(5)
    await program.kill()
    const store = new SqliteCheckpointStore(path, { readOnly: true })
    await store.open()
    expect(store.load()[0]?.position).toBeGreaterThanOrEqual(Number(program.lines.at(-1)))
    expect(store.owner()?.host).toBe(hostname())
    store.close()
  }, 30_000)
})

describe('two processes and one file', () => {
  it('have one winner, whose name the other learns, until it dies', async () => {
    const path = folder.file()
    const winner = opener(path)
    await winner.waitForLines(1)
    expect(winner.lines).toEqual(['{"opened":0}'])

    const error = await errorOf(() => new SqliteCheckpointStore(path).open())
    expect(error.code).toBe('CT_CHECKPOINT_CONFLICT')
    expect(error.message).toMatch(/in use by process \d+ on .+ since 2\d{3}-/)
    expect(await answerOf(opener(path))).toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT', message: error.message })
    expect(await answerOf(opener(path, 'read'))).toEqual({ opened: 0 })

    await winner.kill()
    const store = new SqliteCheckpointStore(path)
    await store.open()
    store.close()
  }, 60_000)

  it('have one winner when they start together', async () => {
    const path = folder.file()
    const rivals = Array.from({ length: 4 }, () => opener(path))
    await Promise.all(rivals.map((rival) => rival.waitForLines(1)))
    const answers = rivals.map((rival) => JSON.parse(rival.lines[0] ?? 'null') as Record<string, unknown>)
    await Promise.all(rivals.map((rival) => rival.kill()))
    expect(answers.filter((answer) => answer.opened === 0)).toHaveLength(1)
    expect(answers.filter((answer) => answer.code === 'CT_CHECKPOINT_CONFLICT')).toHaveLength(3)
  }, 60_000)
})

// Root may write anywhere: there, the programs become a user who may not, but only when they have loaded everything: neither this
// project nor Node need be readable to others.
const nobody = process.getuid?.() === 0 ? 65_534 : undefined

const isOpenToAll = (path: string): boolean =>
  (statSync(path).mode & 0o001) !== 0 && (path === dirname(path) || isOpenToAll(dirname(path)))

describe.skipIf(process.platform === 'win32' || (nobody !== undefined && !isOpenToAll(realpathSync(tmpdir()))))(
  'a place that cannot be written',
  () => {
    it('is named, and can still be read', async () => {
      const place = folder.path('read-only')
      mkdirSync(place)
      const path = join(place, 'a.db')
      const store = new SqliteCheckpointStore(path)
      await store.open()
      store.commit([checkpoint(1, 5)])
      store.close()
      chmodSync(folder.path(), 0o755)
      chmodSync(path, 0o444)
      chmodSync(`${path}-lock`, 0o444)
      chmodSync(place, 0o555)
      try {
        const held = await answerOf(opener(path, 'write', nobody))
        expect(held).toMatchObject({
          code: 'CT_CHECKPOINT_UNUSABLE',
          message: expect.stringContaining('cannot be written'),
        })
        const fresh = await answerOf(opener(join(place, 'b.db'), 'write', nobody))
        expect(fresh).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', message: expect.stringContaining(place) })
        expect(await answerOf(opener(path, 'read', nobody))).toEqual({ opened: 1 })
      } finally {
        chmodSync(place, 0o755)
      }
    }, 60_000)
  },
)

describe('without a working better-sqlite3', () => {
  const modules = resolve(import.meta.dirname, '..', '..', '..', 'node_modules')
  const lonely = () => answerOf(new Program(join(programs.lonely, 'opener.mjs'), [folder.file()]))
  const told = { code: 'CT_PEER_MISSING', message: expect.stringContaining('npm rebuild better-sqlite3') }

  it('says that the package is missing', async () => {
    expect(await lonely()).toMatchObject({ ...told, cause: expect.stringContaining('Cannot find package') })
  }, 60_000)

  it('says that the package has no native part for this machine', async () => {
    for (const part of ['better-sqlite3/package.json', 'better-sqlite3/lib', 'bindings', 'file-uri-to-path']) {
      const from = join(modules, part)
      if (existsSync(from)) cpSync(from, join(programs.lonely, 'node_modules', part), { recursive: true })
    }
    expect(await lonely()).toMatchObject({ ...told, cause: expect.stringContaining('better_sqlite3.node') })
  }, 60_000)

  const nodeMajor = Number.parseInt(process.versions.node, 10)
  const [wrong, remedy] = nodeMajor < 22 ? ['13.2.0', 12] : ['12.11.1', 13]

  // Node 22 runs both.
  it.skipIf(nodeMajor === 22 || nodeMajor === 23)(
    'does not load a version that would crash this Node',
    async () => {
      const place = join(programs.lonely, 'node_modules', 'better-sqlite3')
      rmSync(place, { recursive: true, force: true })
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, 'package.json'), JSON.stringify({ version: wrong, main: 'crash.cjs' }))
      writeFileSync(join(place, 'crash.cjs'), 'process.abort()')
      const { code, message } = await lonely()
      expect(code).toBe('CT_PEER_MISSING')
      for (const part of [`${wrong} would crash`, `npm install better-sqlite3@${remedy}`, 'checkpoint: false'])
        expect(message).toContain(part)
    },
    60_000,
  )
})
