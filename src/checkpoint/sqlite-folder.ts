import type { SqliteDatabase } from './sqlite-driver.js'

/** How long a commit may stay in the write-ahead log alone, milliseconds. */
const FOLD_EVERY_MS = 10_000

/**
 * Moves commits from the write-ahead log into the file itself: every ten seconds, and at once for the first row of a log. A file that is
 * copied without its write-ahead log, or loses it, is then at most that old: entries are repeated, but no log starts anew, which could
 * leave entries out.
 */
export class SqliteFolder {
  private readonly db: SqliteDatabase
  private readonly now: () => number
  private isDue = true
  private last = Number.NEGATIVE_INFINITY

  constructor(db: SqliteDatabase, now: () => number) {
    this.db = db
    this.now = now
  }

  /** @param isDue - Whether the last write must reach the file itself now. */
  afterWrite(isDue: boolean): void {
    this.isDue ||= isDue
    const now = this.now()
    const isRecent = now >= this.last && now < this.last + FOLD_EVERY_MS
    if (isRecent && !this.isDue) return
    this.last = now
    this.isDue = !this.fold()
  }

  /** Whether everything was moved: a reader of an older state delays the rest until the next write. */
  private fold(): boolean {
    try {
      const [result] = this.db.pragma('wal_checkpoint(PASSIVE)') as FoldResult[]
      return result?.busy === 0 && result.log === result.checkpointed
    } catch {
      return false // For example because the disk is full. The commits are safe in the write-ahead log.
    }
  }
}

interface FoldResult {
  readonly busy: number
  /** Pages in the write-ahead log; -1 where there is none. */
  readonly log: number
  readonly checkpointed: number
}
