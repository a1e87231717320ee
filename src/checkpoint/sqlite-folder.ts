import type { SqliteDatabase } from './sqlite-driver.js'

/** What is committed lies in the write-ahead log first; this is how long at most, milliseconds. */
const FOLD_EVERY_MS = 10_000

/**
 * Brings what was committed from the write-ahead log into the file itself: every ten seconds, and at once where it is the
 * first row of a log. A file that is copied without its write-ahead log, or loses it, then is at most that old: entries
 * come again, but no log begins anew, which would leave entries out.
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

  /** @param isDue - Whether what was just written must be in the file itself. */
  afterWrite(isDue: boolean): void {
    this.isDue ||= isDue
    const now = this.now()
    const isRecent = now >= this.last && now < this.last + FOLD_EVERY_MS
    if (isRecent && !this.isDue) return
    this.last = now
    this.isDue = !this.fold()
  }

  /** Whether all of it got there: whoever reads an older state holds up the rest, which comes with the next write. */
  private fold(): boolean {
    try {
      const [result] = this.db.pragma('wal_checkpoint(PASSIVE)') as FoldResult[]
      return result?.busy === 0 && result.log === result.checkpointed
    } catch {
      return false // The disk is full, for one: what is committed is safe where it is.
    }
  }
}

interface FoldResult {
  readonly busy: number
  /** Pages in the write-ahead log; -1 where there is none. */
  readonly log: number
  readonly checkpointed: number
}
