import { CtStreamError } from '../errors.js'
import { messageOf } from '../util/message-of.js'

/** SQLite's result code (`SQLITE_BUSY`, …) when `error` is one of its errors. */
export function sqliteCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined
}

export function unusable(path: string, problem: string, cause?: unknown): CtStreamError {
  const retryable = isPassing(sqliteCode(cause) ?? '')
  return new CtStreamError('CT_CHECKPOINT_UNUSABLE', `checkpoint file ${path} ${problem}`, { cause, retryable })
}

/** Runs `action` and turns whatever SQLite throws into `CT_CHECKPOINT_UNUSABLE`, naming the file and what failed. */
export function withSqliteErrors<T>(path: string, doing: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (CtStreamError.is(error)) throw error
    throw unusable(path, problemOf(error, doing), error)
  }
}

function problemOf(error: unknown, doing: string): string {
  const code = sqliteCode(error) ?? ''
  if (code === 'SQLITE_NOTADB') return 'is not a SQLite database: move it away, or name another file'
  if (code.startsWith('SQLITE_CORRUPT')) return `${DAMAGED} (${doing}: ${messageOf(error)})`
  if (code === 'SQLITE_FULL') return `cannot grow, the disk or its bound is full (${doing})`
  if (code.startsWith('SQLITE_READONLY')) return `cannot be written (${doing}: ${messageOf(error)})`
  if (code.startsWith('SQLITE_CANTOPEN')) return `cannot be opened or created: ${messageOf(error)}`
  return `failed (${doing}: ${messageOf(error)})`
}

/** For a damaged checkpoint file, which is never replaced by a new one. */
export const DAMAGED = 'is damaged and was left as it is: restore a copy, or move it away to start anew'

/** Whether another program is using the file. */
export function isBusy(error: unknown): boolean {
  const cause = CtStreamError.is(error) ? error.cause : error
  return sqliteCode(cause)?.startsWith('SQLITE_BUSY') === true
}

/** The same write may succeed later: space was freed, the other program finished. */
function isPassing(code: string): boolean {
  return code === 'SQLITE_FULL' || code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_IOERR')
}
