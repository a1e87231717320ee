import { accessSync, constants, lstatSync } from 'node:fs'
import { type FileIdentity, identityOf, makePrivate } from './file-identity.js'
import type { SqliteDatabase, SqliteDriver } from './sqlite-driver.js'
import { isBusy, unusable, withSqliteErrors } from './sqlite-errors.js'

/** A held lock. Closing its connection releases it; so does garbage collection. */
export interface HeldLock {
  readonly db: SqliteDatabase
  /** Identity of the locked file: a lock on a deleted file excludes nobody. */
  readonly identity: FileIdentity
}

export function lockPathOf(path: string): string {
  return `${path}-lock`
}

/**
 * Makes one stream the only one of a checkpoint file: an exclusive transaction on the empty database `<path>-lock`, held
 * for as long as the store is open. The operating system drops it with the process, however that dies, and the
 * checkpoint file itself stays readable by others.
 *
 * This library never deletes `<path>-lock`; the guard detects when somebody else does.
 *
 * @returns `undefined` when somebody else holds it.
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` when the lock file cannot be created or written, or is no file.
 */
export function takeLock(driver: SqliteDriver, path: string): HeldLock | undefined {
  const lockPath = lockPathOf(path)
  makePrivate(lockPath)
  requireOwnFile(lockPath)
  const before = identityOf(lockPath)
  const db = withSqliteErrors(lockPath, 'lock', () => new driver(lockPath, { timeout: 0 }))
  try {
    // No journal beside the lock: nothing is ever written to it.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    const identity = identityOf(lockPath)
    // The opened file is the one that was checked, and it still has its name.
    if (identity === undefined || identity !== before) throw unusable(lockPath, 'was replaced while it was taken')
    return { db, identity }
  } catch (error) {
    db.close()
    if (isBusy(error)) return undefined
    return withSqliteErrors(lockPath, 'lock', () => {
      throw error
    })
  }
}

/**
 * Refuses links, which could lead SQLite to any other file of the user, and files without write permission, which SQLite would silently open
 * read-only: such a connection would lock nothing.
 */
function requireOwnFile(lockPath: string): void {
  const stats = lstatSync(lockPath, { throwIfNoEntry: false })
  if (stats?.isSymbolicLink()) throw unusable(lockPath, 'is a symbolic link, which is not followed: remove it')
  if (stats !== undefined && !stats.isFile()) throw unusable(lockPath, 'is not a regular file: remove it')
  try {
    accessSync(lockPath, constants.W_OK)
  } catch (cause) {
    throw unusable(lockPath, 'cannot be written', cause)
  }
}
