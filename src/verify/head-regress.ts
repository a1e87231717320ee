import { CtStreamError } from '../errors.js'
import type { LogInfo, SignedHead } from '../types/log.js'

/** Smaller heads are reported after this time, milliseconds: replicas lag, and one of several front ends is always the slowest. */
const LASTS_MS = 120_000
const LASTS_READS = 3
/**
 * Some RFC 6962 logs sign a head for every request: a front end that lags behind the others then signs a smaller tree at a later
 * time. This long, in milliseconds, it may do so. The checkpoint of a static-ct log is one file, signed once for each tree, so
 * there it is never allowed.
 */
export const FRONT_ENDS_MS = 300_000

/** The facts by which a smaller head is judged. */
export interface HeadRegressContext {
  readonly log: LogInfo
  /** When it was read, milliseconds of a clock that nobody can set. */
  readonly now: number
  /** Whether the signatures of heads are verified: an unsigned head proves nothing. */
  readonly isSigned: boolean
}

/**
 * Watches for heads smaller than one the log signed before.
 *
 * With an earlier timestamp it is an old copy: reported once if it lasts, and reading goes on when the log has grown past the
 * larger one. With a later timestamp the log itself says that it has lost entries: in a log that only grows, the two signed heads
 * contradict each other.
 */
export class HeadRegress {
  /** When the current series of smaller heads began, elapsed time; `undefined` when there is none. */
  since: number | undefined
  /** The reported error, until larger heads come again. */
  problem: CtStreamError | undefined
  private reads = 0
  private last: CtStreamError | undefined

  /** What is wrong with the head read last, however long it has lasted. */
  get current(): CtStreamError | undefined {
    return this.last
  }

  /** Whether only smaller heads have been read for this long. */
  hasLasted(ms: number, now: number): boolean {
    return this.since !== undefined && this.reads >= LASTS_READS && now - this.since >= ms
  }

  /**
   * Judges a head that was just read.
   * @param newest - The largest head so far.
   * @returns `CT_HEAD_ROLLBACK` whenever the log contradicts itself, `CT_HEAD_STALE` once when an old copy lasts.
   */
  judge(
    read: SignedHead,
    newest: SignedHead | undefined,
    { log, now, isSigned }: HeadRegressContext,
  ): CtStreamError | undefined {
    if (newest === undefined || read.treeSize >= newest.treeSize) {
      this.since = this.problem = this.last = undefined
      this.reads = 0
      return undefined
    }
    this.since ??= now
    this.reads++
    this.last = stale(read, newest, log)
    if (isSigned && this.isRollback(read.timestamp - newest.timestamp, log, now)) {
      this.last = rollback(read, newest, log)
      return this.last
    }
    if (this.problem !== undefined || !this.hasLasted(LASTS_MS, now)) return undefined
    this.problem = this.last
    return this.problem
  }

  private isRollback(laterMs: number, { kind }: LogInfo, now: number): boolean {
    if (laterMs <= 0) return false
    return kind === 'static-ct' || laterMs > FRONT_ENDS_MS || this.hasLasted(FRONT_ENDS_MS, now)
  }
}

function stale(read: SignedHead, newest: SignedHead, { url, id }: LogInfo): CtStreamError {
  const message = `${url}: serves an old copy of ${read.treeSize} entries, after one of ${newest.treeSize}; reading goes on when it has grown past that`
  return new CtStreamError('CT_HEAD_STALE', message, {
    retryable: true,
    logId: id,
    url,
    expected: newest.treeSize,
    actual: read.treeSize,
  })
}

function rollback(read: SignedHead, newest: SignedHead, { url, id }: LogInfo): CtStreamError {
  const message = `${url}: the log has lost entries: it signed a tree of ${newest.treeSize} entries, and later one of ${read.treeSize}`
  return new CtStreamError('CT_HEAD_ROLLBACK', message, {
    logId: id,
    url,
    index: read.treeSize,
    expected: newest.treeSize,
    actual: read.treeSize,
  })
}
