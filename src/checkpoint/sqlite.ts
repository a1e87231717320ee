import { hostname } from 'node:os'
import { pid } from 'node:process'
import { CtStreamError } from '../errors.js'
import type { CheckpointStore, Evidence, Gap, LogCheckpoint, StoredList } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import { systemClock } from '../util/clock.js'
import { loadSqlite } from './sqlite-driver.js'
import { withSqliteErrors } from './sqlite-errors.js'
import { closeFile, type OpenFile, openForReading, openForStream } from './sqlite-open.js'
import type { CheckpointOwner, SqliteTables } from './sqlite-tables.js'

export interface SqliteCheckpointOptions {
  /** Look at a file, also while a stream uses it: no lock, nothing is created or written. Default `false`. */
  readonly readOnly?: boolean
  /** Bound on the file, bytes, at least 65536; a write that would pass it fails and changes nothing. Default: the disk. */
  readonly maxBytes?: number
  readonly clock?: Clock
}

/** Room for the empty tables, bytes. */
const smallestBound = 65_536

/**
 * Remembers in one SQLite file: positions and everything that goes with them.
 *
 * A commit is one transaction for all logs and survives the death of the process (write-ahead log, `synchronous =
 * NORMAL`); evidence also survives a power cut. One stream uses a file at a time, guarded by a lock on `<file>-lock`
 * that the operating system drops when the process dies; others may read the file meanwhile (`readOnly`). Put it on a
 * local disk: network file systems do not keep such locks. A damaged file is refused, never replaced.
 *
 * All methods but {@link open} are synchronous. SQLite's errors arrive as `CT_CHECKPOINT_UNUSABLE` with the original as
 * `cause`, `retryable` when the disk was full or busy.
 */
export class SqliteCheckpointStore implements CheckpointStore {
  /** As given, relative to the working directory. */
  readonly path: string
  private readonly options: SqliteCheckpointOptions
  private opening = false
  private file: OpenFile | undefined

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` when `path` cannot name a file. */
  constructor(path: string, options: SqliteCheckpointOptions = {}) {
    if (path.trim() !== path || path === '' || path === ':memory:' || path.includes('\0')) {
      const hint = path === ':memory:' ? '; use false to keep nothing' : ''
      throw new CtStreamError('CT_OPTION_INVALID', `checkpoint must name a file, not ${JSON.stringify(path)}${hint}`)
    }
    const { maxBytes } = options
    if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes >= smallestBound)) {
      throw new CtStreamError('CT_OPTION_INVALID', `maxBytes must be an integer from ${smallestBound}, not ${maxBytes}`)
    }
    this.path = path
    this.options = options
  }

  async open(): Promise<void> {
    if (this.opening || this.file !== undefined) {
      throw new CtStreamError('CT_CHECKPOINT_CONFLICT', `checkpoint store ${this.path} is in use by a stream already`)
    }
    this.opening = true
    try {
      const driver = await loadSqlite()
      const file = this.options.readOnly
        ? openForReading(driver, this.path)
        : openForStream(driver, this.path, this.self())
      if (this.options.maxBytes !== undefined) limitSize(file, this.options.maxBytes)
      this.file = file
    } finally {
      this.opening = false
    }
  }

  load(): readonly LogCheckpoint[] {
    return this.run('load positions', (tables) => tables.load())
  }

  commit(checkpoints: readonly LogCheckpoint[]): void {
    this.run('commit positions', (tables) => tables.commit(checkpoints))
  }

  addGap(gap: Gap): void {
    this.run('record a gap', (tables) => tables.addGap(gap))
  }

  gaps(): readonly Gap[] {
    return this.run('list gaps', (tables) => tables.gaps())
  }

  addEvidence(evidence: Evidence): void {
    this.run('record evidence', (tables, { db }) => {
      const mode = db.pragma('synchronous', { simple: true })
      db.pragma('synchronous = FULL')
      try {
        tables.addEvidence(evidence)
      } finally {
        db.pragma(`synchronous = ${mode}`)
      }
    })
  }

  evidence(): readonly Evidence[] {
    return this.run('list evidence', (tables) => tables.evidence())
  }

  issuer(fingerprint: string): Uint8Array | undefined {
    return this.run('read an issuer', (tables) => tables.issuer(fingerprint))
  }

  putIssuer(fingerprint: string, der: Uint8Array): void {
    this.run('keep an issuer', (tables) => tables.putIssuer(fingerprint, der))
  }

  list(url: string): StoredList | undefined {
    return this.run('read a log list', (tables) => tables.list(url))
  }

  putList(list: StoredList): void {
    this.run('keep a log list', (tables) => tables.putList(list))
  }

  /** The stream that has the file open, or had it when it was killed; `undefined` after a clean end. */
  owner(): CheckpointOwner | undefined {
    return this.run('read the owner', (tables) => tables.owner())
  }

  close(): void {
    const { file } = this
    this.file = undefined
    if (file !== undefined) closeFile(file)
  }

  private self(): CheckpointOwner {
    return { pid, host: hostname(), since: (this.options.clock ?? systemClock).now() }
  }

  private run<T>(doing: string, action: (tables: SqliteTables, file: OpenFile) => T): T {
    const { file } = this
    if (file === undefined) {
      throw new CtStreamError('CT_CLOSED', `checkpoint store ${this.path} is not open`)
    }
    return withSqliteErrors(this.path, doing, () => action(file.tables, file))
  }
}

function limitSize({ db }: OpenFile, maxBytes: number): void {
  const pageSize = Number(db.pragma('page_size', { simple: true }))
  db.pragma(`max_page_count = ${Math.floor(maxBytes / pageSize)}`)
}
