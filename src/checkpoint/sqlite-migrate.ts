import { CtStreamError } from '../errors.js'
import type { SqliteDatabase } from './sqlite-driver.js'
import { unusable } from './sqlite-errors.js'
import { APPLICATION_ID, type Migration } from './sqlite-schema.js'

/**
 * The schema version of a file: 0 for an empty database, which may become ours.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` when another program made it, `CT_CHECKPOINT_VERSION` when a
 * newer version of this one did.
 */
export function schemaVersion(db: SqliteDatabase, path: string, newest: number): number {
  const { id, version, tables } = readMarks(db)
  if (id === 0 && version === 0 && tables === 0) return 0
  if (id !== APPLICATION_ID || version < 1) {
    throw unusable(path, 'is a SQLite database of another program: name another file')
  }
  if (version > newest) {
    throw new CtStreamError(
      'CT_CHECKPOINT_VERSION',
      `checkpoint file ${path} has schema version ${version}, this ct-stream knows up to ${newest}: ` +
        'upgrade ct-stream, or name another file',
      { expected: newest, actual: version },
    )
  }
  return version
}

/** Reads in one transaction, because another process may be creating the file right now. */
const readMarks = (db: SqliteDatabase) =>
  db.transaction(() => ({
    id: Number(db.pragma('application_id', { simple: true })),
    version: Number(db.pragma('user_version', { simple: true })),
    tables: Number(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()),
  }))()

/**
 * Migrates a file to the newest schema, all steps in one transaction: readers never see an intermediate version, and a failing step changes
 * nothing.
 */
export function migrate(db: SqliteDatabase, path: string, from: number, steps: readonly Migration[]): void {
  const missing = steps.filter(({ version }) => version > from)
  if (missing.length === 0) return
  db.transaction(() => {
    for (const { version, sql, finish } of missing) {
      db.exec(sql)
      finish?.(db, path)
      db.pragma(`user_version = ${version}`)
    }
  }).exclusive()
}

export function newestVersion(steps: readonly Migration[]): number {
  return steps.at(-1)?.version ?? 0
}
