import { CtStreamError } from '../errors.js'
import type { SqliteDatabase, SqliteDriver } from './sqlite-driver.js'
import { isDamaged, sqliteCode, unusable, withSqliteErrors } from './sqlite-errors.js'
import { takeLock } from './sqlite-lock.js'
import { migrate, newestVersion, schemaVersion } from './sqlite-migrate.js'
import { locate } from './sqlite-path.js'
import { type Migration, migrations } from './sqlite-schema.js'
import { type CheckpointOwner, SqliteTables } from './sqlite-tables.js'

/** How long a read or write waits for another program that has the file, such as a status command, milliseconds. */
const busyTimeoutMs = 5000

/** A checkpoint file in use: its connection and, unless it is only read, the lock. */
export interface OpenFile {
  readonly db: SqliteDatabase
  readonly tables: SqliteTables
  readonly lock: SqliteDatabase | undefined
}

/**
 * Opens a checkpoint file for a stream, and makes it when there is none. The order matters: what is not ours is left
 * untouched, the lock comes before any write, and damage is found before anything is built on it.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_CONFLICT`, `CT_CHECKPOINT_VERSION`, `CT_CHECKPOINT_UNUSABLE`.
 */
export function openForStream(
  driver: SqliteDriver,
  name: string,
  owner: CheckpointOwner,
  steps: readonly Migration[] = migrations,
): OpenFile {
  const { path, bytes } = locate(name)
  if (bytes !== undefined && bytes > 0) refuseForeign(driver, path, steps)
  const lock = takeLock(driver, path)
  if (lock === undefined) throw conflict(driver, path)
  try {
    const db = withSqliteErrors(path, 'open', () => new driver(path, { timeout: busyTimeoutMs }))
    return releaseOnError(db, () => {
      const tables = withSqliteErrors(path, 'open', () => prepareForWriting(db, path, owner, steps))
      return { db, tables, lock }
    })
  } catch (error) {
    lock.close()
    throw error
  }
}

/**
 * Opens a checkpoint file to look at it, also while a stream uses it: takes no lock, makes no file, changes nothing.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_VERSION`, `CT_CHECKPOINT_UNUSABLE` (also when there is no such file).
 */
export function openForReading(driver: SqliteDriver, name: string, steps: readonly Migration[] = migrations): OpenFile {
  const { path, bytes } = locate(name)
  if (bytes === undefined) throw unusable(path, 'does not exist')
  const db = withSqliteErrors(path, 'open', () => openReadOnly(driver, path))
  return releaseOnError(db, () => {
    const tables = withSqliteErrors(path, 'open', () => {
      const newest = newestVersion(steps)
      const version = schemaVersion(db, path, newest)
      if (version === 0) throw unusable(path, 'holds nothing yet')
      if (version < newest) {
        throw unusable(
          path,
          `has the older schema version ${version} of ${newest}: start a stream on it once to migrate it`,
        )
      }
      requireIntact(db, path)
      return new SqliteTables(db, path)
    })
    return { db, tables, lock: undefined }
  })
}

/**
 * Closes a file and leaves it as one: the write-ahead log is folded in and switched off, so that the file can be copied
 * and looked at without leaving anything beside it. Never throws: what was committed is safe by then.
 */
export function closeFile({ db, tables, lock }: OpenFile): void {
  if (lock !== undefined) {
    try {
      db.pragma('busy_timeout = 0')
      tables.clearOwner()
      db.pragma('journal_mode = DELETE')
    } catch {
      // Somebody reads it, or the disk is full: the next open tidies up.
    }
  }
  db.close()
  lock?.close()
}

function prepareForWriting(
  db: SqliteDatabase,
  path: string,
  owner: CheckpointOwner,
  steps: readonly Migration[],
): SqliteTables {
  const version = schemaVersion(db, path, newestVersion(steps))
  if (version > 0) requireIntact(db, path)
  migrate(db, path, version, steps)
  // Every statement is prepared here: a file that lacks a table or column is refused before anything is written to it.
  const tables = new SqliteTables(db, path)
  const mode = db.pragma('journal_mode = WAL', { simple: true })
  // Where a file system cannot do WAL, NORMAL would not even survive a power cut intact.
  db.pragma(`synchronous = ${mode === 'wal' ? 'NORMAL' : 'FULL'}`)
  tables.setOwner(owner)
  return tables
}

function requireIntact(db: SqliteDatabase, path: string): void {
  const result = db.pragma('quick_check(1)', { simple: true })
  if (result !== 'ok') throw unusable(path, `${isDamaged} (${String(result).split('\n').join(' ')})`)
}

/** Looks before locking, so that nothing is put beside a file that is not ours. */
function refuseForeign(driver: SqliteDriver, path: string, steps: readonly Migration[]): void {
  let db: SqliteDatabase | undefined
  try {
    db = openReadOnly(driver, path)
    schemaVersion(db, path, newestVersion(steps))
  } catch (error) {
    // Anything else, a rollback to be done first for one, is for the real open to tell.
    if (CtStreamError.is(error)) throw error
    if (sqliteCode(error) === 'SQLITE_NOTADB') {
      withSqliteErrors(path, 'open', () => {
        throw error
      })
    }
  } finally {
    db?.close()
  }
}

function conflict(driver: SqliteDriver, path: string): CtStreamError {
  const owner = currentOwner(driver, path)
  const who = owner
    ? `process ${owner.pid} on ${owner.host} since ${new Date(owner.since).toISOString()}`
    : 'another stream'
  return new CtStreamError(
    'CT_CHECKPOINT_CONFLICT',
    `checkpoint file ${path} is in use by ${who}: stop that one, or name another file`,
  )
}

/** The holder of the lock writes its name after taking it: a name may not be there yet. */
function currentOwner(driver: SqliteDriver, path: string): CheckpointOwner | undefined {
  let db: SqliteDatabase | undefined
  try {
    db = openReadOnly(driver, path)
    return new SqliteTables(db, path).owner()
  } catch {
    return undefined
  } finally {
    db?.close()
  }
}

function openReadOnly(driver: SqliteDriver, path: string): SqliteDatabase {
  return new driver(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs })
}

function releaseOnError<T>(db: SqliteDatabase, action: () => T): T {
  try {
    return action()
  } catch (error) {
    db.close()
    throw error
  }
}
