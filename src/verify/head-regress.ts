import { CtStreamError } from '../errors.js'
import type { LogInfo, SignedHead } from '../types/log.js'

/** A smaller head is no news before it has lasted: replicas lag, and one of several front ends is often the slowest. */
const LASTS_MS = 120_000
const LASTS_READS = 3
/**
 * RFC 6962 logs exist that sign a head for every request: a front end that lags behind the others then signs a smaller tree at a
 * later time than theirs. It is given this long, milliseconds. The checkpoint of a static-ct log is one file, signed once
 * for each tree, and given no time.
 */
export const FRONT_ENDS_MS = 300_000

/** What a head that went back is judged by. */
export interface HeadRegressContext {
  readonly log: LogInfo
  /** When it was read, milliseconds by a clock that nobody sets. */
  readonly now: number
  /** Whether the signatures of heads are checked: what nobody signed proves nothing. */
  readonly isSigned: boolean
}

/**
 * Watches for heads smaller than one the log signed before.
 *
 * With an earlier timestamp it is an old copy, and told of once when it lasts; reading goes on when the log has grown past
 * the larger one. With a later timestamp the log itself says that it has lost entries: two signed heads that cannot both be
 * true of a log that only grows.
 */
export class HeadRegress {
  /** When the first smaller head in a row was read, elapsed time; `undefined` while there is none. */
  since: number | undefined
  /** What was reported, until it is over. */
  problem: CtStreamError | undefined
  private reads = 0
  private last: CtStreamError | undefined

  /** What is wrong with the last head read, whether it has lasted or not. */
  get current(): CtStreamError | undefined {
    return this.last
  }

  /** Whether smaller heads, and no others, have been read for so long. */
  hasLasted(ms: number, now: number): boolean {
    return this.since !== undefined && this.reads >= LASTS_READS && now - this.since >= ms
  }

  /**
   * Judges a head that was just read.
   * @param newest - The largest one so far.
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
