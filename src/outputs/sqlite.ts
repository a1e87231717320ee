import { z } from 'zod'
import { defineModule } from '../modules/definition.js'
import { FindingsFile } from './findings-file.js'

export { openFindings, openFindingsToRead } from './findings-database.js'
export { type SearchOptions, search } from './sqlite-search.js'

const options = z.strictObject({
  file: z.string().min(1).describe('Path of the database. Made when there is none.'),
})

/**
 * Writes findings, with their certificates, to a SQLite database that {@link search} searches by name.
 *
 * Each batch is one transaction, on the disk before it is acknowledged. A finding whose `id` exists already is not changed.
 *
 * A database that was deleted, moved or replaced while it is in use is made again, or the new one is used, with a warning: what was written before is
 * where the old one went.
 */
export const sqlite = defineModule({
  name: 'sqlite',
  description: 'findings in a SQLite database, searchable by name',
  options,
  acknowledge: true,
  async setup({ options: { file }, log }) {
    const database = new FindingsFile(file, log)
    await database.open()
    return database
  },
  onFindings: (findings, { state }) => state.write(findings),
  teardown: ({ state }) => void state.close(),
})

export default sqlite
