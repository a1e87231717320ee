import { z } from 'zod'
import type { SqliteDatabase } from '../checkpoint/sqlite-driver.js'
import { CtStreamError } from '../errors.js'
import { defineModule } from '../modules/definition.js'
import type { Finding } from '../types/finding.js'
import { harmlessJson } from '../util/harmless.js'
import { reversedName } from '../util/reversed-name.js'
import { openFindings } from './findings-database.js'
import { fileFailed } from './output-error.js'

export { openFindings, openFindingsToRead } from './findings-database.js'
export { type SearchOptions, search } from './sqlite-search.js'

const options = z.strictObject({
  file: z.string().min(1).describe('Path of the database. Made when there is none.'),
})

/**
 * Writes findings, with their certificates, to a SQLite database that {@link search} searches by name.
 *
 * Each batch is one transaction, on the disk before it is acknowledged. A finding whose `id` exists already is not changed.
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
