import type { LogCondition } from '../types/checkpoint.js'
import type { AwaitedEnd, LogState } from '../types/log.js'
import { isIndex } from './row.js'
import type { SqliteDatabase } from './sqlite-driver.js'
import { DAMAGED, unusable } from './sqlite-errors.js'
import { logJson, readJson } from './sqlite-rows.js'

/** The largest time that a `Date` can show, epoch milliseconds. */
const LAST_TIME = 8.64e15

interface ConditionRow {
  readonly log_id: string
  readonly log: string
  readonly state: string
  readonly failing_since: number | null
  readonly next_retry_at: number | null
  readonly waits_for: string | null
  readonly error_code: string | null
  readonly error_message: string | null
  readonly recorded_at: number
}

/** The status of the last stream's logs in a checkpoint file: one row a log, replacing those of earlier streams. */
export class SqliteConditions {
  private readonly statements: ReturnType<typeof prepare>

  constructor(db: SqliteDatabase) {
    this.statements = prepare(db)
  }

  /** Call it within a transaction. */
  put(conditions: readonly LogCondition[]): void {
    this.statements.clear.run()
    for (const { log, state, failingSince, nextRetryAt, waitsFor, lastError, recordedAt } of conditions)
      this.statements.put.run({
        log_id: log.id,
        log: logJson(log),
        state,
        failing_since: failingSince ?? null,
        next_retry_at: nextRetryAt ?? null,
        waits_for: waitsFor === undefined ? null : JSON.stringify(waitsFor),
        error_code: lastError?.code ?? null,
        error_message: lastError?.message ?? null,
        recorded_at: recordedAt,
      })
  }

  /** In the order in which they were put. @throws `CT_CHECKPOINT_UNUSABLE` where columns do not make fields. */
  all(path: string): LogCondition[] {
    return this.statements.all.all().map((row) => {
      const what = `state of log ${row.log_id}`
      const time = (value: number | null) => (value === null ? undefined : readTime(value, path, what))
      return {
        log: readJson(row.log, path, what),
        state: row.state as LogState,
        failingSince: time(row.failing_since),
        nextRetryAt: time(row.next_retry_at),
        waitsFor: row.waits_for === null ? undefined : readAwaited(row.waits_for, path, what),
        lastError: row.error_code === null ? undefined : { code: row.error_code, message: row.error_message ?? '' },
        recordedAt: readTime(row.recorded_at, path, what),
      }
    })
  }
}

function readAwaited(text: string, path: string, what: string): AwaitedEnd {
  const { kind, signedAt, index } = Object(readJson<unknown>(text, path, what)) as Record<string, unknown>
  if (kind === 'head' && typeof signedAt === 'number') return { kind, signedAt: readTime(signedAt, path, what) }
  if (kind === 'entry' && isIndex(index)) return { kind, index }
  throw unusable(path, `${DAMAGED} (${what})`)
}

function readTime(value: number, path: string, what: string): number {
  if (!isIndex(value) || value > LAST_TIME) throw unusable(path, `${DAMAGED} (${what}: ${value})`)
  return value
}

function prepare(db: SqliteDatabase) {
  return {
    all: db.prepare<[], ConditionRow>('SELECT * FROM condition ORDER BY rowid'),
    clear: db.prepare<[]>('DELETE FROM condition'),
    put: db.prepare<[ConditionRow]>(`
      INSERT OR REPLACE INTO condition VALUES (
        @log_id, @log, @state, @failing_since, @next_retry_at, @waits_for, @error_code, @error_message, @recorded_at)`),
  }
}
