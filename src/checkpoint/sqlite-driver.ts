import { createRequire } from 'node:module'
import { CtStreamError } from '../errors.js'
import { wrongPair } from './sqlite-pairs.js'

// The parts of better-sqlite3 that are used. Its own types are another package, which users of ct-stream would then need to compile.

/** A connection. */
export interface SqliteDatabase {
  /** Compiles one statement. */
  // biome-ignore lint/complexity/noBannedTypes: the constraint of better-sqlite3's own types, which are compared with these
  prepare<Parameters extends unknown[] | {} = unknown[], Row = unknown>(
    sql: string,
  ): Parameters extends unknown[] ? SqliteStatement<Parameters, Row> : SqliteStatement<[Parameters], Row>
  /** `immediate` takes the write lock at the start, `exclusive` also keeps readers out. */
  transaction<Action extends (...args: never[]) => unknown>(action: Action): SqliteTransaction<Action>
  /** Runs statements that give no rows. */
  exec(sql: string): unknown
  /** Reads or sets a pragma; with `simple` its one value instead of rows. */
  pragma(text: string, options?: { readonly simple?: boolean }): unknown
  /** Closes the file and the database. */
  close(): unknown
}

/** Runs its action in one transaction. */
export interface SqliteTransaction<Action extends (...args: never[]) => unknown> {
  (...parameters: ArgumentsOf<Action>): ReturnType<Action>
  /** Runs the action while nobody else writes. */
  immediate(...parameters: ArgumentsOf<Action>): ReturnType<Action>
  /** Runs the action while nobody else reads or writes. */
  exclusive(...parameters: ArgumentsOf<Action>): ReturnType<Action>
}

/** Arguments of an action. */
type ArgumentsOf<Action> = Action extends (...parameters: infer Given) => unknown ? Given : never

/** A prepared statement. */
export interface SqliteStatement<Parameters extends unknown[], Row> {
  /** `changes`: rows that were inserted, updated or deleted. */
  run(...parameters: Parameters): { readonly changes: number }
  /** The first row; `undefined` when there is none. */
  get(...parameters: Parameters): Row | undefined
  /** All rows, in memory. */
  all(...parameters: Parameters): Row[]
  /** Makes each row the value of its first column. */
  pluck(): this
}

/** Opens a connection. `timeout`: how long it waits for other connections, milliseconds. */
export type SqliteDriver = new (
  path: string,
  options?: { readonly readonly?: boolean; readonly fileMustExist?: boolean; readonly timeout?: number },
) => SqliteDatabase

const FOR_CHECKPOINT =
  'a checkpoint file cannot be used, %; or keep positions elsewhere: a CheckpointStore of your own, or none (checkpoint: false, --no-checkpoint)'

/**
 * Loads better-sqlite3 and its native part: only here, and only when a file is opened, so that importing the library
 * neither needs nor touches it.
 *
 * @param problem - Message for the user, with `%` in place of what is missing.
 * @throws {@link CtStreamError} `CT_PEER_MISSING` when the package or its native part cannot be loaded, or would crash this runtime.
 */
export async function loadSqlite(problem = FOR_CHECKPOINT): Promise<SqliteDriver> {
  try {
    // Checked before anything is loaded: a crash cannot be caught.
    const wrong = wrongPair(installedVersion() ?? '', process.versions)
    if (wrong !== undefined) throw unavailable(problem, wrong)
    const { default: driver } = await import('better-sqlite3')
    // The native part is loaded by the first connection, not by the import.
    new driver(':memory:').close()
    return driver
  } catch (cause) {
    if (CtStreamError.is(cause)) throw cause
    throw unavailable(
      problem,
      'better-sqlite3 with its native part could not be loaded: ' +
        'run "npm rebuild better-sqlite3" (or "npm install better-sqlite3") with the runtime that is used',
      cause,
    )
  }
}

/** `undefined` when the package is missing; the error of its import says so. */
function installedVersion(): string | undefined {
  try {
    const { version } = createRequire(import.meta.url)('better-sqlite3/package.json') as { version: string }
    return version
  } catch {
    return undefined
  }
}

function unavailable(problem: string, missing: string, cause?: unknown): CtStreamError {
  return new CtStreamError(
    'CT_PEER_MISSING',
    problem.replace('%', () => missing),
    { cause },
  )
}
