import type Database from 'better-sqlite3'
import { CtStreamError } from '../errors.js'

export type SqliteDatabase = Database.Database
export type SqliteDriver = typeof Database

/**
 * Loads better-sqlite3 and its native part: only here, and only when a file is opened, so that importing the library
 * neither needs nor touches it.
 *
 * @throws {@link CtStreamError} `CT_PEER_MISSING` when the package or its compiled binary cannot be loaded.
 */
export async function loadSqlite(): Promise<SqliteDriver> {
  try {
    const { default: driver } = await import('better-sqlite3')
    // The compiled part is loaded by the first connection, not by the import.
    new driver(':memory:').close()
    return driver
  } catch (cause) {
    throw new CtStreamError(
      'CT_PEER_MISSING',
      'a checkpoint file needs the package better-sqlite3 with its native part, which could not be loaded: ' +
        'run "npm rebuild better-sqlite3" (or "npm install better-sqlite3"), or stream without a file (checkpoint: false)',
      { cause },
    )
  }
}
