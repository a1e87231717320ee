import { readFromOf } from '../../checkpoint/open-gaps.js'
import { CtStreamError } from '../../errors.js'
import type { LogClient } from '../../logs/client.js'
import { CompactRange } from '../../merkle/compact-range.js'
import { LearnedLimits } from '../../poll/learned-limits.js'
import { LogRequests } from '../../poll/log-requests.js'
import { PartialTile } from '../../poll/partial-tile.js'
import { RangeReader } from '../../poll/range-reader.js'
import type { TimedTree } from '../../poll/time-index.js'
import type { LogCheckpoint } from '../../types/checkpoint.js'
import type { LogInfo, SignedHead } from '../../types/log.js'
import type { FinalTreeHead } from '../../types/log-list.js'
import { type LinkedController, linkedController } from '../../util/abort.js'
import type { Lease } from '../../util/byte-budget.js'
import type { Heads } from '../../verify/heads.js'
import { HeldEntries, type ProvenBatch } from '../../verify/held-entries.js'
import { endIndexOf, fixedIndexOf, startIndexOf, TimeBounds, timedTree } from '../bounds.js'
import { checkCursorRoot, cursorAhead } from '../cursor.js'
import { Condition } from './condition.js'
import type { Delivery } from './delivery.js'
import { GaveUp, gapAt, isPatienceOver } from './giving-up.js'
import { LogHeads } from './log-heads.js'
import type { LogSessionOptions } from './log-session-options.js'
import { Pause } from './pause.js'
import { Trouble, type TroubledSession } from './trouble.js'

/** Pages held for one consistency proof: one extra request in fifty is the 2 % a backlog may cost. */
const PAGES_PER_PROOF = 50
/** While reading a backlog, how often the newest head is looked at: for the lag, and to see that it stays consistent. */
const BACKLOG_HEAD_MS = 60_000
/** A log that is complete is still looked at: it must not grow any more. */
const COMPLETE_HEAD_MS = 3_600_000

/**
 * Follows one log: opens it at the right place, reads what is new, has it proven, hands it on, and waits for more.
 *
 * Its read position runs ahead of the reader's; what is between them is held out of the byte budget. Nothing is handed on
 * before a signed root covers it.
 */
export class LogSession {
  readonly requests: LogRequests
  readonly limits: LearnedLimits
  readonly condition: Condition
  bytes = 0
  /** First index this session reads; `undefined` while opening. */
  start: number | undefined
  /** Compact range of everything before `start`, where entries are proven. */
  startRange: CompactRange | undefined
  /** What is not delivered of what is read. */
  readonly times: TimeBounds
  private readonly options: LogSessionOptions
  private readonly controller: LinkedController
  private held = new HeldEntries<Lease>(CompactRange.empty)
  /** Index after the last entry handed on. */
  private handedOn: number
  /** Where reading begins, as soon as that is known: often before the log was reached. */
  private from: number | undefined
  /** Pages held for the next proof: few at first, so that the reader soon has something, then ever more. */
  private pagesPerProof = 1
  private reader: RangeReader | undefined
  private openedSize = 0
  private endIndex: number
  private readonly partialTile: PartialTile
  private readonly logHeads: LogHeads
  /** The age no newest head may pass, milliseconds; `undefined`: any. */
  private headDueMs: number | undefined
  private retiredAt: number | undefined
  private readonly pause: Pause
  private readonly trouble: Trouble
  /** Whether to ask past caches: after an answer that contradicted a signature. */
  private fresh = false

  constructor(options: LogSessionOptions) {
    this.options = options
    this.partialTile = new PartialTile(options.settings.partialTileDelayMs)
    this.times = new TimeBounds(options.settings, options.resumeAt === undefined && options.stored === undefined)
    this.from = options.resumeAt ?? options.stored?.position ?? fixedIndexOf(options.settings.start)
    this.handedOn = this.from ?? 0
    this.endIndex = fixedIndexOf(options.settings.end) ?? Number.POSITIVE_INFINITY
    this.limits = new LearnedLimits(options.stored?.learned)
    this.condition = new Condition(options.events)
    this.controller = linkedController(options.signal)
    this.pause = new Pause(options.clock, this.controller.signal)
    this.requests = new LogRequests(options.client, {
      schedule: options.schedule,
      clock: options.clock,
      random: options.random,
      signal: this.controller.signal,
      keyHasVerified: options.stored?.verifiedHead !== undefined || (options.stored?.pendingHeads.length ?? 0) > 0,
      onFailure: (error) => this.trouble.failed(error),
      onAnswer: () => this.trouble.answered(),
      onRecovery: () => this.recovered(),
    })
    this.logHeads = new LogHeads({
      log: () => this.log,
      requests: this.requests,
      clock: options.clock,
      elapsed: options.settings.elapsed,
      pollIntervalMs: options.settings.pollIntervalMs,
      stored: options.stored,
      isSigned: options.settings.verify !== 'none-unverified',
      asking: () => this.asking,
      provenTo: () => (this.proves ? this.position : undefined),
      mmdMs: () => this.mmdMs,
      onHead: (head, cosignatures) => options.events.head(head, cosignatures),
      onNoted: (error) => this.condition.noted(error),
      onBroken: (error) => options.events.accuse(this.trouble.evidence(error), error),
    })
    this.trouble = new Trouble(this.asTroubled(options))
  }

  /** What is said of the log now: it may have moved. */
  get log(): LogInfo {
    return this.requests.client.log
  }

  get heads(): Heads {
    return this.logHeads.known
  }

  /** What of the budget the log may hold, and holds. */
  get share(): LogSessionOptions['share'] {
    return this.options.share
  }

  /** What is worth remembering of the log's limits, and from where it was read without a break. */
  get learned(): LogCheckpoint['learned'] {
    const limits = this.limits.record(this.options.keptRate())
    if (this.start === undefined) return limits
    const finished = this.retiredAt !== undefined && this.condition.state === 'finished'
    return { ...limits, readFrom: readFromOf(this.options.stored, this.start), ...(finished && { finished }) }
  }

  /** The rate to which the log's origin limits its clients; `undefined` while it limits nothing. */
  get requestsPerSecond(): number | undefined {
    return this.options.requestsPerSecond()
  }

  /** Follows the log until its end, or the abort. */
  async run(): Promise<void> {
    try {
      await this.untilProven(() => this.open())
      await this.options.events.opened()
      while (this.position < this.endIndex)
        await this.untilProven(() => (this.position < this.target ? this.catchUp() : this.waitForGrowth()))
      this.condition.enter('finished')
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error
      await this.recordGap(error)
      if (this.ends) this.options.events.gaveUp(error.message)
      this.condition.enter('failed')
    } finally {
      this.trouble.close()
      this.controller.unlink()
      this.dropReader()
      for (const { payload } of this.held.discard()) payload.release()
    }
  }

  /** The log left the lists: what it has published is read, then the session ends. */
  retire(): void {
    this.retiredAt ??= this.options.settings.elapsed()
    // It ends where the next head says: entries may have come since the last look.
    this.pause.cut()
  }

  /** The log is in the lists again. */
  unretire(): void {
    this.retiredAt = undefined
    this.endIndex = Number.POSITIVE_INFINITY
  }

  /** Requests to come go to another client: the log moved. */
  moveTo(client: LogClient): void {
    this.requests.client = client
  }

  /** The head at which a read-only log stopped: with it the log is complete, and must not grow any more. */
  expectFinal(head: FinalTreeHead | undefined): void {
    this.logHeads.final.expect(head)
  }

  /** The log has to sign a head at least so often, milliseconds; `undefined`: it need not sign any more. */
  expectHeads(dueMs: number | undefined): void {
    this.headDueMs = dueMs
  }

  /** The age in milliseconds that the newest head must not pass; `undefined` when it may be of any age. */
  get mmdMs(): number | undefined {
    return this.retiredAt === undefined ? this.headDueMs : undefined
  }

  /** What is wrong with the time of the newest head. */
  get headProblem(): CtStreamError | undefined {
    return this.logHeads.problem
  }

  /** Where reading can be taken up by another session. */
  get readTo(): LogCheckpoint | undefined {
    if (this.start === undefined) return undefined
    return {
      log: this.log,
      position: this.handedOn,
      range: this.held.provenRange.size === this.handedOn && this.proves ? this.held.provenRange.hashes : undefined,
      verifiedHead: this.heads.verified,
      pendingHeads: this.heads.pending,
      learned: this.learned,
    }
  }

  /** Since when the log gives no answer; epoch milliseconds. */
  get troubleSince(): number | undefined {
    return this.trouble.since
  }

  /** Whether the stream has an end: waiting for ever would keep it from coming. */
  private get ends(): boolean {
    return this.options.settings.end !== 'never'
  }

  private get proves(): boolean {
    return this.options.settings.verify === 'full'
  }

  /** Index after the last entry received. */
  private get position(): number {
    return this.proves ? this.held.end : this.handedOn
  }

  /** Index up to which there is something to read. */
  private get target(): number {
    const size = this.heads.newest?.treeSize ?? 0
    // What was contradicted is asked for again at once, a partial tile too.
    const waits = this.log.kind === 'static-ct' && size < this.endIndex && !this.complete && !this.fresh
    if (!waits) return Math.min(size, this.endIndex)
    return this.partialTile.readTo(size, this.position, this.options.settings.elapsed())
  }

  /** Whether everything is read of a log that takes no more entries. */
  private get complete(): boolean {
    return this.logHeads.final.isReached(this.position)
  }

  /** Live logs are served before any backlog. */
  private get asking() {
    const priority = this.position >= this.openedSize ? 1 : 0
    return { priority, fresh: this.fresh, signal: this.trouble.signal }
  }

  // — opening

  private async open(): Promise<void> {
    const { stored, resumeAt, resumeRoot, settings } = this.options
    const position = resumeAt ?? stored?.position
    // A stored range stands for the stored position; a cursor's position has one only where it is the same.
    const range =
      stored?.range !== undefined && stored.position === position ? new CompactRange(position, stored.range) : undefined
    this.held = new HeldEntries(range ?? CompactRange.empty)
    await this.logHeads.restore()
    await this.logHeads.read()
    this.openedSize = Math.max(this.openedSize, this.newestHead().treeSize)
    const start = position ?? (await startIndexOf(settings.start, this.timedTree()))
    this.from = start
    this.endIndex = await this.resolveEnd()
    const isAhead = () => range === undefined && this.newestHead().treeSize < start
    for (let looks = 0; isAhead() && start < this.endIndex; looks++) {
      // One look may have met a replica that lags.
      if (looks === 1 && resumeAt !== undefined) this.condition.noted(cursorAhead(this.log, start, this.newestHead()))
      await this.waitForGrowth()
    }
    if (isAhead()) {
      if (resumeAt !== undefined) this.condition.noted(cursorAhead(this.log, start, this.newestHead()))
      // There is nothing to read before the end, and no range to begin with: the log is not that large.
      this.endIndex = 0
    } else if (this.proves) {
      const before = range ?? (await this.requests.frontier(start, this.newestHead(), this.asking))
      this.held = new HeldEntries(before)
      this.heads.disputed = { head: this.newestHead() }
      if (resumeRoot !== undefined) checkCursorRoot(this.log, resumeRoot, before)
      this.startRange = before
      if (range === undefined) this.heads.confirm()
    }
    this.handedOn = start
    this.start = start
    this.settle()
  }

  private async resolveEnd(): Promise<number> {
    const { clock, settings } = this.options
    // A head signed ahead of time says nothing of what is to come until then; a log that takes no more entries signs none.
    const now = clock.now()
    const asOf = this.mmdMs === undefined ? now : Math.min(this.newestHead().timestamp, now)
    const end = await endIndexOf(settings.end, this.openedSize, asOf, this.timedTree())
    return this.retiredAt === undefined ? end : Math.min(end, this.logHeads.signedSize)
  }

  /** The newest head's tree, to find times in. */
  private timedTree(): TimedTree {
    const { requests, asking, proves } = this
    const { mergeDelayMs } = this.options
    const head = this.newestHead()
    this.heads.disputed = { head }
    return timedTree({ requests, head, asking, mergeDelayMs, proves })
  }

  // — reading

  /** Reads up to the newest head and has it proven. */
  private async catchUp(): Promise<void> {
    this.settle()
    while (this.position < this.target) {
      // A listener may just have closed the stream: what is begun after that never ends.
      this.controller.signal.throwIfAborted()
      const next = await this.readerTo(this.target).next(this.held.pages === 0)
      if (next === undefined) return
      if (next === 'starved') await this.prove()
      else await this.receive(next.batch, next.lease)
    }
    if (this.held.pages > 0) await this.prove()
  }

  private async receive(batch: Delivery['batch'], lease: Lease): Promise<void> {
    this.bytes += batch.byteLength
    if (!this.proves) return this.handOn([{ batch, payload: lease }])
    this.held.hold(batch, lease)
    if (this.held.end >= this.target || this.held.pages < this.pagesPerProof) return
    await this.prove()
    if (this.options.settings.elapsed() - this.logHeads.readAt > BACKLOG_HEAD_MS) await this.look()
  }

  /** Has everything held proven, by the head itself or by a consistency proof to it, and hands it on. */
  private async prove(): Promise<void> {
    const head = this.newestHead()
    const { end } = this.held
    this.heads.disputed = { head }
    if (end === head.treeSize) {
      this.proven(this.held.proveByHead(head))
      return
    }
    const proof = await this.requests.consistency(end, head, this.asking)
    this.heads.disputed = { head, proof }
    this.proven(this.held.proveByConsistency(head, proof))
  }

  private proven(batches: readonly ProvenBatch<Lease>[]): void {
    this.heads.confirm()
    this.trouble.cleared()
    this.pagesPerProof = Math.min(this.pagesPerProof * 2, PAGES_PER_PROOF)
    this.handOn(batches)
    if (!this.fresh) return
    // What was asked past caches is proven: back to ordinary requests.
    this.fresh = false
    this.dropReader()
  }

  private handOn(
    batches: readonly (Partial<ProvenBatch<Lease>> & Pick<ProvenBatch<Lease>, 'batch' | 'payload'>)[],
  ): void {
    const { openedSize } = this
    const deliveries: Delivery[] = []
    for (const { batch, rangeBefore, rangeAfter, payload: lease } of batches) {
      this.handedOn = batch.start + batch.length
      deliveries.push({ batch, rangeBefore, rangeAfter, lease, openedSize })
    }
    this.options.events.deliver(deliveries)
  }

  private readerTo(end: number): RangeReader {
    const { share, settings } = this.options
    this.reader ??= new RangeReader(this.position, end, {
      requests: this.requests,
      planner: this.limits.planner,
      budget: share,
      inFlight: settings.concurrency.perLog,
      asking: () => this.asking,
      signal: this.trouble.signal,
      clock: this.options.clock,
      weight: this.limits.weight,
    })
    this.reader.extend(end)
    return this.reader
  }

  private dropReader(): void {
    this.reader?.stop()
    this.reader = undefined
  }

  // — heads

  private async waitForGrowth(): Promise<void> {
    const { random, settings } = this.options
    this.settle()
    const interval = this.complete ? COMPLETE_HEAD_MS : settings.pollIntervalMs
    // From head to head: reading what the last one brought took some of it.
    const elapsed = settings.elapsed() - this.logHeads.readAt
    if (!this.fresh) await this.pause.sleep(Math.max(0, interval * (0.75 + random() / 2) - elapsed))
    if (this.position >= this.endIndex) return
    if (isPatienceOver(this.retiredAt, settings.elapsed()))
      throw new GaveUp(
        `the log left the lists and never served all of the ${this.logHeads.signedSize} entries it signed`,
      )
    await this.look()
    this.fresh = false
    this.trouble.throwIfStuck()
  }

  /** Reads the newest head, and with it perhaps where to end. */
  private async look(): Promise<void> {
    await this.logHeads.read()
    if (this.endIndex === Number.POSITIVE_INFINITY) this.endIndex = await this.resolveEnd()
  }

  private newestHead(): SignedHead {
    if (this.heads.newest === undefined) throw new CtStreamError('CT_CLOSED', `${this.log.url}: no head has been read`)
    return this.heads.newest
  }

  // — trouble

  private untilProven(step: () => Promise<void>): Promise<void> {
    return this.trouble.untilProven(async (again) => {
      if (again && this.start !== undefined) await this.look()
      await step()
    })
  }

  /** This session as its trouble sees it; what changes is read when it is needed. */
  private asTroubled(options: LogSessionOptions): TroubledSession {
    const session = this
    const { controller, condition, pause, requests, logHeads, proves } = this
    return {
      ...{ options, controller, condition, pause, requests, logHeads, proves },
      get log() {
        return session.log
      },
      get held() {
        return session.held
      },
      rewind: () => this.rewind(),
      settle: () => this.settle(),
      onTrouble: (error) => this.troubled(error),
    }
  }

  /** Back to the last proven position and the last verified head, to ask for everything since past all caches. */
  private rewind(): void {
    this.dropReader()
    for (const { payload } of this.held.discard()) payload.release()
    this.heads.rewind()
    this.fresh = true
  }

  private async recordGap({ message: reason }: GaveUp): Promise<void> {
    const { clock, events, stored, resumeAt } = this.options
    const { log, endIndex } = this
    const handedOn = this.start === undefined ? this.from : this.handedOn
    const retired = this.retiredAt !== undefined
    // Of a log that left the lists before it was ever opened, here or earlier, nothing was promised.
    if (retired && this.start === undefined && stored === undefined && resumeAt === undefined) return
    if (handedOn === undefined) return
    const lastSize = retired && this.logHeads.signedSize > 0 ? this.logHeads.signedSize : undefined
    const gap = gapAt({ log, handedOn, endIndex, lastSize }, reason, clock.now())
    if (gap !== undefined) await events.gap(gap)
  }

  private troubled(error: CtStreamError): void {
    // What was read is not to wait for what cannot be read now.
    this.reader?.nudge()
    if (isPatienceOver(this.retiredAt, this.options.settings.elapsed()))
      this.controller.abort(new GaveUp(`the log left the lists and is out of reach: ${error.message}`))
  }

  private recovered(): void {
    this.settle()
  }

  /** The state that fits when all is well: not before what the log is accused of is. */
  private settle(): void {
    if (this.trouble.isInDoubt) return
    if (this.start === undefined) this.condition.enter('opening')
    else if (this.position < this.target) this.condition.enter('catching-up')
    else this.condition.enter(this.complete ? 'finished' : 'live')
  }
}
