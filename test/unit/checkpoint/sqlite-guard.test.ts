import {
  copyFileSync,
  existsSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../src/checkpoint/sqlite.js'
import type { Clock } from '../../../src/types/clock.js'
import { errorOf } from './contract.js'
import { checkpoint, evidence, gap, list } from './samples.js'
import { useTempFolder } from './temp-folder.js'

const folder = useTempFolder()

async function opened(path: string, clock?: Clock): Promise<SqliteCheckpointStore> {
  const store = new SqliteCheckpointStore(path, clock && { clock })
  await store.open()
  return store
}

async function loaded(path: string): Promise<{ positions: number[]; warning: string | undefined }> {
  const store = await opened(path)
  const positions = store.load().map(({ position }) => position)
  const { warning } = store
  store.close()
  return { positions, warning }
}

describe('a file that is no longer the one of its name', () => {
  const removals: readonly (readonly [string, (path: string) => void, string])[] = [
    ['deleted', (path) => rmSync(path), 'was deleted or moved'],
    ['moved', (path) => renameSync(path, `${path}.old`), 'was deleted or moved'],
    ['replaced by a copy of itself', replaceByCopy, 'was replaced by another file'],
    ['deleted with all that is beside it', removeAll, 'was deleted or moved'],
    ['left without its write-ahead log', (path) => rmSync(`${path}-wal`), 'lost its write-ahead log'],
    ['given another write-ahead log', (path) => replaceByCopy(`${path}-wal`), 'lost its write-ahead log'],
  ]
  it.each(removals)('is written no more when it is %s', async (_, remove, problem) => {
    const path = folder.file()
    const store = await opened(path)
    store.commit([checkpoint(1, 1)])
    remove(path)
    const writes: readonly (() => void)[] = [
      () => store.commit([checkpoint(1, 2)]),
      () => store.addGap(gap(1, 0, 1)),
      () => store.addEvidence(evidence(1)),
      () => store.putIssuer('aa', new Uint8Array()),
      () => store.putList(list('https://example.com/', '{}')),
    ]
    for (const write of writes) {
      const error = await errorOf(write)
      expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', retryable: false })
      expect(error.message).toContain(`${path} `)
      expect(error.message).toContain(problem)
    }
    store.close()
  })

  it('that lost only its write-ahead log keeps all commits when it is closed', async () => {
    const path = folder.file()
    const store = await opened(path)
    for (let position = 1; position <= 5; position++) store.commit([checkpoint(1, position)])
    rmSync(`${path}-wal`)
    await errorOf(() => store.commit([checkpoint(1, 6)]))
    store.close()
    expect(await loaded(path)).toMatchObject({ positions: [5] })
  })

  it('leaves the one that has its name now alone, also when it is closed', async () => {
    const path = folder.file()
    const first = await opened(path)
    first.commit([checkpoint(1, 1)])
    removeAll(path)
    const second = await opened(path)
    second.commit([checkpoint(2, 20)])
    second.commit([checkpoint(2, 21)])
    expect((await errorOf(() => first.commit([checkpoint(1, 2)]))).code).toBe('CT_CHECKPOINT_UNUSABLE')
    first.close()
    second.commit([checkpoint(2, 22)])
    expect(existsSync(`${path}-wal`)).toBe(true)
    second.close()
    expect(await loaded(path)).toEqual({ positions: [22], warning: undefined })
  })
})

describe('a lock file that was removed', () => {
  it('is made again with the next write, and keeps others out as before', async () => {
    const path = folder.file()
    const store = await opened(path)
    store.commit([checkpoint(1, 1)])
    rmSync(`${path}-lock`)
    store.commit([checkpoint(1, 2)])
    expect((await errorOf(() => opened(path))).code).toBe('CT_CHECKPOINT_CONFLICT')
    store.commit([checkpoint(1, 3)])
    store.close()
    expect((await loaded(path)).positions).toEqual([3])
  })

  it.each(['once', 'twice'])(
    '(%s) lets another stream in, and the first one out: it writes nothing more',
    async (times) => {
      const path = folder.file()
      const first = await opened(path)
      first.commit([checkpoint(1, 1)])
      rmSync(`${path}-lock`)
      const second = await opened(path)
      // Without the token in the file the first one would find nobody who holds a lock.
      if (times === 'twice') rmSync(`${path}-lock`)
      second.commit([checkpoint(1, 10)])
      if (times === 'twice') rmSync(`${path}-lock`)
      for (const write of [() => first.commit([checkpoint(1, 2)]), () => first.addGap(gap(1, 0, 1))]) {
        const error = await errorOf(write)
        expect(error).toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT', retryable: false })
        expect(error.message).toContain(`checkpoint file ${path} was taken over by `)
      }
      first.close()
      expect(second.owner()).toMatchObject({ pid: process.pid })
      expect(second.gaps()).toEqual([])
      if (times === 'once') second.commit([checkpoint(1, 11)])
      second.close()
      expect((await loaded(path)).positions).toEqual([times === 'once' ? 11 : 10])
    },
  )

  it('ends a stream whose successor has come and gone', async () => {
    const path = folder.file()
    const first = await opened(path)
    first.commit([checkpoint(1, 1)])
    rmSync(`${path}-lock`)
    const second = await opened(path)
    second.commit([checkpoint(1, 10)])
    second.close()
    expect((await errorOf(() => first.commit([checkpoint(1, 2)]))).code).toBe('CT_CHECKPOINT_CONFLICT')
    first.close()
    expect((await loaded(path)).positions).toEqual([10])
  })
})

describe.skipIf(process.platform === 'win32')('files', () => {
  it('are readable for their owner only', async () => {
    const path = folder.file()
    const store = await opened(path)
    store.commit([checkpoint(1, 1)])
    for (const name of [path, `${path}-wal`, `${path}-shm`, `${path}-lock`]) {
      expect([name, (statSync(name).mode & 0o777).toString(8)]).toEqual([name, '600'])
    }
    store.close()
  })

  it('are not made through a link that stands for the lock', async () => {
    const path = folder.file()
    const target = folder.path('precious.txt')
    for (const content of ['precious', undefined]) {
      rmSync(target, { force: true })
      if (content !== undefined) writeFileSync(target, content)
      rmSync(`${path}-lock`, { force: true })
      symlinkSync(target, `${path}-lock`)
      const error = await errorOf(() => opened(path))
      expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', retryable: false })
      expect(error.message).toContain(`${path}-lock is a symbolic link`)
      expect(existsSync(target) ? readFileSync(target, 'utf8') : undefined).toBe(content)
      expect(lstatSync(`${path}-lock`).isSymbolicLink()).toBe(true)
    }
  })
})

describe('a copy of the file without its write-ahead log', () => {
  it('has every log that was ever committed, and is ten seconds old at most', async () => {
    let now = 1_790_000_000_000
    const path = folder.file()
    const store = await opened(path, { now: () => now, sleep: async () => {} })
    const copy = async () => {
      const target = folder.file()
      copyFileSync(path, target)
      return loaded(target)
    }
    store.commit([checkpoint(1, 1)])
    expect((await copy()).positions).toEqual([1])
    store.commit([checkpoint(1, 2)])
    store.commit([checkpoint(1, 3), checkpoint(2, 1)])
    expect((await copy()).positions).toEqual([3, 1])
    now += 5_000
    store.commit([checkpoint(1, 4)])
    expect((await copy()).positions).toEqual([3, 1])
    now += 5_000
    store.commit([checkpoint(1, 5)])
    expect((await copy()).positions).toEqual([5, 1])
    // A clock that was set back delays nothing.
    now -= 86_400_000
    store.commit([checkpoint(1, 6)])
    expect((await copy()).positions).toEqual([6, 1])
    store.close()
  })

  it('is completed after a reader has held it up', async () => {
    const path = folder.file()
    const store = await opened(path)
    store.commit([checkpoint(1, 1)])
    const reader = new Database(path, { readonly: true })
    reader.exec('BEGIN')
    reader.prepare('SELECT * FROM log').all()
    store.commit([checkpoint(2, 1)])
    reader.exec('COMMIT')
    reader.close()
    store.commit([checkpoint(1, 2)])
    const target = folder.file()
    copyFileSync(path, target)
    expect((await loaded(target)).positions).toEqual([2, 1])
    store.close()
  })

  it('is said to be one when it is opened; no other file is', async () => {
    const path = folder.file()
    const store = await opened(path)
    expect(store.warning).toBeUndefined()
    store.commit([checkpoint(1, 1)])
    store.commit([checkpoint(1, 2)])
    const [alone, whole] = [folder.file(), folder.file()]
    for (const target of [alone, whole]) copyFileSync(path, target)
    copyFileSync(`${path}-wal`, `${whole}-wal`)
    store.close()
    expect((await loaded(path)).warning).toBeUndefined()
    expect(await loaded(whole)).toEqual({ positions: [2], warning: undefined })
    const { positions, warning } = await loaded(alone)
    expect(positions).toEqual([1])
    expect(warning).toContain(
      `${alone} was left open by the last stream, and its write-ahead log ${alone}-wal is not there`,
    )
    expect((await loaded(alone)).warning).toBeUndefined()
  })
})

describe('another program that has the file', () => {
  it('is waited for by a write no longer than the event loop may wait', async () => {
    const store = new SqliteCheckpointStore(folder.file())
    await store.open()
    const { db } = (store as unknown as { file: { db: Database.Database } }).file
    expect(db.pragma('busy_timeout', { simple: true })).toBeLessThanOrEqual(50)
    store.close()
  })

  it('fails a write in a way that can be tried again', async () => {
    const path = folder.file()
    const store = await opened(path)
    const other = new Database(path)
    other.exec('BEGIN IMMEDIATE')
    for (const write of [() => store.commit([checkpoint(1, 1)]), () => store.addGap(gap(1, 0, 1))])
      expect(await errorOf(write)).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', retryable: true })
    other.exec('COMMIT')
    other.close()
    store.commit([checkpoint(1, 1)])
    expect(store.load()).toEqual([checkpoint(1, 1)])
    store.close()
  })

  it('is waited for when the file is opened, up to five seconds', async () => {
    const path = folder.file()
    ;(await opened(path)).close()
    const other = new Database(path)
    other.exec('BEGIN EXCLUSIVE')
    const slept: number[] = []
    const clock = { now: () => 0, sleep: async (ms: number) => void slept.push(ms) }
    expect(await errorOf(() => opened(path, clock))).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', retryable: true })
    expect(slept.reduce((a, b) => a + b)).toBe(5_000)
    const store = await opened(path, { now: () => 0, sleep: async () => void other.exec('ROLLBACK') })
    store.close()
    other.close()
  })
})

function replaceByCopy(path: string): void {
  copyFileSync(path, `${path}.copy`)
  renameSync(`${path}.copy`, path)
}

function removeAll(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-lock']) rmSync(path + suffix, { force: true })
}
