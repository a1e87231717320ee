import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { SqliteCheckpointStore } from '../../../src/checkpoint/sqlite.js'
import { useTempFolder } from './temp-folder.js'

const folder = useTempFolder()
const MOST = 8_192
const MOST_BYTES = 32 * 1024 * 1024
const LARGE = 64 * 1024

const nameOf = (i: number) => i.toString(16).padStart(64, '0')
const large = (i: number) => new Uint8Array(LARGE).fill(i)

describe.each([
  ['memory', () => new MemoryCheckpointStore()],
  ['SQLite', () => new SqliteCheckpointStore(folder.file())],
] as const)('the issuers of a %s store', (_, create) => {
  it('are so many at most, and those that were not asked for the longest go', async () => {
    const store = create()
    await store.open()
    for (let i = 0; i < MOST; i++) store.putIssuer(nameOf(i), Uint8Array.of(i))
    for (const used of [0, 2]) expect(store.issuer(nameOf(used))).toEqual(Uint8Array.of(used))
    for (let i = MOST; i < MOST + 3; i++) store.putIssuer(nameOf(i), Uint8Array.of(i))
    const there = [0, 1, 2, 3, 4, 5, MOST, MOST + 2].filter((i) => store.issuer(nameOf(i)) !== undefined)
    expect(there).toEqual([0, 2, 5, MOST, MOST + 2])
    // One that went is kept again.
    store.putIssuer(nameOf(1), Uint8Array.of(1))
    expect(store.issuer(nameOf(1))).toEqual(Uint8Array.of(1))
    store.close()
  })

  it('have so many bytes at most', async () => {
    const store = create()
    await store.open()
    const most = MOST_BYTES / LARGE
    for (let i = 0; i < most + 100; i++) store.putIssuer(nameOf(i), large(i))
    // The same one again takes no more room.
    for (let i = 0; i < 100; i++) store.putIssuer(nameOf(most + 99), large(most + 99))
    const there = Array.from({ length: most + 100 }, (_, i) => i).filter((i) => store.issuer(nameOf(i)) !== undefined)
    expect(there).toEqual(Array.from({ length: most }, (_, i) => i + 100))
    // One that is larger than all of them may be is not kept, and nothing goes for it.
    store.putIssuer(nameOf(0), new Uint8Array(MOST_BYTES + 1))
    expect([store.issuer(nameOf(0)), store.issuer(nameOf(100))?.length]).toEqual([undefined, LARGE])
    store.close()
  })
})

describe('a SQLite file', () => {
  it('does not grow with the issuers that pass through it', async () => {
    const store = new SqliteCheckpointStore(folder.file())
    await store.open()
    for (let i = 0; i < 1_200; i++) store.putIssuer(nameOf(i), large(i))
    store.close()
    expect(statSync(store.path).size).toBeLessThan(1.2 * MOST_BYTES)
  })

  it('that holds more, of an earlier version, comes down to the bound', async () => {
    const store = new SqliteCheckpointStore(folder.file())
    await store.open()
    store.close()
    const db = new Database(store.path)
    const insert = db.prepare('INSERT INTO issuer VALUES (?, ?)')
    db.transaction(() => {
      for (let i = 0; i < MOST + 1_000; i++) insert.run(nameOf(i), Buffer.of(i))
    })()
    db.close()
    await store.open()
    for (let i = 20_000; i < 20_010; i++) store.putIssuer(nameOf(i), Uint8Array.of(1))
    store.close()
    const after = new Database(store.path, { readonly: true })
    expect(after.prepare('SELECT count(*) FROM issuer').pluck().get()).toBe(MOST)
    expect(after.prepare('SELECT fingerprint FROM issuer ORDER BY rowid').pluck().get()).toBe(nameOf(1_010))
    after.close()
  })
})
