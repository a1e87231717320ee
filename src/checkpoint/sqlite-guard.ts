import { CtStreamError } from '../errors.js'
import { type FileIdentity, identityOf } from './file-identity.js'
import type { SqliteDriver } from './sqlite-driver.js'
import { unusable } from './sqlite-errors.js'
import { type HeldLock, lockPathOf, takeLock } from './sqlite-lock.js'
import type { CheckpointOwner } from './sqlite-tables.js'

/**
 * Checks before and after every write that the open files still have their names: SQLite would go on writing into a deleted file, and
 * such commits would be lost. Costs three `lstat` calls.
 */
export class SqliteGuard {
  private readonly driver: SqliteDriver
  private readonly path: string
  private readonly file: FileIdentity
  private wal: FileIdentity | undefined
  private lock: HeldLock

  /** @param file - Identity of the file at `path` before it was opened. */
  constructor(driver: SqliteDriver, path: string, file: FileIdentity, lock: HeldLock) {
    this.driver = driver
    this.path = path
    this.file = file
    this.lock = lock
  }

  /** Called after the first write: from then on the write-ahead log exists, and is checked, too. */
  watchWal(): void {
    this.wal = identityOf(this.walPath)
  }

  /** Whether a commit made now reached the file of that name. */
  get isIntact(): boolean {
    return identityOf(this.path) === this.file && (this.wal === undefined || identityOf(this.walPath) === this.wal)
  }

  /**
   * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` when the file or its write-ahead log is gone or another,
   * `CT_CHECKPOINT_CONFLICT` when the lock file was removed and another stream has a new one.
   */
  check(): void {
    if (!this.isIntact) throw this.lost()
    if (identityOf(lockPathOf(this.path)) !== this.lock.identity) this.lockAgain()
  }

  release(): void {
    this.lock.db.close()
  }

  private get walPath(): string {
    return `${this.path}-wal`
  }

  private lost(): CtStreamError {
    const isFile = identityOf(this.path) !== this.file
    const path = isFile ? this.path : this.walPath
    const state = identityOf(path) === undefined ? 'was deleted or moved' : 'was replaced by another file'
    return unusable(
      this.path,
      `${isFile ? '' : `lost its write-ahead log: ${path} `}${state} while a stream had it open, and nothing more is ` +
        'committed: leave it and what is beside it alone while a stream runs; put it back, or start anew',
    )
  }

  /** The lock file was removed: harmless, unless another stream has opened the file since. */
  private lockAgain(): void {
    const lock = takeLock(this.driver, this.path)
    if (lock === undefined) throw takenOver(this.path, undefined)
    this.lock.db.close()
    this.lock = lock
  }
}

/** The error of a stream whose open file another stream took over. */
export function takenOver(path: string, owner: CheckpointOwner | undefined): CtStreamError {
  const who = owner === undefined ? 'another stream' : ownerName(owner)
  return new CtStreamError(
    'CT_CHECKPOINT_CONFLICT',
    `checkpoint file ${path} was taken over by ${who} while this stream had it open (its lock file ${lockPathOf(path)} ` +
      'must have been removed): this one commits nothing more; run one of the two',
  )
}

export function ownerName({ pid, host, since }: CheckpointOwner): string {
  return `process ${pid} on ${host} since ${new Date(since).toISOString()}`
}
