import { CtStreamError } from '../../errors.js'
import { CompactRange } from '../../merkle/compact-range.js'
import { endIndexOf, fixedIndexOf, startIndexOf, TimeBounds, timedTree } from '../../poll/bounds.js'
import type { LearnedLimits } from '../../poll/learned-limits.js'
import type { LogRequests } from '../../poll/log-requests.js'
import type { TimedTree } from '../../poll/time-index.js'
import type { LogInfo, SignedHead } from '../../types/log.js'
import { checkCursorRoot, cursorAhead } from '../cursor.js'
import type { Condition } from './condition.js'
import { askedSince, endedUnopened, opened } from './first-asked.js'
import type { LogHeads } from './log-heads.js'
import type { Asking, LogSessionOptions } from './log-session-options.js'
import type { ProofWindow } from './proof-window.js'

/** The session whose log is opened. */
export interface OpeningSession {
  readonly log: LogInfo
  readonly requests: LogRequests
  readonly limits: Pick<LearnedLimits, 'planner'>
  readonly logHeads: LogHeads
  readonly window: ProofWindow
  readonly condition: Condition
  /** Options for the next request. */
  readonly asking: Asking
  /** Whether something has failed. */
  readonly hasFailed: boolean
  /** Waits for the next head. */
  waitForGrowth(): Promise<void>
}

/** A log may show heads smaller than the stored position this often before it is reported: front ends lag, and no cursor is at fault. */
const LAGGING_LOOKS = 3

/** For how long a log may be out of reach at first and still begin at its head, milliseconds. */
const PROMPT_MS = 60_000
/** How far entries stand out of the order of their timestamps in a log that begins late, milliseconds: merged within seconds, as a rule. */
const DISORDER_MS = 300_000

/** Where reading of one log begins and ends; both are determined when the log is opened. */
export class ReadingSpan {
  /** Where reading begins, once that is known, which is often before the log was reached. */
  from: number | undefined
  /** First index that is read; `undefined` while the log is being opened. */
  start: number | undefined
  /** Size of the log when it was opened: entries below were there before. */
  openedSize = 0
  /** Size of the largest tree that the log had signed by then, served or not. */
  private signedSize = 0
  /** Exclusive end of reading; infinite when there is none, or while it is unknown. */
  end: number
  /** Whether an entry is outside of the span by its time, although its index is inside. */
  readonly times: TimeBounds
  private readonly options: LogSessionOptions
  /** Since when the log is asked for, elapsed time. */
  private readonly followedAt: number
  /** Whether another stream asked for it before, and could not open it. */
  private readonly takesOver: boolean
  private wasToldAhead = false

  constructor(options: LogSessionOptions) {
    const { settings, stored, resumeAt } = options
    this.options = options
    const now = settings.elapsed()
    this.followedAt = askedSince(settings.clock, options.client.log.id, now)
    this.takesOver = this.followedAt < now
    this.from = resumeAt ?? stored?.position ?? fixedIndexOf(settings.start)
    this.end = fixedIndexOf(settings.end) ?? Number.POSITIVE_INFINITY
    this.times = new TimeBounds(settings, resumeAt === undefined && stored === undefined)
  }

  /** Opens the log: restores its heads, reads the newest one, and begins at the right place. Can be repeated. */
  async open(session: OpeningSession): Promise<void> {
    const { stored, resumeAt, resumeRoot } = this.options
    const { window, logHeads, requests } = session
    const position = resumeAt ?? stored?.position
    // The stored range belongs to the stored position, and to a cursor's only where the two are equal.
    const range =
      stored?.range !== undefined && stored.position === position ? new CompactRange(position, stored.range) : undefined
    window.startFrom(range ?? CompactRange.empty)
    await logHeads.restore()
    await logHeads.read()
    this.openedSize = logHeads.newest().treeSize
    this.signedSize = Math.max(this.signedSize, this.openedSize)
    const start = position ?? (await this.begin(session))
    this.from = start
    await this.resolveEnd(session)
    const isAhead = () => range === undefined && logHeads.newest().treeSize < start
    // The first heads may be those of a lagging replica.
    for (let looks = 0; isAhead() && start < this.end; looks++) {
      if (looks >= (resumeAt === undefined ? LAGGING_LOOKS : 1)) this.tellAhead(session, start)
      await session.waitForGrowth()
    }
    if (isAhead()) {
      this.tellAhead(session, start)
      // The end lies before anything to read, and the log is too small for a range to begin with.
      this.end = 0
      window.begin(start, undefined)
    } else if (window.proves) {
      const before = range ?? (await requests.frontier(start, logHeads.newest(), session.asking))
      window.startFrom(before)
      logHeads.known.disputed = { head: logHeads.newest() }
      if (resumeRoot !== undefined) checkCursorRoot(session.log, resumeRoot, before)
      window.begin(start, before)
      // Nothing was read of this tree, so nothing of it is proven.
      if (range === undefined && start > 0) logHeads.known.confirm()
    } else window.begin(start, undefined)
    this.start = start
    opened(this.options.settings.clock, session.log.id)
  }

  /** The session ends. Called once. */
  close({ log }: Pick<OpeningSession, 'log'>): void {
    const { clock, elapsed } = this.options.settings
    if (this.start === undefined) endedUnopened(clock, log.id, { since: this.followedAt, until: elapsed() })
  }

  /**
   * Begins where an earlier run ended, although the log contradicts the stored state: nothing is proven until it agrees again.
   * @returns Whether the start is known. `false` for a cursor whose root the log has to prove first.
   */
  openUnproven({ window, logHeads }: OpeningSession): boolean {
    const { stored, resumeAt, resumeRoot } = this.options
    const start = resumeAt ?? stored?.position
    if (start === undefined || resumeRoot !== undefined) return false
    const range =
      stored?.range !== undefined && stored.position === start ? new CompactRange(start, stored.range) : undefined
    // Keeps all signed heads, whether they were compared or not.
    for (const head of stored?.pendingHeads ?? [])
      if (!logHeads.known.wasAccused(head) && !logHeads.known.unserved.has(head)) logHeads.known.unserved.add(head)
    window.begin(start, range)
    window.isAdrift = window.proves && range === undefined
    this.from = this.start = start
    return true
  }

  /**
   * Where a log without a position begins. `'now'` is when it was first asked: a log that was out of reach then is read from that time on.
   */
  private begin(session: OpeningSession): Promise<number> {
    const { clock, settings } = this.options
    const tree = this.timedTree(session)
    const waitedMs = settings.elapsed() - this.followedAt
    const isPrompt = waitedMs <= PROMPT_MS || !(session.hasFailed || this.takesOver)
    if (settings.start !== 'now' || isPrompt) return startIndexOf(settings.start, tree)
    const time = clock.now() - waitedMs
    // Signed before that, it has nothing that came later.
    if (session.logHeads.newest().timestamp <= time) return startIndexOf('now', tree)
    return startIndexOf({ time }, { ...tree, mergeDelayMs: DISORDER_MS })
  }

  /** Determines where reading ends, as far as the newest head allows. */
  async resolveEnd(session: OpeningSession): Promise<void> {
    const { clock, settings } = this.options
    const { logHeads } = session
    // A head signed ahead of time does not exclude earlier entries; a log that accepts no more entries signs no more heads.
    const now = clock.now()
    const asOf = logHeads.mmdMs === undefined ? now : Math.min(logHeads.newest().timestamp, now)
    // Includes trees that are not served: a stream that ends without their entries has to report them.
    this.signedSize = Math.max(this.signedSize, ...logHeads.known.unserved.all.map((u) => u.head.treeSize))
    const end = await endIndexOf(settings.end, this.signedSize, asOf, this.timedTree(session))
    const { retired } = logHeads
    const isOver = retired !== undefined && (settings.end !== 'never' || retired.hasShownAll)
    this.end = isOver ? Math.min(end, logHeads.signedSize) : end
  }

  /** Reports once that the log is smaller than what was read of it before, which no stored head may show. */
  private tellAhead({ log, logHeads, condition }: OpeningSession, start: number): void {
    const { stored, resumeAt } = this.options
    if (this.wasToldAhead || (resumeAt ?? stored) === undefined) return
    this.wasToldAhead = true
    const newest = logHeads.newest()
    condition.noted(resumeAt === undefined ? positionAhead(log, start, newest) : cursorAhead(log, start, newest))
  }

  /** The newest head's tree, for searching by time. */
  private timedTree({ requests, limits, asking, window, logHeads }: OpeningSession): TimedTree {
    const head = logHeads.newest()
    logHeads.known.disputed = { head }
    const { mergeDelayMs } = this.options
    return timedTree({ requests, sizes: limits.planner, head, asking, mergeDelayMs, proves: window.proves })
  }
}

function positionAhead({ id, url }: LogInfo, start: number, { treeSize }: SignedHead): CtStreamError {
  return new CtStreamError(
    'CT_HEAD_STALE',
    `${url}: everything before entry ${start} was read, but the newest head the log shows has ${treeSize} entries: it is an old one, ` +
      'or the log was set back; nothing is read of it before it is that large',
    { logId: id, url, expected: start, actual: treeSize, retryable: true },
  )
}
