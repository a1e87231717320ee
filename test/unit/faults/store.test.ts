import { mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../src/checkpoint/sqlite.js'
import { CtStreamError } from '../../../src/errors.js'
import type { LogCheckpoint } from '../../../src/types/checkpoint.js'
import { range } from '../../support/follow.js'
import { useTempFolder } from '../checkpoint/temp-folder.js'
import { isRead, TIMEOUT, World } from './run-cell.js'

const MINUTE = 60_000
const folder = useTempFolder()

/** A store over a file, whose commits fail when told to; knows what it made durable. */
class SpoiltStore extends SqliteCheckpointStore {
  readonly durable = new Map<string, number>()
  fails: 'before' | 'after' | undefined
  error: unknown

  override commit(checkpoints: readonly LogCheckpoint[]): void {
    if (this.fails === 'before') throw this.error
    super.commit(checkpoints)
    for (const { log, position } of checkpoints) this.durable.set(log.id, position)
    if (this.fails === 'after') throw this.error
  }
}

/** Spoils a store in use; returns how to mend it. */
type Spoil = (store: SpoiltStore, path: string) => () => void

/** The error that SQLite leads to: its own tests meet it with a file that is full, and one that may not be written. */
const commitFails =
  (when: SpoiltStore['fails'], message: string, retryable: boolean): Spoil =>
  (store) => {
    store.error = new CtStreamError('CT_CHECKPOINT_UNUSABLE', message, { retryable })
    store.fails = when
    return () => {
      store.fails = undefined
    }
  }

const isLocked: Spoil = (_, path) => {
  const other = new Database(path)
  other.exec('BEGIN IMMEDIATE')
  return () => other.close()
}

const replacedBy =
  (content: string | undefined): Spoil =>
  (_, path) => {
    for (const end of ['', '-wal', '-shm']) renameSync(path + end, `${path}.old${end}`)
    if (content !== undefined) writeFileSync(path, content)
    return () => {
      rmSync(path, { force: true })
      for (const end of ['', '-wal', '-shm']) renameSync(`${path}.old${end}`, path + end)
    }
  }

/** Name, what happens, what the stream does, and what its error says. */
const IN_USE: readonly (readonly [string, Spoil, 'reads on and commits later' | 'ends', RegExp?])[] = [
  ['the disk is full for a minute', commitFails('before', 'the disk is full', true), 'reads on and commits later'],
  ['commits fail after they took effect', commitFails('after', 'no answer', true), 'reads on and commits later'],
  ['another program has it locked for a minute', isLocked, 'reads on and commits later'],
  ['the disk stays full', commitFails('before', 'the disk is full', true), 'ends', /full \(tried again for 300 s\)/],
  ['another program keeps it locked', isLocked, 'ends', /database is locked.* \(tried again for 300 s\)/],
  ['it cannot be written any more', commitFails('before', 'cannot be written', false), 'ends', /cannot be written/],
  ['a commit fails for good after it took effect', commitFails('after', 'broken', false), 'ends', /broken/],
  ['it is deleted', replacedBy(undefined), 'ends', /was deleted or moved .* put it back, or start anew/],
  ['it is replaced', replacedBy('shopping list'), 'ends', /was replaced by another file .* put it back, or start anew/],
]

describe('a checkpoint file in use', () => {
  for (const [name, spoil, then, says = /^never$/] of IN_USE)
    it(`${name}: the stream ${then}`, { timeout: TIMEOUT }, async () => {
      const world = await World.make('static-ct')
      try {
        const { log, other, clock } = world
        const path = folder.file()
        const store = new SpoiltStore(path)
        const reader = world.read({ checkpoint: store })
        const isDurable = (size: number) => store.durable.get(log.logId) === size
        await world.passUntil(reader, () => isRead(reader, log, 300) && isDurable(300), MINUTE)
        let failure: CtStreamError | undefined
        reader.done.catch((error) => {
          failure = error
        })
        const mend = spoil(store, path)
        world.grow()
        const began = clock.elapsed()
        if (then === 'ends') {
          await world.passUntil(reader, () => failure !== undefined, 10 * MINUTE)
          expect(failure).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', message: expect.stringMatching(says) })
          mend()
        } else {
          await world.passUntil(reader, () => clock.elapsed() - began > MINUTE, 2 * MINUTE)
          // All logs are read meanwhile.
          expect([isRead(reader, log, 700), isRead(reader, other, 40), failure]).toEqual([true, true, undefined])
          mend()
          await world.passUntil(reader, () => isDurable(700), MINUTE)
        }
        expect([reader.errors, reader.gaps, reader.misbehaviour]).toEqual([[], [], []])

        // A process that died here: what is in the file decides, and it is the last commit that took effect.
        const durable = [log, other].map(({ logId }) => store.durable.get(logId) ?? 0)
        await reader.close()
        const next = new SpoiltStore(path)
        await next.open()
        const rows = next.load()
        next.close()
        const positions = [log, other].map(({ logId }) => rows.find((row) => row.log.id === logId)?.position ?? 0)
        for (const [i, position] of positions.entries()) {
          expect(position).toBeGreaterThanOrEqual(durable[i] as number)
          expect(position).toBeLessThanOrEqual(reader.indexes([log, other][i]?.logId).length)
        }
        const again = world.read({ checkpoint: next })
        const left = (size: number, i: number) => range(positions[i] as number, size)
        const sizes = [700, 40]
        await world.passUntil(again, () => again.certificates.length >= sizes.flatMap(left).length, MINUTE)
        for (const [i, { logId }] of [log, other].entries()) {
          expect(again.indexes(logId)).toEqual(left(sizes[i] as number, i))
          const seen = new Set([...reader.indexes(logId), ...again.indexes(logId)])
          expect([...seen].sort((a, b) => a - b)).toEqual(range(0, sizes[i] as number))
        }
      } finally {
        await world.close()
      }
    })
})

const AT_THE_START: readonly (readonly [string, (path: string) => void, RegExp])[] = [
  [
    'cut in half',
    (path) => truncateSync(path, statSync(path).size / 2),
    /is damaged .* restore a copy, or move it away/,
  ],
  ['cut to its first bytes', (path) => truncateSync(path, 50), /is damaged|is not a SQLite database: move it away/],
  [
    'a text file',
    (path) => writeFileSync(path, 'shopping list'),
    /is not a SQLite database: move it away, or name another/,
  ],
  ['another program’s', (path) => foreign(path), /another program/],
  ['a folder', (path) => folderAt(path), /is a directory/],
]

function folderAt(path: string): void {
  rmSync(path)
  mkdirSync(path)
}

function foreign(path: string): void {
  rmSync(path)
  const db = new Database(path)
  db.exec('CREATE TABLE song (name TEXT)')
  db.close()
}

describe('a checkpoint file at the start', () => {
  it.each(AT_THE_START)(
    'that is %s is refused and left alone, and nothing is read',
    { timeout: TIMEOUT },
    async (_, spoil, says) => {
      const world = await World.make('rfc6962')
      try {
        const path = folder.file()
        const reader = world.read({ checkpoint: path })
        await world.passUntil(reader, () => isRead(reader, world.log, 300), MINUTE)
        await reader.close()
        spoil(path)
        const before = statSync(path).isFile() ? readFileSync(path) : undefined
        world.log.clearRequests()
        const again = world.read({ checkpoint: path })
        const end = { code: 'CT_CHECKPOINT_UNUSABLE', retryable: false, message: expect.stringMatching(says) }
        await expect(again.done).rejects.toMatchObject(end)
        await expect(again.done).rejects.toThrow(path)
        expect([world.log.requestCount(), again.certificates]).toEqual([0, []])
        expect(statSync(path).isFile() ? readFileSync(path) : undefined).toEqual(before)
      } finally {
        await world.close()
      }
    },
  )
})
