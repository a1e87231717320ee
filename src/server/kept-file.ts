import { loadSqlite, type SqliteDatabase } from '../checkpoint/sqlite-driver.js'
import { markedVersion } from '../checkpoint/sqlite-marked.js'
import { CtStreamError } from '../errors.js'
import { newSeries } from './message-id.js'

/** Marks a file of ours ("ctsv"). */
const APPLICATION_ID = 0x63747376
const VERSION = 1
const SCHEMA = `
  CREATE TABLE series (id TEXT NOT NULL, newest INTEGER NOT NULL) STRICT;
  CREATE TABLE pages (
    last INTEGER PRIMARY KEY, first INTEGER NOT NULL, at INTEGER NOT NULL,
    log TEXT NOT NULL, indexes TEXT NOT NULL, entries BLOB NOT NULL
  ) STRICT;
`

/**
 * Opens the file of kept entries, making it if needed, and locks it: only one process may assign numbers.
 *
 * @throws {@link CtStreamError} `CT_CACHE_UNUSABLE` for a file of another program or a newer version, one in use, or one that cannot be
 * read or written; `CT_PEER_MISSING`.
 */
export async function openKept(file: string): Promise<SqliteDatabase> {
  const driver = await loadSqlite('a server cannot keep entries, %; or keep none (keep: false, --no-keep)')
  let db: SqliteDatabase | undefined
  try {
    db = new driver(file, { timeout: 25 })
    db.pragma('locking_mode = EXCLUSIVE')
    const version = markedVersion(db, APPLICATION_ID, VERSION)
    db.pragma('journal_mode = WAL')
    // Durable even through a power cut: a number that was sent must never be assigned to another entry.
    db.pragma('synchronous = FULL')
    const made = db
    if (version !== VERSION)
      db.transaction(() => {
        made.exec(SCHEMA)
        made.prepare('INSERT INTO series VALUES (?, 0)').run(newSeries())
        made.pragma(`application_id = ${APPLICATION_ID}`)
        made.pragma(`user_version = ${VERSION}`)
      }).immediate()
    // Takes the lock now rather than with the first page.
    db.transaction(() => made.exec('UPDATE series SET newest = newest')).immediate()
    return db
  } catch (error) {
    db?.close()
    throw keptFailed(file, 'opened', error)
  }
}

export function keptFailed(file: string, what: string, error: unknown): CtStreamError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const reason =
    code === 'SQLITE_BUSY' ? 'another process has it open' : error instanceof Error ? error.message : String(error)
  return new CtStreamError('CT_CACHE_UNUSABLE', `the file of kept entries ${file} could not be ${what}: ${reason}`, {
    cause: error,
  })
}
