import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../src/checkpoint/sqlite.js'
import { describeCheckpointStore, errorOf, itHandsOutPlainBytes } from './contract.js'
import { checkpoint, evidence, gap, list } from './samples.js'
import { useTempFolder } from './temp-folder.js'

const folder = useTempFolder()

const place = () => {
  const path = folder.file()
  return { store: () => new SqliteCheckpointStore(path) }
}

describeCheckpointStore('SqliteCheckpointStore', place)

describe('SqliteCheckpointStore', () => {
  itHandsOutPlainBytes(place)
})

/** Opens, does, closes. */
async function using<T>(
  store: SqliteCheckpointStore,
  action: (store: SqliteCheckpointStore) => T | Promise<T>,
): Promise<T> {
  await store.open()
  try {
    return await action(store)
  } finally {
    store.close()
  }
}

async function filled(path = folder.file()): Promise<string> {
  await using(new SqliteCheckpointStore(path), (store) => {
    store.commit([checkpoint(1, 100), checkpoint(2, 200)])
    store.addGap(gap(1, 5, 6))
    store.addEvidence(evidence(1))
    for (let i = 0; i < 20; i++) store.putIssuer(`${i}`, new Uint8Array(3000).fill(i))
  })
  return path
}

function sql(path: string, statements: string): void {
  const db = new Database(path)
  db.exec(statements)
  db.close()
}

describe('a file that is not ours', () => {
  const cases: readonly [string, (path: string) => void, string][] = [
    ['a text file', (path) => writeFileSync(path, 'shopping list\n'.repeat(200)), 'is not a SQLite database'],
    ['a short text file', (path) => writeFileSync(path, 'hi'), 'is not a SQLite database'],
    ['a SQLite database', (path) => sql(path, 'CREATE TABLE song (name TEXT)'), 'another program'],
    ['a SQLite database with a version', (path) => sql(path, 'PRAGMA user_version = 1'), 'another program'],
    ['a SQLite database of a named program', (path) => sql(path, 'PRAGMA application_id = 5'), 'another program'],
    ['a directory', (path) => mkdirSync(path), 'is a directory'],
    ['a device', (path) => symlinkSync('/dev/null', path), 'is not a regular file'],
  ]
  it.each(cases)('is refused and left alone: %s', async (_, make, problem) => {
    const path = folder.file()
    make(path)
    const before = statSync(path).isFile() ? readFileSync(path) : undefined
    for (const readOnly of [false, true]) {
      const error = await errorOf(() => new SqliteCheckpointStore(path, { readOnly }).open())
      expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', retryable: false })
      expect(error.message).toContain(path)
      expect(error.message).toContain(problem)
    }
    if (before) expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(folder.path()).filter((name) => folder.path(name).startsWith(`${path}-`))).toEqual([])
  })

  it('names the folder that is missing', async () => {
    const error = await errorOf(() => new SqliteCheckpointStore(folder.path('no', 'such', 'a.db')).open())
    expect(error.code).toBe('CT_CHECKPOINT_UNUSABLE')
    expect(error.message).toContain(folder.path('no', 'such'))
  })

  it('may be empty: a file of no bytes becomes ours', async () => {
    const path = folder.file()
    writeFileSync(path, '')
    await using(new SqliteCheckpointStore(path), (store) => store.commit([checkpoint(1, 1)]))
    expect(await using(new SqliteCheckpointStore(path), (store) => store.load())).toEqual([checkpoint(1, 1)])
  })

  it.each(['', ':memory:', ' a.db', 'a\0.db'])('is no name for a file: %j', (path) => {
    expect(() => new SqliteCheckpointStore(path)).toThrowError(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining('must name a file') }),
    )
  })
})

describe('a damaged file', () => {
  const damages: readonly [string, (path: string) => void][] = [
    ['cut in half', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ['zeroed from the second page on', (path) => overwrite(path, 4096, statSync(path).size - 4096)],
    ['zeroed in its schema', (path) => overwrite(path, 100, 3996)],
    ['zeroed at its start', (path) => overwrite(path, 0, 100)],
    ['without a table', (path) => sql(path, 'DROP TABLE gap')],
    ['with another table', (path) => sql(path, 'ALTER TABLE log RENAME COLUMN position TO place')],
  ]
  it.each(damages)('is refused and never made anew: %s', async (_, damage) => {
    const path = await filled()
    damage(path)
    const before = readFileSync(path)
    const error = await errorOf(() => new SqliteCheckpointStore(path).open())
    expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', retryable: false })
    expect(error.message).toContain(path)
    expect(readFileSync(path)).toEqual(before)
  })

  const rows: readonly [string, string][] = [
    ['a position one further', 'UPDATE log SET position = position + 1'],
    ['a flipped bit', "UPDATE log SET range = CAST(x'00' || substr(range, 2) AS BLOB)"],
    ['a pending head less', 'DELETE FROM pending_head WHERE ordinal = 0'],
    ['learned limits that are null', "UPDATE log SET learned = 'null'"],
    ['a position above 2^53', 'UPDATE log SET position = 9007199254740993'],
    ['a negative position', 'UPDATE log SET position = -1'],
    ['a compact range of 33 bytes', 'UPDATE log SET range = zeroblob(33)'],
    ['half a head', 'UPDATE log SET head_root = NULL'],
    ['a root of 31 bytes', 'UPDATE pending_head SET root = zeroblob(31)'],
    ['learned limits that are not JSON', `UPDATE log SET learned = '{"pageSize":'`],
  ]
  it.each(rows)('is told by its rows: %s', async (_, change) => {
    const path = await filled()
    sql(path, change)
    await using(new SqliteCheckpointStore(path), async (store) => {
      expect(await errorOf(() => store.load())).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
    })
  })

  function overwrite(path: string, from: number, length: number): void {
    const bytes = readFileSync(path)
    bytes.fill(0, from, from + length)
    writeFileSync(path, bytes)
  }
})

describe('a file in use', () => {
  it('names its owner, through another path too, and can be read meanwhile', async () => {
    const path = await filled()
    const link = `${path}.link`
    symlinkSync(path, link)
    const now = Date.UTC(2026, 10, 22, 12)
    const store = new SqliteCheckpointStore(path, { clock: { now: () => now, sleep: async () => {} } })
    await using(store, async () => {
      for (const name of [path, link]) {
        const error = await errorOf(() => new SqliteCheckpointStore(name).open())
        expect(error.code).toBe('CT_CHECKPOINT_CONFLICT')
        expect(error.message).toContain(`${path} is in use by process ${process.pid} on ${hostname()}`)
        expect(error.message).toContain('since 2026-11-22T12:00:00.000Z')
      }
      store.commit([checkpoint(1, 101)])
      const seen = await using(new SqliteCheckpointStore(path, { readOnly: true }), (reader) => {
        const before = reader.load()
        store.commit([checkpoint(1, 102)])
        return { before, after: reader.load(), owner: reader.owner() }
      })
      expect(seen.before).toEqual([checkpoint(1, 101), checkpoint(2, 200)])
      expect(seen.after).toEqual([checkpoint(1, 102), checkpoint(2, 200)])
      expect(seen.owner).toEqual({ pid: process.pid, host: hostname(), since: now })
    })
  })

  it('stays one file when it is closed, even one that is being read', async () => {
    const path = await filled()
    const besides = () => readdirSync(folder.path()).filter((name) => folder.path(name).startsWith(`${path}-`))
    expect(besides().map((name) => folder.path(name))).toEqual([`${path}-lock`])
    const writer = new SqliteCheckpointStore(path)
    const reader = new SqliteCheckpointStore(path, { readOnly: true })
    await writer.open()
    await reader.open()
    writer.close()
    expect(reader.load()).toHaveLength(2)
    reader.close()
    await using(new SqliteCheckpointStore(path), (store) => expect(store.load()).toHaveLength(2))
    expect(besides()).toHaveLength(1)
  })
})

describe('reading only', () => {
  it('makes nothing and changes nothing', async () => {
    const path = await filled()
    const before = readFileSync(path)
    const names = readdirSync(folder.path())
    await using(new SqliteCheckpointStore(path, { readOnly: true }), async (store) => {
      expect(store.load()).toEqual([checkpoint(1, 100), checkpoint(2, 200)])
      expect(store.gaps()).toEqual([gap(1, 5, 6)])
      expect(store.owner()).toBeUndefined()
      const error = await errorOf(() => store.commit([checkpoint(1, 1)]))
      expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', message: expect.stringContaining('be written') })
    })
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(folder.path())).toEqual(names)
  })

  it('does not make a file that is not there', async () => {
    const path = folder.file()
    const error = await errorOf(() => new SqliteCheckpointStore(path, { readOnly: true }).open())
    expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', message: expect.stringContaining('does not exist') })
    expect(readdirSync(folder.path()).some((name) => folder.path(name).startsWith(path))).toBe(false)
  })
})

describe('a full disk', () => {
  it('fails the write that does not fit, keeps all before it, and goes on when there is room', async () => {
    const path = await filled()
    await using(new SqliteCheckpointStore(path, { maxBytes: 256 * 1024 }), async (store) => {
      const big = list('https://example.com/list.json', 'x'.repeat(300_000))
      const error = await errorOf(() => store.putList(big))
      expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', retryable: true })
      expect(error.message).toContain(path)
      const learned = { text: 'x'.repeat(300_000) }
      const half = await errorOf(() => store.commit([checkpoint(1, 101), checkpoint(2, 201, { learned })]))
      expect(half.code).toBe('CT_CHECKPOINT_UNUSABLE')
      expect(store.load()).toEqual([checkpoint(1, 100), checkpoint(2, 200)])
      store.commit([checkpoint(1, 101), checkpoint(2, 201)])
    })
    expect(await using(new SqliteCheckpointStore(path), (store) => store.load())).toEqual([
      checkpoint(1, 101),
      checkpoint(2, 201),
    ])
  })

  it.each([0, 65_535, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('takes no bound of %d bytes', (maxBytes) => {
    expect(() => new SqliteCheckpointStore('a.db', { maxBytes })).toThrowError(
      expect.objectContaining({ code: 'CT_OPTION_INVALID' }),
    )
  })
})
