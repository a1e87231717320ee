import { accessSync, constants, existsSync } from 'node:fs'
import type { SqliteDatabase, SqliteDriver } from './sqlite-driver.js'
import { sqliteCode, unusable, withSqliteErrors } from './sqlite-errors.js'

/**
 * Makes one stream the only one of a checkpoint file: an exclusive transaction on the empty database `<path>-lock`, held
 * for as long as the store is open. The operating system drops it with the process, however that dies, and the
 * checkpoint file itself stays readable by others.
 *
 * The file `<path>-lock` is never deleted: a lock on a deleted file excludes nobody.
 *
 * @returns The connection that holds the lock: closing it releases, and so does forgetting it (it is closed when it is
 * collected); `undefined` when somebody else holds it.
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` when the lock file cannot be created or written.
 */
export function takeLock(driver: SqliteDriver, path: string): SqliteDatabase | undefined {
  const lockPath = `${path}-lock`
  requireWritable(lockPath)
  const db = withSqliteErrors(lockPath, 'lock', () => new driver(lockPath, { timeout: 0 }))
  try {
    // No journal beside the lock: nothing is ever written to it.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY')) return undefined
    return withSqliteErrors(lockPath, 'lock', () => {
      throw error
    })
  }
}

/** SQLite opens what it may not write read-only without a word, and a read-only connection would lock nothing. */
function requireWritable(lockPath: string): void {
  if (!existsSync(lockPath)) return
  try {
    accessSync(lockPath, constants.W_OK)
  } catch (cause) {
    throw unusable(lockPath, 'cannot be written', cause)
  }
}
