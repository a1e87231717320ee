import type { SqliteDatabase } from './sqlite-driver.js'

/**
 * The schema version of a database made by a part of this package.
 *
 * @param applicationId - The mark of that part's databases.
 * @param newest - The newest version it knows.
 * @returns 0 for a database that is empty.
 * @throws Error for a database of another program, or of a newer version.
 */
export function markedVersion(db: SqliteDatabase, applicationId: number, newest: number): number {
  if (db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0) return 0
  if (db.pragma('application_id', { simple: true }) !== applicationId)
    throw new Error('it is a database of another program')
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > newest) throw new Error(`it has schema version ${version}; this one knows ${newest}`)
  return version
}
