import { CompactRange } from '../../merkle/compact-range.js'
import { endIndexOf, fixedIndexOf, startIndexOf, TimeBounds, timedTree } from '../../poll/bounds.js'
import type { LogRequests } from '../../poll/log-requests.js'
import type { TimedTree } from '../../poll/time-index.js'
import type { LogInfo } from '../../types/log.js'
import { checkCursorRoot, cursorAhead } from '../cursor.js'
import type { Condition } from './condition.js'
import { hasShownAll } from './giving-up.js'
import type { LogHeads } from './log-heads.js'
import type { Asking, LogSessionOptions } from './log-session-options.js'
import type { ProofWindow } from './proof-window.js'

/** The session whose log is opened. */
export interface OpeningSession {
  readonly log: LogInfo
  readonly requests: LogRequests
  readonly logHeads: LogHeads
  readonly window: ProofWindow
  readonly condition: Condition
  /** How to ask now. */
  readonly asking: Asking
  /** Waits for the next head. */
  waitForGrowth(): Promise<void>
}

/** From where to where one log is read; finds both out when the log is opened. */
export class ReadingSpan {
  /** Where reading begins, as soon as that is known: often before the log was reached. */
  from: number | undefined
  /** First index that is read; `undefined` while the log is being opened. */
  start: number | undefined
  /** Size of the log when it was opened: entries below were there before. */
  openedSize = 0
  /** Size of the largest tree that the log had signed by then, served or not. */
  private signedSize = 0
  /** Index before which it is read; infinite when there is none, or as long as it is not known. */
  end: number
  /** What lies outside of it by its time, although it stands in it by its index. */
  readonly times: TimeBounds
  private readonly options: LogSessionOptions

  constructor(options: LogSessionOptions) {
    const { settings, stored, resumeAt } = options
    this.options = options
    this.from = resumeAt ?? stored?.position ?? fixedIndexOf(settings.start)
    this.end = fixedIndexOf(settings.end) ?? Number.POSITIVE_INFINITY
    this.times = new TimeBounds(settings, resumeAt === undefined && stored === undefined)
  }

  /** Opens the log: restores its heads, reads the newest one, and begins at the right place. Can be repeated. */
  async open(session: OpeningSession): Promise<void> {
    const { stored, resumeAt, resumeRoot, settings } = this.options
    const { window, logHeads, condition, requests } = session
    const position = resumeAt ?? stored?.position
    // A stored range stands for the stored position; a cursor's position has one only where it is the same.
    const range =
      stored?.range !== undefined && stored.position === position ? new CompactRange(position, stored.range) : undefined
    window.startFrom(range ?? CompactRange.empty)
    await logHeads.restore()
    await logHeads.read()
    this.openedSize = logHeads.newest().treeSize
    this.signedSize = Math.max(this.signedSize, this.openedSize)
    const start = position ?? (await startIndexOf(settings.start, this.timedTree(session)))
    this.from = start
    await this.resolveEnd(session)
    const isAhead = () => range === undefined && logHeads.newest().treeSize < start
    const tellOfCursor = () => {
      if (resumeAt !== undefined) condition.noted(cursorAhead(session.log, start, logHeads.newest()))
    }
    for (let looks = 0; isAhead() && start < this.end; looks++) {
      // One look may have met a replica that lags.
      if (looks === 1) tellOfCursor()
      await session.waitForGrowth()
    }
    if (isAhead()) {
      tellOfCursor()
      // There is nothing to read before the end, and no range to begin with: the log is not that large.
      this.end = 0
      window.begin(start, undefined)
    } else if (window.proves) {
      const before = range ?? (await requests.frontier(start, logHeads.newest(), session.asking))
      window.startFrom(before)
      logHeads.known.disputed = { head: logHeads.newest() }
      if (resumeRoot !== undefined) checkCursorRoot(session.log, resumeRoot, before)
      window.begin(start, before)
      // Of a tree of which nothing was read nothing is proven.
      if (range === undefined && start > 0) logHeads.known.confirm()
    } else window.begin(start, undefined)
    this.start = start
  }

  /**
   * Begins where an earlier run ended, though the log contradicts what was remembered of it: nothing is proven before it agrees again.
   * @returns Whether it is known where to begin; not where a cursor says what the log has to prove first.
   */
  openUnproven({ window, logHeads }: OpeningSession): boolean {
    const { stored, resumeAt, resumeRoot } = this.options
    const start = resumeAt ?? stored?.position
    if (start === undefined || resumeRoot !== undefined) return false
    const range =
      stored?.range !== undefined && stored.position === start ? new CompactRange(start, stored.range) : undefined
    // No signed head is forgotten, compared or not.
    for (const head of stored?.pendingHeads ?? [])
      if (!logHeads.known.wasAccused(head) && !logHeads.known.unserved.has(head)) logHeads.known.unserved.add(head)
    window.begin(start, range)
    window.isAdrift = window.proves && range === undefined
    this.from = this.start = start
    return true
  }

  /** Finds out where reading ends, as far as the newest head says. */
  async resolveEnd(session: OpeningSession): Promise<void> {
    const { clock, settings } = this.options
    const { logHeads } = session
    // A head signed ahead of time says nothing of what is to come until then; a log that takes no more entries signs none.
    const now = clock.now()
    const asOf = logHeads.mmdMs === undefined ? now : Math.min(logHeads.newest().timestamp, now)
    // Also of a tree that is not served: a stream that ends without it has to say so.
    this.signedSize = Math.max(this.signedSize, ...logHeads.known.unserved.all.map((u) => u.head.treeSize))
    const end = await endIndexOf(settings.end, this.signedSize, asOf, this.timedTree(session))
    const isOver = settings.end !== 'never' || hasShownAll(logHeads.retiredAt, settings.elapsed())
    this.end = logHeads.retiredAt !== undefined && isOver ? Math.min(end, logHeads.signedSize) : end
  }

  /** The newest head's tree, to find times in. */
  private timedTree({ requests, asking, window, logHeads }: OpeningSession): TimedTree {
    const head = logHeads.newest()
    logHeads.known.disputed = { head }
    return timedTree({ requests, head, asking, mergeDelayMs: this.options.mergeDelayMs, proves: window.proves })
  }
}
