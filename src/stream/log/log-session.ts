import type { CtStreamError } from '../../errors.js'
import { PRIORITY } from '../../http/priority.js'
import type { LogClient } from '../../logs/client.js'
import { LearnedLimits } from '../../poll/learned-limits.js'
import { LogRequests } from '../../poll/log-requests.js'
import { PartialTile } from '../../poll/partial-tile.js'
import type { LogCheckpoint } from '../../types/checkpoint.js'
import type { LogInfo } from '../../types/log.js'
import { type LinkedController, linkedController } from '../../util/abort.js'
import type { CursorPosition } from '../cursor.js'
import { Condition } from './condition.js'
import { GaveUp, gapAt } from './giving-up.js'
import { LogHeads } from './log-heads.js'
import type { Asking, LogSessionOptions } from './log-session-options.js'
import { Pause } from './pause.js'
import { ProofWindow } from './proof-window.js'
import { type OpeningSession, ReadingSpan } from './reading-span.js'
import { type LeftTimes, RETIRED_LOOK_MS, Retirement } from './retirement.js'
import { sessionRow } from './session-row.js'
import { Trouble, type TroubledSession } from './trouble.js'

/** How often the newest head is read during a backlog, for the lag and to check its consistency. */
const BACKLOG_HEAD_MS = 60_000
/** How often the head of a complete log is read, to check that it does not grow. */
const COMPLETE_HEAD_MS = 3_600_000

/**
 * Follows one log: opens it at the right place, reads what is new, has it proven, hands it on, and waits for more.
 *
 * Reading runs ahead of the reader; what is between them is held out of the byte budget. Nothing is handed on before a
 * signed root covers it.
 */
export class LogSession implements TroubledSession, OpeningSession {
  readonly options: LogSessionOptions
  readonly controller: LinkedController
  readonly condition: Condition
  readonly pause: Pause
  readonly limits: LearnedLimits
  readonly requests: LogRequests
  /** Where reading begins and ends. */
  readonly span: ReadingSpan
  readonly logHeads: LogHeads
  readonly window: ProofWindow
  readonly trouble: Trouble
  private readonly partialTile: PartialTile
  /** What the lists say of the log, to be stored with it; `undefined` where it was named by hand. */
  listed: Readonly<Record<string, unknown>> | undefined
  /** Whether something has failed, whoever was to blame. */
  hasFailed = false
  /** Whether it ends because its log cannot be read to the end: nothing revives it. To record that may take minutes. */
  isGivingUp = false

  constructor(options: LogSessionOptions) {
    const { settings, stored, events, clock } = options
    this.options = options
    this.controller = linkedController(options.signal)
    this.condition = new Condition(events)
    this.pause = new Pause(clock, this.controller.signal)
    this.partialTile = new PartialTile(settings.partialTileDelayMs)
    this.limits = new LearnedLimits(stored?.learned)
    this.span = new ReadingSpan(options)
    const { limits, span } = this
    const log = () => this.log
    const asking = () => this.asking
    const requests = new LogRequests(options.client, {
      schedule: (request, turn) => options.scheduler.run(this.log, turn, request),
      clock,
      random: options.random,
      signal: this.controller.signal,
      keyHasVerified: stored?.verifiedHead !== undefined || (stored?.pendingHeads.length ?? 0) > 0,
      onFailure: (error) => this.trouble.failed(error),
      onAnswer: () => this.trouble.answered(),
      onRecovery: () => this.settle(),
    })
    this.requests = requests
    this.logHeads = new LogHeads({
      ...{ log, requests, clock, stored, asking },
      elapsed: settings.elapsed,
      pollIntervalMs: settings.pollIntervalMs,
      isSigned: settings.verify !== 'none-unverified',
      provenTo: () => this.window.provenTo,
      handedOn: () => this.window.handedOn,
      readTo: () => this.window.fetchedTo,
      isRefused: () => this.trouble.isRefused,
      onChanged: () => events.changed(),
      onHead: (head, cosignatures) => events.head(head, cosignatures),
      onNoted: (error) => this.condition.noted(error),
      onBroken: (error) => this.trouble.hold(error),
    })
    this.window = new ProofWindow({
      ...{ options, requests, limits, asking },
      heads: this.logHeads.known,
      from: span.from,
      openedSize: () => span.openedSize,
      onProven: () => this.proven(),
      onHandOn: () => {
        this.trouble.progressed()
        this.logHeads.retired?.progressed()
      },
    })
    this.trouble = new Trouble(this)
  }

  /** What is said of the log now: it may have moved. */
  get log(): LogInfo {
    return this.requests.client.log
  }

  /** From where another session can continue: where this one is, or was to begin, when it was never opened. */
  get continuation(): { readonly stored: LogCheckpoint | undefined; readonly resume: CursorPosition | undefined } {
    const { span, window, options } = this
    if (span.start !== undefined)
      return { stored: sessionRow(this, window.handedOn, window.rangeHandedOn), resume: undefined }
    const { stored, resumeAt, resumeRoot } = options
    const resume = resumeAt === undefined ? undefined : { next: resumeAt, root: resumeRoot, finished: false }
    return { stored, resume }
  }

  /** Follows the log until its end, or the abort. */
  async run(): Promise<void> {
    const { span, window, options } = this
    // It is no longer finished, whether or not it can be reached.
    if (options.stored?.learned.finished === true) options.events.changed()
    try {
      await this.untilProven(async () => {
        await span.open(this)
        this.settle()
      })
      await this.options.events.opened()
      while (window.fetchedTo < span.end)
        await this.untilProven(async () => {
          await window.resume()
          await (window.fetchedTo < this.target ? this.catchUp() : this.waitForGrowth())
        })
      this.condition.enter('finished')
      // Stores that the log is complete, even without a new position.
      if (this.logHeads.retired !== undefined) this.options.events.changed()
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error
      this.isGivingUp = true
      await this.recordGap(error)
      if (this.options.settings.end !== 'never') this.options.events.gaveUp(error.message)
      this.condition.enter('failed')
    } finally {
      this.trouble.close()
      span.close(this)
      this.controller.unlink()
      window.rewind()
    }
  }

  /**
   * The log left the lists: the session ends after everything published is read.
   * @param isBefore - Whether it left before this run: what earlier runs saw of it then counts.
   */
  retire(isBefore = false): void {
    const { settings, stored } = this.options
    this.logHeads.retired ??= new Retirement(settings.elapsed(), isBefore ? stored?.learned.left : undefined)
    // Entries may have come since the last look.
    this.pause.cut()
  }

  /** The log is in the lists again. */
  unretire(): void {
    this.logHeads.retired = undefined
    this.span.end = Number.POSITIVE_INFINITY
  }

  /** The log moved: it is asked by another client, at once. */
  moveTo(client: LogClient): void {
    this.requests.moveTo(client)
    this.pause.cut()
  }

  /** Back to the last proven position and the last verified head. */
  rewind(): void {
    this.window.rewind()
    this.logHeads.known.rewind()
  }

  /** Makes reading aim at other heads than the one whose tree is not served. */
  passOver(): void {
    this.window.rewind()
    this.logHeads.known.setAside()
  }

  /** Something failed, whoever is to blame. */
  troubled(error: CtStreamError): void {
    this.hasFailed = true
    // Entries already read are proven and delivered without waiting for those that cannot be read now.
    this.window.nudge()
    const { retired } = this.logHeads
    if (retired === undefined) return
    this.options.events.changed()
    if (!retired.isOver(this.trouble.unreadSince, this.options.settings.elapsed())) return
    this.isGivingUp = true
    this.controller.abort(new GaveUp(`the log left the lists and is out of reach: ${error.message}`))
  }

  /** Enters the normal state, unless the log is still accused of something. */
  settle(): void {
    if (this.trouble.isInDoubt) return
    if (this.span.start === undefined) this.condition.enter('opening')
    else if (this.window.fetchedTo < this.target) this.condition.enter('catching-up')
    else if (this.logHeads.isWithheld) this.condition.waits()
    else {
      if (this.window.fetchedTo >= this.logHeads.signedSize) this.logHeads.retired?.caughtUp()
      this.condition.enter(this.complete ? 'finished' : 'live')
    }
  }

  /** Index up to which there is something to read. */
  private get target(): number {
    const { span, window, logHeads, options, trouble } = this
    const size = logHeads.known.newest?.treeSize ?? 0
    // After a contradiction everything is requested again at once, even a partial tile.
    const waits = this.log.kind === 'static-ct' && size < span.end && !this.complete && !trouble.fresh
    if (!waits) return Math.min(size, span.end)
    return this.partialTile.readTo(size, window.fetchedTo, options.settings.elapsed())
  }

  /** Whether everything is read of a log that takes no more entries. */
  private get complete(): boolean {
    return this.logHeads.final.isReached(this.window.fetchedTo)
  }

  /** Live logs are served before any backlog. */
  get asking(): Asking {
    const { fresh, attempt } = this.trouble
    const { newest } = this.logHeads.known
    const priority = this.window.fetchedTo >= this.span.openedSize ? PRIORITY.live : PRIORITY.backlog
    return { priority, fresh, signal: attempt.signal, treeSize: newest?.treeSize }
  }

  /** Reads up to the newest head and has it proven. */
  private async catchUp(): Promise<void> {
    const { window, logHeads, options } = this
    this.settle()
    while (window.fetchedTo < this.target) {
      // A listener may just have closed the stream: a wait begun after that would never end.
      this.controller.signal.throwIfAborted()
      const what = await window.advance(this.target)
      if (what === 'end') return
      if (what === 'handed-on' && options.settings.elapsed() - logHeads.readAt > BACKLOG_HEAD_MS) await this.look()
    }
    await window.proveRest()
  }

  /** Waits until it is time for the next head, and reads it. */
  async waitForGrowth(): Promise<void> {
    const { logHeads, window, span, trouble, options } = this
    const { random, settings } = options
    this.settle()
    const { pollIntervalMs } = settings
    const listed = this.complete ? COMPLETE_HEAD_MS : pollIntervalMs
    const interval = logHeads.retired === undefined ? listed : Math.min(pollIntervalMs, RETIRED_LOOK_MS)
    // The interval is from head to head, so the time spent on reading counts.
    const elapsed = settings.elapsed() - logHeads.readAt
    if (!trouble.fresh) await this.pause.sleep(Math.max(0, interval * (0.75 + random() / 2) - elapsed))
    if (window.fetchedTo >= span.end) return
    await this.look()
    const { signedSize, retired, known } = logHeads
    if (retired?.isWithholding && (known.newest?.treeSize ?? 0) < signedSize)
      throw new GaveUp(`the log left the lists and never served all of the ${signedSize} entries it signed`)
    trouble.fresh = false
    trouble.throwIfStuck()
  }

  /** Reads the newest head, and with it perhaps where to end. */
  private async look(): Promise<void> {
    await this.logHeads.read()
    if (this.span.end === Number.POSITIVE_INFINITY) await this.span.resolveEnd(this)
  }

  private untilProven(step: () => Promise<void>): Promise<void> {
    return this.trouble.untilProven(async (again) => {
      // A head that was not compared with anything does not end an accusation.
      if ((again || this.window.isAdrift) && this.span.start !== undefined) await this.look()
      await step()
    })
  }

  private proven(): void {
    this.trouble.cleared()
    if (!this.trouble.fresh) return
    // The answers that bypassed caches are proven: use ordinary requests again.
    this.trouble.fresh = false
    this.window.dropReader()
  }

  /** What the next run has to know of a log that left the lists. */
  get left(): LeftTimes | undefined {
    const { settings } = this.options
    return this.logHeads.retired?.record(this.trouble.unreadSince, settings.elapsed())
  }

  /** Whether the log left the lists and has not been looked at since: nobody knows which entries it took last. */
  private mayHaveMore(handedOn: number): boolean {
    const { retired, readAt, final } = this.logHeads
    return retired !== undefined && readAt < retired.since && !final.isReached(handedOn)
  }

  private async recordGap({ message: reason }: GaveUp): Promise<void> {
    const { clock, events, stored, resumeAt } = this.options
    const { log, span, logHeads } = this
    const handedOn = span.start === undefined ? span.from : this.window.handedOn
    const retired = logHeads.retired !== undefined
    // A log that left the lists before any run opened it has no gap: no entry of it was due.
    if (retired && span.start === undefined && stored === undefined && resumeAt === undefined) return
    if (handedOn === undefined) return
    const lastSize = retired && logHeads.signedSize > 0 ? logHeads.signedSize : undefined
    const gap = gapAt(
      { log, handedOn, endIndex: span.end, lastSize, mayHaveMore: this.mayHaveMore(handedOn) },
      reason,
      clock.now(),
    )
    if (gap !== undefined) await events.gap(gap)
  }
}
