import { CtStreamError } from '../errors.js'
import { systemClock } from '../util/clock.js'
import { identityOf, makePrivate, sizeOf } from './file-identity.js'
import type { SqliteDatabase, SqliteDriver } from './sqlite-driver.js'
import { DAMAGED, sqliteCode, unusable, withSqliteErrors } from './sqlite-errors.js'
import { SqliteFolder } from './sqlite-folder.js'
import { ownerName, SqliteGuard } from './sqlite-guard.js'
import { takeLock } from './sqlite-lock.js'
import { migrate, newestVersion, schemaVersion } from './sqlite-migrate.js'
import { locate } from './sqlite-path.js'
import { type Migration, migrations } from './sqlite-schema.js'
import { type CheckpointOwner, SqliteTables } from './sqlite-tables.js'

/**
 * How long a write waits for another program that uses the file, milliseconds. It blocks the event loop, so callers rather repeat the
 * write later.
 */
const WRITE_TIMEOUT_MS = 25
/** How long a read-only connection waits, where blocking harms nobody. Milliseconds. */
const READ_TIMEOUT_MS = 5000
/** Length of the header of a write-ahead log: a shorter one is empty. */
const WAL_HEADER_BYTES = 32

/** A checkpoint file in use. */
export interface OpenFile {
  readonly db: SqliteDatabase
  readonly tables: SqliteTables
  /** `undefined` when the file is only read; so are the following. */
  readonly guard: SqliteGuard | undefined
  readonly folder: SqliteFolder | undefined
  /** Warnings for the user. */
  readonly warning: string | undefined
}

/**
 * Opens a checkpoint file for a stream, and creates it if there is none. The order matters: a file of another program is left untouched,
 * the lock comes before any write, and damage is found before the content is used.
 *
 * Creates the file at once instead of with the first row, for several reasons: the guard must know the file's identity before anything is
 * written, because a file that appears later could be another stream's; a folder without write permission is reported before anything
 * is delivered; and the lock is a file beside it anyway. The first row follows within moments: the log list, and the logs that are opening.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_CONFLICT`, `CT_CHECKPOINT_VERSION`, `CT_CHECKPOINT_UNUSABLE`.
 */
export function openForStream(
  driver: SqliteDriver,
  name: string,
  owner: CheckpointOwner,
  steps: readonly Migration[] = migrations,
  now: () => number = systemClock.now,
): OpenFile {
  const { path, bytes } = locate(name)
  // Checked first, because opening creates an empty one.
  const hasWal = sizeOf(`${path}-wal`) >= WAL_HEADER_BYTES
  if (bytes !== undefined && bytes > 0) refuseForeign(driver, path, steps)
  const lock = takeLock(driver, path)
  if (lock === undefined) throw conflict(driver, path)
  try {
    makePrivate(path)
    const identity = identityOf(path)
    if (identity === undefined) throw unusable(path, 'was deleted while it was opened')
    const db = withSqliteErrors(path, 'open', () => new driver(path, { timeout: WRITE_TIMEOUT_MS }))
    return releaseOnError(db, () => {
      const guard = new SqliteGuard(driver, path, identity, lock)
      const { tables, wasLeft } = withSqliteErrors(path, 'open', () => prepareForWriting(db, path, owner, steps))
      guard.watchWal()
      guard.check()
      const folder = new SqliteFolder(db, now)
      folder.afterWrite(true)
      return { db, tables, guard, folder, warning: wasLeft && !hasWal ? withoutWal(path) : undefined }
    })
  } catch (error) {
    lock.db.close()
    throw error
  }
}

function withoutWal(path: string): string {
  return (
    `checkpoint file ${path} was left open by the last stream, and its write-ahead log ${path}-wal is not there: if the ` +
    'file was copied without it, what was committed in the seconds before is missing, and those entries come again'
  )
}

/**
 * Opens a checkpoint file read-only, also while a stream uses it: takes no lock, creates no file, changes nothing.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_VERSION`, `CT_CHECKPOINT_UNUSABLE` (also when there is no such file).
 */
export function openForReading(driver: SqliteDriver, name: string, steps: readonly Migration[] = migrations): OpenFile {
  const { path, bytes } = locate(name)
  if (bytes === undefined) throw unusable(path, 'does not exist')
  const db = withSqliteErrors(path, 'open', () => openReadOnly(driver, path, READ_TIMEOUT_MS))
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
    return { db, tables, guard: undefined, folder: undefined, warning: undefined }
  })
}

/**
 * Closes a file and merges the write-ahead log into it, so that the file can be copied alone, and reading it creates no other files. Never
 * throws: the commits are safe by then.
 */
export function closeFile({ db, tables, guard }: OpenFile): void {
  // If another file has the name now, the files beside it belong to that one: nothing is merged or removed.
  if (guard?.isIntact) {
    try {
      db.pragma('busy_timeout = 0')
      tables.clearOwner()
      db.pragma('journal_mode = DELETE')
    } catch {
      // The file is being read, or the disk is full: the next stream to open it merges the log.
    }
  }
  db.close()
  guard?.release()
}

function prepareForWriting(
  db: SqliteDatabase,
  path: string,
  owner: CheckpointOwner,
  steps: readonly Migration[],
): { readonly tables: SqliteTables; readonly wasLeft: boolean } {
  const version = schemaVersion(db, path, newestVersion(steps))
  if (version > 0) requireIntact(db, path)
  migrate(db, path, version, steps)
  // Prepares every statement, so that a file that lacks a table or column is refused before anything is written.
  const tables = new SqliteTables(db, path)
  // A killed stream leaves its owner row, and the file in this mode.
  const wasLeft = db.pragma('journal_mode', { simple: true }) === 'wal' && tables.owner() !== undefined
  const mode = db.pragma('journal_mode = WAL', { simple: true })
  // Without WAL, which some file systems do not support, NORMAL could corrupt the file in a power cut.
  db.pragma(`synchronous = ${mode === 'wal' ? 'NORMAL' : 'FULL'}`)
  tables.setOwner(owner)
  return { tables, wasLeft }
}

function requireIntact(db: SqliteDatabase, path: string): void {
  const result = db.pragma('quick_check(1)', { simple: true })
  if (result !== 'ok') throw unusable(path, `${DAMAGED} (${String(result).split('\n').join(' ')})`)
}

/** Checks the file before locking it, so that no lock file is created beside a file of another program. */
function refuseForeign(driver: SqliteDriver, path: string, steps: readonly Migration[]): void {
  let db: SqliteDatabase | undefined
  try {
    db = openReadOnly(driver, path, WRITE_TIMEOUT_MS)
    schemaVersion(db, path, newestVersion(steps))
  } catch (error) {
    // Other errors, such as a rollback that is due first, are left to the real open.
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
  const who = owner ? ownerName(owner) : 'another stream'
  return new CtStreamError(
    'CT_CHECKPOINT_CONFLICT',
    `checkpoint file ${path} is in use by ${who}: stop that one, or name another file`,
  )
}

/** The owner of the lock. It writes its name after taking the lock, so the name may still be missing. */
function currentOwner(driver: SqliteDriver, path: string): CheckpointOwner | undefined {
  let db: SqliteDatabase | undefined
  try {
    db = openReadOnly(driver, path, WRITE_TIMEOUT_MS)
    return new SqliteTables(db, path).owner()
  } catch {
    return undefined
  } finally {
    db?.close()
  }
}

function openReadOnly(driver: SqliteDriver, path: string, timeout: number): SqliteDatabase {
  return new driver(path, { readonly: true, fileMustExist: true, timeout })
}

function releaseOnError<T>(db: SqliteDatabase, action: () => T): T {
  try {
    return action()
  } catch (error) {
    db.close()
    throw error
  }
}
