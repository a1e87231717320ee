import { hostname } from 'node:os'
import { pid } from 'node:process'
import { CtStreamError } from '../errors.js'
import type { CheckpointStore, Evidence, Gap, LogCheckpoint, LogCondition, StoredList } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import { systemClock } from '../util/clock.js'
import { loadSqlite } from './sqlite-driver.js'
import { isBusy, withSqliteErrors } from './sqlite-errors.js'
import { closeFile, type OpenFile, openForReading, openForStream } from './sqlite-open.js'
import { migrations } from './sqlite-schema.js'
import type { CheckpointOwner, SqliteTables } from './sqlite-tables.js'

/** How a checkpoint file is opened; all optional. */
export interface SqliteCheckpointOptions {
  /** Open the file only to read it, also while a stream uses it: takes no lock, creates and writes nothing. Default `false`. */
  readonly readOnly?: boolean
  /** Largest size of the file, bytes, at least 65536; a write beyond it fails and changes nothing. Default: no bound. */
  readonly maxBytes?: number
  /** Clock, for tests. Default: the machine's. */
  readonly clock?: Clock
}

/** Room for the empty tables, bytes. */
const SMALLEST_BOUND = 65_536

/** How long opening waits for another program that uses the file, and the interval between tries, milliseconds. */
const OPEN_PATIENCE_MS = 5_000
const OPEN_RETRY_MS = 100

/**
 * A store in one SQLite file: positions, gaps, evidence, issuers and log lists.
 *
 * A commit is one transaction for all logs and survives the death of the process (write-ahead log, `synchronous =
 * NORMAL`); evidence also survives a power cut. One stream uses a file at a time, guarded by a lock on `<file>-lock`
 * that the operating system drops when the process dies, and by a token in the file, without which nothing is written when
 * the lock was removed; others may read the file meanwhile (`readOnly`). Put it on a local disk: network file systems do
 * not keep such locks. A damaged file is refused, never replaced. Files are made readable for their owner only (0600).
 *
 * Keeps at most 8,192 issuers and 32 MiB of them, the most recently used, so that hostile logs cannot make the file grow.
 *
 * To copy a file in use, copy `<file>-wal` with it, or use SQLite's backup: a copy of the file alone is up to ten seconds
 * old (older while another program holds a long read transaction), and repeats those entries.
 *
 * All methods but {@link open} are synchronous and wait 25 ms at most for another program that has the file. SQLite's
 * errors arrive as `CT_CHECKPOINT_UNUSABLE` with the original as `cause`, `retryable` when the disk was full or busy. A
 * file that is deleted, moved or replaced while it is open fails every write from then on, without `retryable`.
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
    if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes >= SMALLEST_BOUND)) {
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        `maxBytes must be an integer from ${SMALLEST_BOUND}, not ${maxBytes}`,
      )
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
        : await this.whenFree(() => openForStream(driver, this.path, this.self(), migrations, () => this.clock.now()))
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
    this.write('commit positions', (tables) => {
      const known = new Set(tables.logIds())
      tables.commit(checkpoints)
      return checkpoints.some(({ log }) => !known.has(log.id))
    })
  }

  addGap(gap: Gap): void {
    this.write('record a gap', (tables) => {
      tables.addGap(gap)
      return true
    })
  }

  /**
   * Notes how far a recorded gap was delivered later. The gap stays recorded, so that it is not reported twice.
   *
   * @param gap - As `gaps()` returned it.
   * @param delivered - Index after the last entry that was delivered of those from its beginning on, without a break;
   * `Number.MAX_SAFE_INTEGER` for all of one without an end. A smaller one than before changes nothing.
   */
  settleGap(gap: Gap, delivered: number): void {
    this.write('settle a gap', (tables) => {
      tables.settleGap(gap, delivered)
      return false
    })
  }

  gaps(): readonly Gap[] {
    return this.run('list gaps', (tables) => tables.gaps())
  }

  addEvidence(evidence: Evidence): void {
    this.write('record evidence', (tables, { db }) => {
      const mode = db.pragma('synchronous', { simple: true })
      db.pragma('synchronous = FULL')
      try {
        tables.addEvidence(evidence)
      } finally {
        db.pragma(`synchronous = ${mode}`)
      }
      return true
    })
  }

  evidence(): readonly Evidence[] {
    return this.run('list evidence', (tables) => tables.evidence())
  }

  issuer(fingerprint: string): Uint8Array | undefined {
    return this.run('read an issuer', (tables) => tables.issuer(fingerprint))
  }

  putIssuer(fingerprint: string, der: Uint8Array): void {
    this.write('keep an issuer', (tables) => {
      tables.putIssuer(fingerprint, der)
      return false
    })
  }

  list(url: string): StoredList | undefined {
    return this.run('read a log list', (tables) => tables.list(url))
  }

  putList(list: StoredList): void {
    this.write('keep a log list', (tables) => {
      tables.putList(list)
      return false
    })
  }

  /** Status of the logs of the stream that uses the file, or of the last one that did, in the order of their selection. */
  conditions(): readonly LogCondition[] {
    return this.run('read the state of the logs', (tables) => tables.conditions())
  }

  putConditions(conditions: readonly LogCondition[]): void {
    this.write('keep the state of the logs', (tables) => {
      tables.putConditions(conditions)
      return false
    })
  }

  get warning(): string | undefined {
    return this.file?.warning
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
    return { pid, host: hostname(), since: this.clock.now() }
  }

  private get clock(): Clock {
    return this.options.clock ?? systemClock
  }

  /** Retries while another program uses the file for a moment, without blocking the event loop. */
  private async whenFree<T>(action: () => T): Promise<T> {
    for (let waited = 0; ; waited += OPEN_RETRY_MS) {
      try {
        return action()
      } catch (error) {
        if (!isBusy(error) || waited >= OPEN_PATIENCE_MS) throw error
        await this.clock.sleep(OPEN_RETRY_MS)
      }
    }
  }

  /** @param action - Returns whether its write must reach the file itself at once. */
  private write(doing: string, action: (tables: SqliteTables, file: OpenFile) => boolean): void {
    this.run(doing, (tables, file) => {
      file.guard?.check()
      const isDue = action(tables, file)
      file.folder?.afterWrite(isDue)
      // Checked after the write: it is durable only if the file still has its name.
      file.guard?.check()
    })
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
