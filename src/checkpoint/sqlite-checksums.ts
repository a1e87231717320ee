import { loadedRows } from './check.js'
import { checkpointChecksum } from './checksum.js'
import type { SqliteDatabase } from './sqlite-driver.js'
import { type LogRow, type PendingHeadRow, readLog } from './sqlite-rows.js'

/**
 * Adds a checksum to every row of schema version 1. Part of the migration to version 2, so like that it must never be edited.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` when a field of a row is damaged.
 */
export function addChecksums(db: SqliteDatabase, path: string): void {
  const logs = db.prepare<[], Omit<LogRow, 'checksum'>>(
    `SELECT id, description, operator, kind, url, position, range, head_size, head_timestamp, head_root, head_signature,
      learned FROM log`,
  )
  const heads = db.prepare<[string], PendingHeadRow>(
    'SELECT log_id, ordinal, size, timestamp, root, signature FROM pending_head WHERE log_id = ? ORDER BY ordinal',
  )
  const update = db.prepare<[string, string]>('UPDATE log SET checksum = ? WHERE id = ?')
  const rows = logs.all().map((row) => readLog(row, heads.all(row.id), path))
  for (const row of loadedRows(rows, `checkpoint file ${path}`)) update.run(checkpointChecksum(row), row.log.id)
}
