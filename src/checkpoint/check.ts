import { CtStreamError } from '../errors.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import { sealed } from './checksum.js'
import { type RowFault, readRow } from './row.js'

/**
 * A copy of the row with its checksum, as stores keep it. Refuses an invalid row before anything is written: an inexact position, a range
 * that does not fit it, a wrong checksum.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the log, the field and its value.
 */
export function rowToKeep(checkpoint: LogCheckpoint): LogCheckpoint {
  const row = readRow(checkpoint, invalid)
  return row.checksum === undefined ? sealed(row) : row
}

/**
 * Checks and copies the rows that a store returned, so that a damaged row never leads to the accusation of a log.
 *
 * Accepts a row without a checksum after checking every field: earlier versions wrote none. Its next commit adds one.
 *
 * @param place - The store's name in messages, such as `checkpoint file a.db`.
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
