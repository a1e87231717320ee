import type { CtCertificate } from '../types/certificate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import { elapsedOf } from '../util/clock.js'

/** How long a row waits at most when there are commits, milliseconds. */
const LONGEST_MS = 60_000

/**
 * Rows that wait for a later commit, where each takes space in the engine: those of logs without an entry in this one. They moved past what a
 * filter drops, which is read again at most.
 */
export class WaitingRows {
  private readonly elapsed: () => number
  private rows: readonly LogCheckpoint[] = []
  /** When none waited last, elapsed time. */
  private clearAt: number

  constructor(clock: Clock) {
    this.elapsed = elapsedOf(clock)
    this.clearAt = this.elapsed()
  }

  /** The rows that wait now. */
  get all(): readonly LogCheckpoint[] {
    return this.rows
  }

  /**
   * The rows to write now.
   * @param rows - Of all open logs.
   * @param covered - The entries of the commit.
   * @param isThere - Whether the engine has a row of a log: the first one says where it was begun.
   */
  due(
    rows: readonly LogCheckpoint[],
    covered: readonly CtCertificate[],
    isThere: (logId: string) => boolean,
  ): readonly LogCheckpoint[] {
    const logs = new Set(covered.map(({ log }) => log.id))
    if (logs.size === 0 || this.elapsed() - this.clearAt >= LONGEST_MS) return rows
    return rows.filter(({ log: { id } }) => logs.has(id) || !isThere(id))
  }

  /** @param rows - As given to {@link due}. @param written - What it returned. */
  wrote(rows: readonly LogCheckpoint[], written: readonly LogCheckpoint[]): void {
    const done = new Set(written)
    this.rows = rows.filter((row) => !done.has(row))
    if (this.rows.length === 0) this.clearAt = this.elapsed()
  }
}
