import { createRequire } from 'node:module'
import type Database from 'better-sqlite3'
import { CtStreamError } from '../errors.js'
import { wrongPair } from './sqlite-pairs.js'

export type SqliteDatabase = Database.Database
export type SqliteDriver = typeof Database

/**
 * Loads better-sqlite3 and its native part: only here, and only when a file is opened, so that importing the library
 * neither needs nor touches it.
 *
 * @throws {@link CtStreamError} `CT_PEER_MISSING` when the package or its native part cannot be loaded, or would crash this runtime.
 */
export async function loadSqlite(): Promise<SqliteDriver> {
  try {
    // Before anything of it is loaded: what crashes cannot be caught.
    const wrong = wrongPair(installedVersion() ?? '', process.versions)
    if (wrong !== undefined) throw unavailable(wrong)
    const { default: driver } = await import('better-sqlite3')
    // The native part is loaded by the first connection, not by the import.
    new driver(':memory:').close()
    return driver
  } catch (cause) {
    if (CtStreamError.is(cause)) throw cause
    throw unavailable(
      'better-sqlite3 with its native part could not be loaded: ' +
        'run "npm rebuild better-sqlite3" (or "npm install better-sqlite3") with the runtime that is used',
      cause,
    )
  }
}

/** `undefined` where the package is missing, which its import says better. */
function installedVersion(): string | undefined {
  try {
    const { version } = createRequire(import.meta.url)('better-sqlite3/package.json') as { version: string }
    return version
  } catch {
    return undefined
  }
}

function unavailable(problem: string, cause?: unknown): CtStreamError {
  return new CtStreamError(
    'CT_PEER_MISSING',
    `a checkpoint file cannot be used, ${problem}; or keep positions elsewhere: a CheckpointStore of your own, or none (checkpoint: false, --no-checkpoint)`,
    { cause },
  )
}
