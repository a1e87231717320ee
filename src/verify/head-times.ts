import { CtStreamError } from '../errors.js'
import type { LogInfo, SignedHead } from '../types/log.js'

/**
 * How far a log's clock may be ahead of ours, or ours behind, milliseconds. No standard names a number; logs that were
 * seen to run ahead did so by less than a second, machines that read them by minutes.
 */
const CLOCK_SKEW_MS = 300_000
/** What caches may add to the age of a head (static-ct-api: "a few seconds"), and clocks that run ahead. */
const CACHES_MS = 60_000

/** Whether a head was signed for a time that has not come, clocks that differ a little allowed for. */
export function isPremature(head: SignedHead, now: number): boolean {
  return head.timestamp > now + CLOCK_SKEW_MS
}

/** What a head is judged by. */
export interface HeadTimesContext {
  readonly log: LogInfo
  /** When it was read, epoch milliseconds. */
  readonly now: number
  /** The log's maximum merge delay, milliseconds; `undefined` when it need not sign new heads any more. */
  readonly mmdMs: number | undefined
  /** How often heads are read, milliseconds: what is known of the log is as old as that. */
  readonly everyMs: number
}

/**
 * What the time says against a head that was just read; `undefined` when all is well. Such a head is as true as any: it is
 * trouble, no misbehaviour.
 *
 * "Each log MUST produce on demand a Signed Tree Head that is no older than the Maximum Merge Delay" (RFC 6962 section
 * 3.5). A minute is allowed on top of it for caches and clocks, and the time between two looks.
 *
 * @param newest - The newest head of all that were read: an old one from a replica that lags is no news.
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

/** Watches over the times of one log's heads, and tells of each kind of trouble once, until it is over. */
export class HeadTimes {
  /** What is wrong now, as it was when it began. */
  problem: CtStreamError | undefined

  /** Judges a head that was just read. Returns trouble that begins with it. */
  begins(read: SignedHead, newest: SignedHead, context: HeadTimesContext): CtStreamError | undefined {
    const problem = headTimeProblem(read, newest, context)
    if (problem?.code === this.problem?.code) return undefined
    this.problem = problem
    return problem
  }
}
