import { CtStreamError } from '../errors.js'
import type { LogClient } from '../logs/client.js'
import { CompactRange } from '../merkle/compact-range.js'
import { isDisproof, LogRequests, type Schedule } from '../poll/log-requests.js'
import { PagePlanner } from '../poll/page-planner.js'
import { RangeReader } from '../poll/range-reader.js'
import { indexAtTime } from '../poll/time-index.js'
import type { Evidence, Gap, LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import type { FinalTreeHead } from '../types/log-list.js'
import type { LogState } from '../types/stream.js'
import { type LinkedController, linkedController } from '../util/abort.js'
import { backoffDelay } from '../util/backoff.js'
import type { ByteBudget, Lease } from '../util/byte-budget.js'
import { evidenceOf } from '../verify/evidence.js'
import { Heads } from '../verify/heads.js'
import { HeldEntries, type ProvenBatch } from '../verify/held-entries.js'
import { leafTimestamp } from '../wire/merkle-leaf.js'
import { endIndexOf, startIndexOf } from './bounds.js'
import type { Delivery } from './delivery.js'
import { FinalHead } from './final-head.js'
import { PartialTile } from './partial-tile.js'
import type { Settings } from './settings.js'

/** Pages held for one consistency proof: one extra request in fifty is the 2 % a backlog may cost. */
const PAGES_PER_PROOF = 50
/** Attempts, the last ones on fresh connections, before a contradiction is laid at the log's door and not a gateway's. */
const DISPROOFS_BEFORE_ACCUSING = 3
const BEFORE_ACCUSING = { baseMs: 1_000, maxMs: 10_000 }
const AFTER_ACCUSING = { baseMs: 300_000, maxMs: 3_600_000 }
/** While reading a backlog, how often the newest head is looked at: for the lag, and to see that it stays consistent. */
const BACKLOG_HEAD_MS = 60_000
/** A log that is complete is still looked at: it must not grow any more. */
const COMPLETE_HEAD_MS = 3_600_000
/** How long a log that left the lists may be out of reach before what is missing of it is recorded as a gap. */
const RETIRED_PATIENCE_MS = 86_400_000
const FIRST_BYTES_PER_ENTRY = 6_000

export interface LogSessionOptions {
  readonly client: LogClient
  readonly settings: Settings
  readonly schedule: Schedule
  /** The rate to which the log's origin limits its clients; `undefined` as far as is known, none. */
  readonly requestsPerSecond: () => number | undefined
  readonly budget: ByteBudget
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  /** What was remembered of this log. */
  readonly stored: LogCheckpoint | undefined
  /** Where a cursor says to continue. */
  readonly resumeAt: number | undefined
  readonly events: LogSessionEvents
}

/** What a session tells the stream. */
export interface LogSessionEvents {
  opened(): Promise<void>
  deliver(deliveries: readonly Delivery[]): void
  state(state: LogState, previous: LogState): void
  head(head: SignedHead): void
  error(error: CtStreamError): void
  accuse(evidence: Evidence, error: CtStreamError): Promise<void>
  gap(gap: Gap): Promise<void>
}

/**
 * Follows one log: opens it at the right place, reads what is new, has it proven, hands it on, and waits for more.
 *
 * Its read position runs ahead of the reader's; what is between them is held out of the byte budget. Nothing is handed on
 * before a signed root covers it.
 */
export class LogSession {
  readonly requests: LogRequests
  readonly planner: PagePlanner
  readonly heads: Heads
  state: LogState = 'opening'
  lastError: CtStreamError | undefined
  bytes = 0
  /** First index this session reads; `undefined` while opening. */
  start: number | undefined
  /** Compact range of everything before `start`, where entries are proven. */
  startRange: CompactRange | undefined
  private readonly options: LogSessionOptions
  private readonly controller: LinkedController
  private readonly bytesPerEntry = { value: FIRST_BYTES_PER_ENTRY }
  private held = new HeldEntries<Lease>(CompactRange.empty)
  /** Index after the last entry handed on. */
  private handedOn: number
  /** Pages held for the next proof: few at first, so that the reader soon has something, then ever more. */
  private pagesPerProof = 1
  private reader: RangeReader | undefined
  private openedSize = 0
  private endIndex = Number.POSITIVE_INFINITY
  private headReadAt = 0
  private readonly partialTile: PartialTile
  private readonly finalHead = new FinalHead()
  private retiredAt: number | undefined
  private pause: LinkedController | undefined
  /** Whether to ask past caches: after an answer that contradicted a signature. */
  private fresh = false

  constructor(options: LogSessionOptions) {
    this.options = options
    this.partialTile = new PartialTile(options.settings.partialTileDelayMs)
    this.handedOn = options.resumeAt ?? options.stored?.position ?? 0
    const learned = options.stored?.learned ?? {}
    this.planner = new PagePlanner(typeof learned.pageSize === 'number' ? learned.pageSize : undefined)
    if (typeof learned.bytesPerEntry === 'number' && learned.bytesPerEntry > 0)
      this.bytesPerEntry.value = learned.bytesPerEntry
    this.controller = linkedController(options.signal)
    this.requests = new LogRequests(options.client, {
      schedule: options.schedule,
      clock: options.clock,
      random: options.random,
      signal: this.controller.signal,
      onFailure: (error) => this.troubled(error),
      onRecovery: () => this.settle(),
    })
    this.heads = new Heads(this.log, (first, second) => this.requests.consistency(first, second, this.asking))
  }

  /** What is said of the log now: it may have moved. */
  get log(): LogInfo {
    return this.requests.client.log
  }

  /** What is worth remembering of the log's limits. */
  get learned(): Record<string, unknown> {
    const { requestsPerSecond } = this
    return {
      pageSize: this.planner.pageSize,
      bytesPerEntry: Math.round(this.bytesPerEntry.value),
      ...(requestsPerSecond !== undefined && { requestsPerSecond: Number(requestsPerSecond.toPrecision(3)) }),
    }
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
      this.enter('finished')
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error
      await this.recordGap(error)
      this.enter('failed')
    } finally {
      this.controller.unlink()
      this.dropReader()
      for (const { payload } of this.held.discard()) payload.release()
    }
  }

  /** The log left the lists: what it has published is read, then the session ends. */
  retire(): void {
    this.retiredAt ??= this.options.clock.now()
    if (this.start !== undefined) this.endIndex = Math.min(this.endIndex, this.newestHead().treeSize)
    this.pause?.abort()
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
    this.finalHead.expect(head)
  }

  /** Where reading can be taken up by another session. */
  get readTo(): LogCheckpoint | undefined {
    if (this.start === undefined) return undefined
    return {
      log: this.log,
      position: this.handedOn,
      range: this.proves ? this.held.provenRange.hashes : undefined,
      verifiedHead: this.heads.verified,
      pendingHeads: this.heads.pending,
      learned: this.learned,
    }
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
    if (this.log.kind !== 'static-ct' || size >= this.endIndex || this.complete) return Math.min(size, this.endIndex)
    return this.partialTile.readTo(size, this.position, this.options.clock.now())
  }

  /** Whether everything is read of a log that takes no more entries. */
  private get complete(): boolean {
    return this.finalHead.isReached(this.position)
  }

  /** Live logs are served before any backlog. */
  private get asking() {
    return { priority: this.position >= this.openedSize ? 1 : 0, fresh: this.fresh }
  }

  // — opening

  private async open(): Promise<void> {
    const { stored, resumeAt, settings } = this.options
    const position = resumeAt ?? stored?.position
    // A stored range stands for the stored position; a cursor's position has one only where it is the same.
    const range =
      stored?.range !== undefined && stored.position === position ? new CompactRange(position, stored.range) : undefined
    this.held = new HeldEntries(range ?? CompactRange.empty)
    this.heads.restore(stored?.verifiedHead)
    // Every signed head that was seen is checked, in the order in which they were seen: none is forgotten unverified.
    for (const pending of stored?.pendingHeads ?? []) if (!this.heads.wasAccused(pending)) await this.adopt(pending)
    await this.readHead()
    this.openedSize = Math.max(this.openedSize, this.newestHead().treeSize)
    const start = position ?? (await startIndexOf(settings.start, this.newestHead(), this.indexAt))
    while (this.newestHead().treeSize < start && range === undefined) await this.waitForGrowth()
    this.endIndex = await this.resolveEnd()
    if (this.proves) {
      this.startRange = range ?? (await this.requests.frontier(start, this.newestHead(), this.asking))
      this.held = new HeldEntries(this.startRange)
      if (range === undefined) this.heads.confirm()
    }
    this.handedOn = start
    this.start = start
    this.settle()
  }

  private async resolveEnd(): Promise<number> {
    const end = await endIndexOf(this.options.settings.end, this.openedSize, this.newestHead(), this.indexAt)
    return this.retiredAt === undefined ? end : Math.min(end, this.newestHead().treeSize)
  }

  private readonly indexAt = (time: number, treeSize: number): Promise<number> =>
    indexAtTime(time, treeSize, (start, end) => this.requests.entries(start, end, this.asking), leafTimestamp)

  // — reading

  /** Reads up to the newest head and has it proven. */
  private async catchUp(): Promise<void> {
    this.settle()
    while (this.position < this.target) {
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
    if (this.options.clock.now() - this.headReadAt <= BACKLOG_HEAD_MS) return
    await this.readHead()
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
    const { budget, settings } = this.options
    this.reader ??= new RangeReader(this.position, end, {
      requests: this.requests,
      planner: this.planner,
      budget,
      inFlight: settings.concurrency.perLog,
      asking: () => this.asking,
      signal: this.controller.signal,
      bytesPerEntry: this.bytesPerEntry,
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
    const { clock, random, settings } = this.options
    this.settle()
    const interval = this.complete ? COMPLETE_HEAD_MS : settings.pollIntervalMs
    // From head to head: reading what the last one brought took some of it.
    const elapsed = Math.max(0, clock.now() - this.headReadAt)
    if (!this.fresh) await this.sleep(Math.max(0, interval * (0.75 + random() / 2) - elapsed))
    if (this.position >= this.endIndex) return
    await this.readHead()
    this.fresh = false
    if (this.endIndex === Number.POSITIVE_INFINITY) this.endIndex = await this.resolveEnd()
  }

  private async readHead(): Promise<void> {
    const head = await this.requests.head({ ...this.asking, priority: 1 })
    this.headReadAt = this.options.clock.now()
    await this.adopt(head)
  }

  private async adopt(head: SignedHead): Promise<void> {
    const broken = this.finalHead.brokenBy(head, this.log)
    if (broken !== undefined) {
      this.heads.disputed = { head }
      await this.options.events.accuse(this.evidence(broken), broken)
    }
    if (await this.heads.adopt(head, this.proves ? this.position : undefined)) this.options.events.head(head)
  }

  private newestHead(): SignedHead {
    if (this.heads.newest === undefined) throw new CtStreamError('CT_CLOSED', `${this.log.url}: no head has been read`)
    return this.heads.newest
  }

  // — trouble

  /** Runs a step until what it brings is proven; what contradicts a signature is asked for again, then held against the log. */
  private async untilProven(step: () => Promise<void>): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        if (failures > 0 && this.start !== undefined) await this.readHead()
        await step()
        return
      } catch (error) {
        if (!isDisproof(error)) throw error
        await this.contradicted(error, failures)
      }
    }
  }

  private async contradicted(error: CtStreamError, failures: number): Promise<void> {
    const { random, settings } = this.options
    this.troubled(error)
    const since = failures + 1 - DISPROOFS_BEFORE_ACCUSING
    if (since === 0) await this.accuse(error)
    this.rewind()
    // Only a stream with an end gives a log up: waiting for ever would keep it from ending.
    if (since >= 0 && settings.end !== 'never') throw new GaveUp(error.message)
    await this.sleep(
      since < 0 ? backoffDelay(BEFORE_ACCUSING, failures, random) : backoffDelay(AFTER_ACCUSING, since, random),
    )
  }

  /** Back to the last proven position and the last verified head, to ask for everything since past all caches. */
  private rewind(): void {
    this.dropReader()
    for (const { payload } of this.held.discard()) payload.release()
    this.heads.rewind()
    this.fresh = true
  }

  private async accuse(error: CtStreamError): Promise<void> {
    const evidence = this.evidence(error)
    this.heads.accuse()
    this.enter('misbehaving')
    await this.options.events.accuse(evidence, error)
  }

  private evidence(error: CtStreamError): Evidence {
    const { disputed, newest, verified } = this.heads
    return evidenceOf(
      {
        log: this.log,
        error,
        verifiedHead: verified,
        head: disputed.head ?? newest,
        proof: disputed.proof,
        provenRange: this.held.provenRange,
        leafHashes: this.held.leafHashes(),
      },
      this.options.clock.now(),
    )
  }

  private async recordGap({ message: reason }: GaveUp): Promise<void> {
    const { clock, events, stored, resumeAt } = this.options
    const retired = this.retiredAt !== undefined
    // Of a log that left the lists before it was ever opened, here or earlier, nothing was promised.
    if (retired && this.start === undefined && stored === undefined && resumeAt === undefined) return
    const known = retired ? this.heads.newest?.treeSize : undefined
    const end = Number.isFinite(this.endIndex) ? this.endIndex : known
    if (end !== undefined && end <= this.handedOn) return
    await events.gap({ log: this.log, start: this.handedOn, end, reason, recordedAt: clock.now() })
  }

  private troubled(error: CtStreamError): void {
    this.lastError = error
    if (this.state !== 'misbehaving') this.enter('waiting')
    this.options.events.error(error)
    // What was read is not to wait for what cannot be read now.
    this.reader?.nudge()
    if (this.retiredAt !== undefined && this.options.clock.now() - this.retiredAt > RETIRED_PATIENCE_MS)
      this.controller.abort(new GaveUp(`the log left the lists and is out of reach: ${error.message}`))
  }

  /** Waits, or until something makes waiting pointless. */
  private async sleep(ms: number): Promise<void> {
    this.pause = linkedController(this.controller.signal)
    try {
      await this.options.clock.sleep(ms, this.pause.signal)
    } catch (error) {
      if (this.controller.signal.aborted || !this.pause.signal.aborted) throw error
    } finally {
      this.pause.unlink()
      this.pause = undefined
    }
  }

  /** The state that fits when all is well. */
  private settle(): void {
    if (this.start === undefined) this.enter('opening')
    else if (this.position < this.target) this.enter('catching-up')
    else this.enter(this.complete ? 'finished' : 'live')
  }

  private enter(state: LogState): void {
    if (state === this.state) return
    const previous = this.state
    this.state = state
    this.options.events.state(state, previous)
  }
}

/** Ends a session whose log cannot be read to the end. */
class GaveUp extends Error {}
