import type { AwaitedEnd } from '../types/log.js'
import type { LogStatus, StreamStatus } from '../types/stream-status.js'
import type { LogSession } from './log/log-session.js'
import type { Lane } from './reader/lane.js'

/**
 * The current status of one log.
 * @param now - Epoch milliseconds, to compare with the log's timestamps.
 * @param elapsed - Elapsed milliseconds, to measure durations.
 */
export function logStatus(lane: Lane, now: number, elapsed: number): LogStatus {
  const { session } = lane
  const { since, retryInMs } = session.trouble
  const troubleMs = since === undefined ? undefined : Math.max(0, elapsed - since)
  const position = lane.position.begun ? lane.position.next : undefined
  const head = session.logHeads.known.newest
  const lagEntries = position === undefined || head === undefined ? undefined : Math.max(0, head.treeSize - position)
  return {
    log: session.log,
    state: session.condition.state,
    position,
    headSize: head?.treeSize,
    headAgeMs: head === undefined ? undefined : Math.max(0, now - head.timestamp),
    mmdMs: session.logHeads.mmdMs,
    headProblem: session.logHeads.problem,
    lagEntries,
    lagMs: lagEntries === 0 ? 0 : lane.lastTimestamp === undefined ? undefined : Math.max(0, now - lane.lastTimestamp),
    verifiedSize: session.logHeads.known.verified?.treeSize,
    entries: lane.entries,
    filtered: lane.filtered,
    duplicates: lane.duplicates,
    unverified: lane.unverified,
    entriesPerSecond: lane.rate.perSecond(elapsed),
    bytes: session.window.bytes,
    requests: session.requests.requests,
    retries: session.requests.retries,
    pageSize: session.limits.planner.pageSize,
    requestsPerSecond: session.options.scheduler.requestsPerSecond(session.log.url),
    troubleMs,
    failingSince: troubleMs === undefined ? undefined : Math.round(now - troubleMs),
    nextRetryAt: retryInMs === undefined ? undefined : Math.round(now + retryInMs),
    waitsFor: troubleMs === undefined ? awaitedEnd(session) : undefined,
    lastError: session.condition.lastError,
  }
}

/** What the stream's end still waits for in a log that is read completely. */
function awaitedEnd({ options, span, window, logHeads, condition }: LogSession): AwaitedEnd | undefined {
  const { end } = options.settings
  const { fetchedTo } = window
  const isRead = span.start !== undefined && fetchedTo >= (logHeads.known.newest?.treeSize ?? Number.POSITIVE_INFINITY)
  if (end === 'never' || !isRead || condition.state === 'finished' || condition.state === 'failed') return undefined
  if (Number.isFinite(span.end)) return fetchedTo < span.end ? { kind: 'entry', index: span.end - 1 } : undefined
  return typeof end === 'object' && 'time' in end
    ? { kind: 'head', signedAt: end.time + options.mergeDelayMs }
    : undefined
}

/** The logs and their totals. */
export function streamStatus(logs: readonly LogStatus[], bufferedBytes: number, gaps: number): StreamStatus {
  const sum = (value: (log: LogStatus) => number) => logs.reduce((total, log) => total + value(log), 0)
  return {
    logs,
    entries: sum((log) => log.entries),
    filtered: sum((log) => log.filtered),
    duplicates: sum((log) => log.duplicates),
    entriesPerSecond: sum((log) => log.entriesPerSecond),
    bytes: sum((log) => log.bytes),
    bufferedBytes,
    gaps,
  }
}
