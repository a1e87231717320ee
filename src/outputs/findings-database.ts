import { existsSync } from 'node:fs'
import { loadSqlite, type SqliteDatabase } from '../checkpoint/sqlite-driver.js'
import { markedVersion } from '../checkpoint/sqlite-marked.js'
import { CtStreamError } from '../errors.js'
import { fileFailed } from './output-error.js'

/** Marks a database of ours ("ctfi"). */
const APPLICATION_ID = 0x63746669
const VERSION = 1
const SCHEMA = `
  CREATE TABLE findings (
    id TEXT PRIMARY KEY, module TEXT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, score REAL NOT NULL,
    first_seen INTEGER NOT NULL, json TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX findings_by_time ON findings (first_seen);
  CREATE TABLE names (name TEXT NOT NULL, finding TEXT NOT NULL, PRIMARY KEY (name, finding)) STRICT, WITHOUT ROWID;
`

/**
 * Opens a database of findings, making it if it does not exist.
 *
 * @throws {@link CtStreamError} `CT_OUTPUT_FAILED` for a database of another program, or of a newer version; `CT_PEER_MISSING`.
 */
export async function openFindings(file: string): Promise<SqliteDatabase> {
  const driver = await loadSqlite('the output `sqlite` cannot be used, %')
  return checked(
    file,
    () => new driver(file, { timeout: 5000 }),
    (db) => {
      const version = markedVersion(db, APPLICATION_ID, VERSION)
      db.pragma('journal_mode = WAL')
      // Acknowledged findings survive a power cut.
      db.pragma('synchronous = FULL')
      if (version === VERSION) return
      db.transaction(() => {
        db.exec(SCHEMA)
        db.pragma(`application_id = ${APPLICATION_ID}`)
        db.pragma(`user_version = ${VERSION}`)
      })()
    },
  )
}

/**
 * Opens a database of findings for searching, even while a run writes to it.
 *
 * @throws {@link CtStreamError} `CT_OUTPUT_FAILED` when the file is missing, of another program, or of a newer version; `CT_PEER_MISSING`.
 */
export async function openFindingsToRead(file: string): Promise<SqliteDatabase> {
  const driver = await loadSqlite('a database of findings cannot be read, %')
  if (!existsSync(file))
    throw new CtStreamError('CT_OUTPUT_FAILED', `there is no database of findings ${file}: the output sqlite makes one`)
  return checked(file, () => new driver(file, { readonly: true, fileMustExist: true, timeout: 5000 }), requireMarked)
}

/** Returns the database if it passes `check`; else closes it, and throws an error that names the file. */
function checked(file: string, open: () => SqliteDatabase, check: (db: SqliteDatabase) => unknown): SqliteDatabase {
  let db: SqliteDatabase | undefined
  try {
    db = open()
    check(db)
    return db
  } catch (error) {
    db?.close()
    throw fileFailed(file, 'opened', error)
  }
}

/** Refuses an empty file, which has no findings to search. */
function requireMarked(db: SqliteDatabase): void {
  if (markedVersion(db, APPLICATION_ID, VERSION) === 0) throw new Error('it is a database of another program')
}
