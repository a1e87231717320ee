import { z } from 'zod'
import { loadSqlite, type SqliteDatabase } from '../checkpoint/sqlite-driver.js'
import { CtStreamError } from '../errors.js'
import { defineModule } from '../modules/definition.js'
import type { Finding } from '../types/finding.js'
import { harmlessJson } from '../util/harmless.js'
import { fileFailed } from './output-error.js'
import { reversedName } from './sqlite-search.js'

export { type SearchOptions, search } from './sqlite-search.js'

const options = z.strictObject({
  file: z.string().min(1).describe('Path of the database. Made when there is none.'),
})

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
const MISSING = 'the output `sqlite` cannot be used, %'

/**
 * Writes findings, with their certificates, to a SQLite database that {@link search} looks through by name.
 *
 * One transaction a batch, on the disk before it is acknowledged. A finding that is there already, by its `id`, stays as it was first
 * written.
 */
export const sqlite = defineModule({
  name: 'sqlite',
  description: 'findings in a SQLite database, searchable by name',
  options,
  acknowledge: true,
  async setup({ options: { file } }) {
    const db = await openFindings(file)
    return { db, write: writer(db, file) }
  },
  onFindings: (findings, { state }) => state.write(findings),
  teardown: ({ state }) => void state.db.close(),
})

export default sqlite

/**
 * Opens a database of findings, and makes it when there is none.
 *
 * @throws {@link CtStreamError} `CT_OUTPUT_FAILED` for a database of another program, or of a newer version; `CT_PEER_MISSING`.
 */
export async function openFindings(file: string): Promise<SqliteDatabase> {
  const driver = await loadSqlite(MISSING)
  let db: SqliteDatabase | undefined
  try {
    db = new driver(file, { timeout: 5000 })
    const id = db.pragma('application_id', { simple: true })
    const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()
    if (id !== APPLICATION_ID && tables !== 0) throw new Error('it is a database of another program')
    const version = db.pragma('user_version', { simple: true }) as number
    if (version > VERSION) throw new Error(`it has schema version ${version}; this one knows ${VERSION}`)
    db.pragma('journal_mode = WAL')
    // What was acknowledged survives a power cut.
    db.pragma('synchronous = FULL')
    if (version < VERSION) {
      const made = db
      made.transaction(() => {
        made.exec(SCHEMA)
        made.pragma(`application_id = ${APPLICATION_ID}`)
        made.pragma(`user_version = ${VERSION}`)
      })()
    }
    return db
  } catch (error) {
    db?.close()
    throw fileFailed(file, 'opened', error)
  }
}

function writer(db: SqliteDatabase, file: string): (findings: readonly Finding[]) => void {
  const addFinding = db.prepare(
    'INSERT INTO findings VALUES (@id, @module, @kind, @severity, @score, @time, @json) ON CONFLICT DO NOTHING',
  )
  const addName = db.prepare('INSERT INTO names VALUES (?, ?) ON CONFLICT DO NOTHING')
  const addAll = db.transaction((findings: readonly Finding[]) => {
    for (const finding of findings) {
      const { id, module, kind, severity, score, firstSeen, certificate } = finding
      const time = Date.parse(firstSeen)
      const { changes } = addFinding.run({ id, module, kind, severity, score, time, json: harmlessJson(finding) })
      if (changes === 0) continue
      for (const name of certificate.dnsNames) addName.run(reversedName(name), id)
    }
  })
  return (findings) => {
    try {
      addAll(findings)
    } catch (error) {
      if (CtStreamError.is(error)) throw error
      throw fileFailed(file, 'written', error)
    }
  }
}
