import { CtStreamError } from '../errors.js'
import type { LogInfo, SignedHead } from '../types/log.js'

/**
 * How far a log's clock may be ahead of this machine's, milliseconds. No standard gives a number; log clocks were seen less than
 * a second ahead, clocks of reading machines minutes behind.
 */
const CLOCK_SKEW_MS = 300_000
/** Allowance for caches (static-ct-api: "a few seconds") and inaccurate clocks in the age of a head, milliseconds. */
const CACHES_MS = 60_000

/** Whether a head's timestamp lies in the future, beyond the allowed difference of clocks. */
export function isPremature(head: SignedHead, now: number): boolean {
  return head.timestamp > now + CLOCK_SKEW_MS
}

/** The facts by which a head's time is judged. */
export interface HeadTimesContext {
  readonly log: LogInfo
  /** When it was read, epoch milliseconds. */
  readonly now: number
  /** The log's maximum merge delay, milliseconds; `undefined` when the log need not sign new heads any more. */
  readonly mmdMs: number | undefined
  /** Interval at which heads are read, milliseconds: the newest known head can be this much older than the log's newest. */
  readonly everyMs: number
}

/**
 * What is wrong with the time of a head that was just read; `undefined` when nothing is. The head is valid all the same: this is
 * trouble, not misbehaviour.
 *
 * "Each log MUST produce on demand a Signed Tree Head that is no older than the Maximum Merge Delay" (RFC 6962 section
 * 3.5). Added to this are a minute for caches and clocks, and the time between two readings.
 *
 * @param newest - The newest head read so far: an old one from a lagging replica does not count.
 */
export function headTimeProblem(
  read: SignedHead,
  newest: SignedHead,
  { log, now, mmdMs, everyMs }: HeadTimesContext,
): CtStreamError | undefined {
  const context = { retryable: true, logId: log.id, url: log.url }
  if (isPremature(read, now)) {
    const ahead = `${seconds(read.timestamp - now)} s ahead of this machine's clock`
    return new CtStreamError('CT_HEAD_FUTURE', `${log.url}: the head of ${read.treeSize} entries is signed ${ahead}`, {
      ...context,
      expected: now,
      actual: read.timestamp,
    })
  }
  const signedAt = isPremature(newest, now) ? read.timestamp : Math.max(read.timestamp, newest.timestamp)
  const age = now - signedAt
  if (mmdMs === undefined || age <= mmdMs + CACHES_MS + everyMs) return undefined
  return new CtStreamError(
    'CT_HEAD_STALE',
    `${log.url}: the newest head was signed ${seconds(age)} s ago, the maximum merge delay is ${seconds(mmdMs)} s`,
    { ...context, expected: mmdMs, actual: age },
  )
}

const seconds = (ms: number): number => Math.round(ms / 1000)

/** Watches the times of one log's heads, and reports each kind of trouble once until it is over. */
export class HeadTimes {
  /** The current trouble, as it was when it began. */
  problem: CtStreamError | undefined

  /** Judges a head that was just read. Returns the trouble that begins with it, if any. */
  begins(read: SignedHead, newest: SignedHead, context: HeadTimesContext): CtStreamError | undefined {
    const problem = headTimeProblem(read, newest, context)
    if (problem?.code === this.problem?.code) return undefined
    this.problem = problem
    return problem
  }
}
