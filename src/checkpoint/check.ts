import { CtStreamError } from '../errors.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import { sealed } from './checksum.js'
import { type RowFault, readRow } from './row.js'

/**
 * The row as a store keeps it: a copy, with its checksum. Refuses what no store may keep, before anything is written: a
 * position that is not exact, a range that does not fit it, a checksum that is wrong.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the log, the field and its value.
 */
export function rowToKeep(checkpoint: LogCheckpoint): LogCheckpoint {
  const row = readRow(checkpoint, invalid)
  return row.checksum === undefined ? sealed(row) : row
}

/**
 * The rows a store returned, each checked and copied: nothing that was damaged on the way is ever held against a log.
 *
 * A row without a checksum is accepted, every field of it checked: earlier versions wrote none. It gets one with its next
 * commit.
 *
 * @param place - The store, as messages name it: `checkpoint file a.db`.
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` naming the log, the field and what to do.
 */
export function loadedRows(rows: unknown, place: string): LogCheckpoint[] {
  if (!Array.isArray(rows)) throw unusable(`${place}: load() must return an array of rows`)
  const checked = Array.from(rows, (row) => readRow(row, (fault) => damaged(place, fault)))
  const known = new Set<string>()
  for (const { log } of checked) {
    if (known.has(log.id)) throw unusable(`${place} has two rows of log ${log.id}: delete the wrong one`, log.id)
    known.add(log.id)
  }
  return checked
}

function invalid({ logId, field, rule, actual, cause }: RowFault): CtStreamError {
  const hint = field === 'checksum' ? '; leave it out, and it is computed' : ''
  const message = `checkpoint of log ${logId ?? '?'}: ${field} must be ${rule}, not ${actual}${hint}`
  return new CtStreamError('CT_OPTION_INVALID', message, { logId, actual, cause })
}

function damaged(place: string, { logId, field, rule, actual, cause }: RowFault): CtStreamError {
  const row = logId === undefined ? 'a row' : `the row of log ${logId}`
  return unusable(
    `${place}: ${row} is not as it was committed (${field} must be ${rule}, not ${actual}); nothing was read from it and ` +
      'the log is not to blame: restore a copy, or delete the row to begin that log anew where `start` says',
    logId,
    cause,
  )
}

function unusable(message: string, logId?: string, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_CHECKPOINT_UNUSABLE', message, { logId, cause })
}
