import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../src/checkpoint/sqlite.js'
import { closeFile, openForReading, openForStream } from '../../../src/checkpoint/sqlite-open.js'
import { type Migration, migrations } from '../../../src/checkpoint/sqlite-schema.js'
import { errorOf } from './contract.js'
import { checkpoint } from './samples.js'
import { useTempFolder } from './temp-folder.js'

const folder = useTempFolder()
const owner = { pid: 1, host: 'here', since: 0 }

function madeByVersion1(): string {
  const path = folder.file()
  const db = new Database(path)
  db.exec(readFileSync(join(import.meta.dirname, 'schema-v1.sql'), 'utf8'))
  db.close()
  return path
}

function versionOf(path: string): unknown {
  const db = new Database(path)
  const version = db.pragma('user_version', { simple: true })
  db.close()
  return version
}

const tail = migrations.at(-1)?.version ?? 0
const next: Migration[] = [
  ...migrations,
  { version: tail + 1, sql: 'ALTER TABLE gap ADD COLUMN closed INTEGER; CREATE TABLE extra (a TEXT) STRICT' },
  { version: tail + 2, sql: "INSERT INTO extra VALUES ('moved')" },
]

describe('migrations', () => {
  it('are numbered 1, 2, 3, …', () => {
    expect(migrations.map((step) => step.version)).toEqual(migrations.map((_, i) => i + 1))
  })

  it('give an old file the schema of a new one', async () => {
    const [old, fresh] = [madeByVersion1(), folder.file()]
    const schemas: unknown[] = []
    for (const path of [old, fresh]) {
      closeFile(openForStream(Database, path, owner))
      const db = new Database(path)
      schemas.push(db.prepare('SELECT type, name FROM sqlite_schema ORDER BY name').all())
      for (const table of ['log', 'pending_head', 'gap', 'evidence', 'issuer', 'list', 'owner', 'condition']) {
        schemas.push(db.pragma(`table_info(${table})`))
      }
      db.close()
    }
    const half = schemas.length / 2
    expect(schemas.slice(0, half)).toEqual(schemas.slice(half))
  })

  it('keep everything version 1 wrote', async () => {
    const store = new SqliteCheckpointStore(madeByVersion1())
    await store.open()
    const one = {
      id: 'bG9nIG9uZQ==',
      description: 'Log One',
      operator: 'Operator',
      kind: 'static-ct',
      url: 'https://one.example/',
    }
    const two = {
      id: 'bG9nIHR3bw==',
      description: 'Log Two',
      operator: 'Operator',
      kind: 'rfc6962',
      url: 'https://two.example/',
    }
    const hash = (byte: number) => new Uint8Array(32).fill(byte)
    const verifiedHead = {
      treeSize: 4_294_967_300,
      timestamp: 1_790_000_000_000,
      rootHash: hash(0x22),
      signature: Uint8Array.of(4, 3, 0, 1, 0x30),
    }
    const pendingHead = {
      treeSize: 4_294_967_400,
      timestamp: 1_790_000_001_000,
      rootHash: hash(0x33),
      signature: Uint8Array.of(4, 3, 0, 1, 0x31),
    }
    expect(store.load()).toEqual([
      {
        log: one,
        position: 4_294_967_296,
        range: [hash(0x11)],
        verifiedHead,
        pendingHeads: [pendingHead],
        learned: { pageSize: 256 },
        checksum: '77c6b2a89099ba22befe3b3cc0618ebf',
      },
      {
        log: two,
        position: 0,
        range: undefined,
        verifiedHead: undefined,
        pendingHeads: [],
        learned: {},
        checksum: '746ce784ecd75f23afea3f0ebf770700',
      },
    ])
    expect(store.gaps()).toEqual([
      { log: one, start: 5, end: undefined, reason: 'gone', recordedAt: 1_790_000_002_000 },
    ])
    expect(store.evidence()).toEqual([
      { log: one, code: 'CT_CONSISTENCY', message: 'no proof', detail: { proof: [] }, recordedAt: 1_790_000_003_000 },
    ])
    expect(store.issuer('aa')).toEqual(Uint8Array.of(0x30, 0))
    expect(store.list('https://example.com/')).toEqual({
      url: 'https://example.com/',
      body: Uint8Array.of(0x7b, 0x7d),
      etag: undefined,
      lastModified: 'Sun, 22 Nov 2026 12:00:00 GMT',
      fetchedAt: 1_790_000_004_000,
    })
    store.close()
  })

  it('take rows without a checksum once: from version 2 on a row has one', async () => {
    const path = madeByVersion1()
    closeFile(openForStream(Database, path, owner))
    const db = new Database(path)
    db.exec("UPDATE log SET checksum = '' WHERE position = 0")
    db.close()
    const store = new SqliteCheckpointStore(path)
    await store.open()
    const error = await errorOf(() => store.load())
    expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', logId: 'bG9nIHR3bw==' })
    expect(error.message).toContain('checksum must be 746ce784ecd75f23afea3f0ebf770700')
    store.close()
  })

  it('are not run over damaged rows', async () => {
    const path = madeByVersion1()
    const db = new Database(path)
    db.exec('UPDATE log SET position = position + 2')
    db.close()
    const error = await errorOf(() => new SqliteCheckpointStore(path).open())
    expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', message: expect.stringContaining('range must be') })
    expect(versionOf(path)).toBe(1)
  })

  it('run each missing step once, in order', () => {
    const path = madeByVersion1()
    for (let i = 0; i < 2; i++) {
      const file = openForStream(Database, path, owner, next)
      expect(file.db.prepare('SELECT a FROM extra').all()).toEqual([{ a: 'moved' }])
      closeFile(file)
    }
    expect(versionOf(path)).toBe(tail + 2)
  })

  it('leave the file as it was when one fails', async () => {
    const path = madeByVersion1()
    const failing = [...next, { version: tail + 3, sql: 'CREATE TABLE half (a TEXT); INSERT INTO nowhere VALUES (1)' }]
    const error = await errorOf(() => openForStream(Database, path, owner, failing))
    expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', message: expect.stringContaining('nowhere') })
    // Nor is it ever seen between two versions: to a reader a new file would be an old one for a moment.
    expect(versionOf(path)).toBe(1)
    const file = openForStream(Database, path, owner, next)
    expect(file.db.prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").all()).toEqual([])
    expect(file.tables.load()).toHaveLength(2)
    closeFile(file)
  })

  it('are not run by readers', async () => {
    const path = madeByVersion1()
    const error = await errorOf(() => openForReading(Database, path, next))
    expect(error).toMatchObject({
      code: 'CT_CHECKPOINT_UNUSABLE',
      message: expect.stringContaining('older schema version 1'),
    })
    expect(versionOf(path)).toBe(1)
  })
})

describe('a file of a newer version', () => {
  it('is refused with both versions and advice, and left unchanged', async () => {
    const path = folder.file()
    const store = new SqliteCheckpointStore(path)
    await store.open()
    store.commit([checkpoint(1, 1)])
    store.close()
    closeFile(openForStream(Database, path, owner, next))
    const before = readFileSync(path)
    for (const readOnly of [false, true]) {
      const error = await errorOf(() => new SqliteCheckpointStore(path, { readOnly }).open())
      expect(error).toMatchObject({ code: 'CT_CHECKPOINT_VERSION', actual: tail + 2, expected: tail, retryable: false })
      expect(error.message).toContain(path)
      expect(error.message).toContain(`version ${tail + 2}, this ct-stream knows up to ${tail}: upgrade ct-stream`)
    }
    expect(readFileSync(path)).toEqual(before)
  })
})
