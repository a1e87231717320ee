import { setImmediate } from 'node:timers/promises'
import { openGaps } from '../checkpoint/open-gaps.js'
import { checkpointStore, storeName } from '../checkpoint/open-store.js'
import { contextOf } from '../decode/index.js'
import { CtStreamError } from '../errors.js'
import { SeenEntries } from '../filter/dedupe.js'
import type { EntryFilter } from '../filter/entry-filter.js'
import { createTransport } from '../http/create-transport.js'
import { reusesConnections } from '../http/keep-alive.js'
import { RequestScheduler } from '../http/request-scheduler.js'
import { withRetry } from '../http/retry.js'
import type { Transport } from '../http/transport.js'
import { userAgent } from '../http/user-agent.js'
import { isLoopbackHost } from '../loglist/hosts.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Gap, LogCheckpoint } from '../types/checkpoint.js'
import type { LogInfo } from '../types/log.js'
import type { CtStreamEvents, StreamStatus } from '../types/stream.js'
import { linkedController, quietController } from '../util/abort.js'
import { ByteBudget } from '../util/byte-budget.js'
import { toHex } from '../util/bytes.js'
import { VERSION } from '../version.js'
import { Committer } from './committer.js'
import { decodeCursor } from './cursor.js'
import { ExclusiveStore } from './exclusive-store.js'
import { type FindIssuer, Issuers } from './issuers.js'
import { describeMissing } from './log/giving-up.js'
import type { LogSessionEvents } from './log/log-session-options.js'
import type { Lane } from './reader/lane.js'
import { Mixer } from './reader/mixer.js'
import { notDelivered } from './reader/not-delivered.js'
import type { LogPlace } from './reader/page-cursors.js'
import { PageReader, type ReaderEntryContext } from './reader/page-reader.js'
import { noticeStalls } from './reader/stalls.js'
import { Roster } from './roster.js'
import type { Settings } from './settings.js'
import { logStatus, streamStatus } from './status.js'
import { STORE_PATIENCE } from './store-queue.js'

type Emit = <K extends keyof CtStreamEvents>(event: K, payload: CtStreamEvents[K]) => void

/** The reader of a stream, as its engine knows it. */
export interface EngineReader {
  readonly emit: Emit
  /** Whether going on to the next entry or page acknowledges the one before. */
  readonly acknowledgesByReading: boolean
  /** Called before what is acknowledged is counted: the last moment to acknowledge something. */
  readonly onSettle: (() => void) | undefined
}

/**
 * Everything that runs behind one open stream: the store, the transport, a session a log, and the mixer between them and
 * the reader. Opened once, closed once.
 */
export class Engine {
  readonly budget: ByteBudget
  readonly filter: EntryFilter | undefined
  /** `undefined`: nothing is dropped for having been delivered before. */
  readonly seen: SeenEntries | undefined
  readonly settings: Settings
  readonly acknowledgesByReading: boolean
  private readonly emit: Emit
  private readonly onSettle: EngineReader['onSettle']
  private readonly stopper = quietController()
  /** Aborts at the end too, when nothing more is read. */
  private readonly ender = linkedController(this.stopper.signal)
  /** Closes the stream, where it is at its end and waits for what it delivered to be acknowledged. */
  private whenFinished: (() => Promise<void>) | undefined
  private isCommittingAtEnd = false
  private readonly mixer = new Mixer()
  private readonly store: ExclusiveStore
  private readonly transport: Transport
  private readonly scheduler: RequestScheduler
  private roster: Roster | undefined
  private readonly committer: Committer
  private readonly background: Promise<unknown>[] = []
  private readonly gaps: Gap[] = []
  /** Logs that were given up before their end, and why. */
  private readonly givenUp = new Map<string, { readonly log: LogInfo; readonly reason: string }>()
  private running = 0
  /** The page the reader is in. */
  private reading: PageReader | undefined
  private readonly issuers: Issuers
  private failure: { readonly error: unknown } | undefined
  /** Whether the reader got it. */
  private isToldOfFailure = false
  private opening: Promise<void> | undefined
  private closing: Promise<void> | undefined
  /** Whether the last commit was made: what is acknowledged from now on comes again. */
  private isShut = false

  constructor(settings: Settings, { emit, acknowledgesByReading, onSettle }: EngineReader) {
    this.settings = settings
    this.acknowledgesByReading = acknowledgesByReading
    this.emit = emit
    this.onSettle = onSettle
    this.budget = new ByteBudget(settings.maxBufferedBytes)
    const { filter, dedupe, clock, elapsed, random } = settings
    this.filter = filter
    this.issuers = new Issuers(this.findIssuer, clock)
    this.seen = dedupe && new SeenEntries(dedupe, elapsed, random)
    this.store = new ExclusiveStore({
      store: checkpointStore(settings.checkpoint),
      name: storeName(settings.checkpoint),
      clock,
      random,
      logger: settings.logger,
    })
    this.scheduler = new RequestScheduler(settings)
    this.transport = createTransport({
      userAgent: userAgent(VERSION, settings.contact),
      keepAlive: reusesConnections,
      // What the operator's queue lets through waits for no connection.
      connections: Math.max(16, settings.concurrency.perOperator),
      dispatcher: settings.dispatcher as never,
      fetch: settings.fetch,
    })
    this.committer = new Committer({
      store: this.store,
      policy: settings.commit,
      clock: settings.clock,
      settle: () => this.settle(),
      checkpoints: () => this.checkpoints(),
      onCommit: (committed) => emit('commit', committed),
      // While the stream is closed the last commit tells what is wrong.
      onError: (error) => {
        if (this.closing === undefined) this.fail(error)
      },
    })
  }

  /** Opens the store and starts to follow every log. Called once. */
  open(): Promise<void> {
    this.opening ??= this.start()
    return this.opening
  }

  private async start(): Promise<void> {
    await this.store.open()
    this.stopper.signal.throwIfAborted()
    const stored = await this.store.load()
    const resume = this.settings.resume === undefined ? undefined : decodeCursor(this.settings.resume)
    this.roster = new Roster({
      settings: this.settings,
      transport: this.transport,
      scheduler: this.scheduler,
      budget: this.budget,
      signal: this.stopper.signal,
      stored,
      resume,
      lists: this.store.caches,
      gaps: () => this.store.gaps(),
      events: (lane) => this.sessionEvents(lane),
      onLane: (lane) => this.mixer.add(lane),
      onRun: (running) => this.watch(running),
      onGap: (gap) => this.recordGap(gap),
      onList: (payload) => this.emit('list', payload),
    })
    const keepCurrent = await this.roster.open()
    this.askForContact()
    // As long as the lists are kept current there may be another log to read.
    if (keepCurrent !== undefined) this.watch(keepCurrent())
    const { lanes } = this.mixer
    const { budget } = this
    const { clock } = this.settings
    const { signal } = this.ender
    this.inBackground(this.committer.run(signal))
    if (!this.acknowledgesByReading)
      this.inBackground(noticeStalls({ lanes, budget, clock, settle: () => this.settle() }, signal))
  }

  /** Once a stream, and only where there is an operator who could want to write: not for logs on this machine. */
  private askForContact(): void {
    const { contact, logger } = this.settings
    if (contact !== undefined) return
    const isPublic = this.mixer.lanes.some(({ session }) => !isLoopbackHost(new URL(session.log.url).hostname))
    if (isPublic)
      logger.warn(
        'no `contact` is set: some operators serve anonymous clients slowly, and cannot write before they block one',
      )
  }

  /**
   * The next page that has an entry for the reader, who is finished with the one before; `undefined` when every log reached its end.
   * Pages without one are acknowledged on the way.
   */
  async nextPage(): Promise<PageReader | undefined> {
    this.leavePage()
    for (;;) {
      if (this.failure !== undefined) {
        this.isToldOfFailure = true
        throw this.failure.error
      }
      const taken = this.mixer.take()
      if (taken !== undefined) {
        this.reading = new PageReader(this, taken.lane, taken.proven)
        if (this.reading.hasNext()) return this.reading
        this.leavePage()
        // However much is dropped, requests and timers have their turn.
        await setImmediate()
        continue
      }
      if (this.closing !== undefined) return undefined
      if (this.running === 0) return this.end()
      await this.mixer.wait()
    }
  }

  private leavePage(): void {
    if (this.reading === undefined) return
    const { lane, page } = this.reading
    if (this.acknowledgesByReading) this.reading.acknowledge()
    this.settle()
    lane.leave(page)
    this.reading = undefined
  }

  /**
   * Everything of its log up to and including this certificate is finished with.
   * @throws `CT_OPTION_INVALID` for what this stream did not deliver.
   */
  acknowledge(certificate: CtCertificate): void {
    const context = contextOf(certificate) as Partial<ReaderEntryContext> | undefined
    if (context?.stream !== this || context.lane === undefined) throw notDelivered(certificate)
    const { lane } = context
    if (!lane.acknowledge(certificate.index)) throw notDelivered(certificate)
    if (lane.hasFinished) this.settleLane(lane, this.settings.elapsed())
    this.acknowledgedAtEnd()
  }

  /** Everything the reader was given is finished with. */
  acknowledgeGiven(): void {
    for (const lane of this.mixer.lanes) lane.acknowledgeGiven()
    this.settle()
    this.acknowledgedAtEnd()
  }

  /** Applies what is acknowledged; done for a page or a commit at once, not for each entry. */
  settle(): void {
    this.onSettle?.()
    const now = this.settings.elapsed()
    for (const lane of this.mixer.lanes) this.settleLane(lane, now)
  }

  private settleLane(lane: Lane, now: number): void {
    // The store may be another stream's by now.
    if (this.isShut) return
    const moved = lane.settle(now)
    if (moved > 0) this.committer.acknowledged(moved)
  }

  /**
   * The reader knows that there is nothing more: closes the stream, or waits with that for what it delivered to be acknowledged and,
   * where that is the caller's too, committed. Nothing keeps the process alive meanwhile.
   */
  async finish(close: () => Promise<void>): Promise<void> {
    this.ender.abort()
    this.settle()
    if (this.isFinished) return close()
    this.whenFinished = close
    await this.commitAtEnd()
  }

  private get isFinished(): boolean {
    if (this.acknowledgesByReading) return true
    const isCommitted = this.settings.commit !== undefined || this.committer.uncommitted === 0
    return isCommitted && this.mixer.lanes.every(({ heldBytes }) => heldBytes === 0)
  }

  /** At the end nothing is committed by the clock any more, but as it is acknowledged. */
  private async commitAtEnd(): Promise<void> {
    if (this.isFinished) return this.whenFinished?.()
    if (this.settings.commit === undefined || this.isCommittingAtEnd) return
    this.isCommittingAtEnd = true
    try {
      // One commit for all that is acknowledged while another is written.
      do await this.committer.commit()
      while (this.committer.uncommitted > 0)
    } finally {
      this.isCommittingAtEnd = false
    }
  }

  private acknowledgedAtEnd(): void {
    if (this.whenFinished === undefined || this.closing !== undefined) return
    this.commitAtEnd().catch((error) => this.settings.logger.error(messageOf(error)))
  }

  async commit(): Promise<void> {
    await this.committer.commit()
    if (this.isFinished) await this.whenFinished?.()
  }

  /** Which entries of each log are acknowledged, for a cursor. */
  places(): LogPlace[] {
    this.settle()
    return this.mixer.lanes
      .filter((lane) => lane.position.begun)
      .map((lane) => ({ logId: lane.session.log.id, ...lane.place }))
  }

  status(): StreamStatus {
    this.settle()
    const [now, elapsed] = [this.settings.clock.now(), this.settings.elapsed()]
    return streamStatus(
      this.mixer.lanes.map((lane) => logStatus(lane, now, elapsed)),
      this.budget.used,
      this.openGaps().length,
    )
  }

  /** An issuer certificate of a static-ct log, from the store or the log. */
  async issuer(logId: string, fingerprint: Uint8Array): Promise<Uint8Array> {
    if (this.closing === undefined) return await this.issuers.get(logId, fingerprint)
    const message = `issuer ${toHex(fingerprint)} cannot be fetched: the stream is closed`
    throw new CtStreamError('CT_CLOSED', message, { logId })
  }

  private readonly findIssuer: FindIssuer = async (logId, fingerprint) => {
    const name = toHex(fingerprint)
    const kept = await this.store.caches.issuer(name)
    if (kept !== undefined) return kept
    const der = await this.fetchIssuer(logId, fingerprint)
    if (this.issuers.mayKeep(logId, der.length)) await this.store.caches.putIssuer(name, der)
    return der
  }

  /** Stops reading, commits what is acknowledged, releases everything. Idempotent. */
  close(): Promise<void> {
    this.closing ??= this.shutDown()
    return this.closing
  }

  private async shutDown(): Promise<void> {
    this.stopper.abort(new CtStreamError('CT_CLOSED', 'the stream is closed'))
    this.mixer.wake()
    this.store.startClosing()
    // What opening throws is told to who opens.
    if (this.opening !== undefined) await this.store.whileOpen(this.opening).catch(() => {})
    await Promise.allSettled(this.background)
    for (const proven of this.mixer.drain()) proven.lease.release()
    try {
      if (this.settings.commit !== undefined) await this.committer.commit()
    } catch (error) {
      if (!this.isToldOfFailure) throw error
    } finally {
      this.isShut = true
      try {
        await this.store.close()
      } finally {
        await this.roster?.close()
        await this.transport.close()
      }
    }
  }

  private async fetchIssuer(logId: string, fingerprint: Uint8Array): Promise<Uint8Array> {
    const client = this.roster?.client(logId)
    if (client === undefined) throw new CtStreamError('CT_CLOSED', `the log ${logId} is not followed`, { logId })
    const { signal } = this.stopper
    const schedule = <T>(request: () => Promise<T>) => this.scheduler.run(client.log, { priority: 1, signal }, request)
    return withRetry(() => client.issuer(fingerprint, { signal, schedule }), {
      clock: this.settings.clock,
      random: this.settings.random,
      signal,
    })
  }

  private sessionEvents(lane: () => Lane): LogSessionEvents {
    const { settings, committer, store, emit } = this
    const log = () => lane().session.log
    return {
      opened: async () => {
        const { session, position } = lane()
        // A log that came back goes on where it was: the reader may not have finished with what was read before.
        if (!position.begun) position.begin(session.span.start ?? 0, session.window.startRange)
        // Where a log was begun is remembered at once: a crash before the first commit must not begin later.
        if (settings.commit === undefined) {
          // … and no other row: only the caller commits what is acknowledged.
          const opening = lane().checkpoint()
          return opening && store.commitFirst(opening)
        }
        committer.changed()
        await committer.commit(STORE_PATIENCE.backgroundMs)
      },
      deliver: (pages) => this.mixer.offer(lane(), pages),
      state: (state, previous) => emit('log', { log: log(), state, previous }),
      head: (head, cosignatures) => {
        // A signed head is not forgotten before it was checked, not even by a crash.
        committer.changed()
        emit('head', { log: log(), head, cosignatures })
      },
      changed: () => committer.changed(),
      error: (error) => {
        settings.logger.warn(error.message, { log: log().description })
        emit('error', { log: log(), error })
      },
      accuse: async (evidence, error) => {
        settings.logger.error(error.message, { log: log().description })
        await store.addEvidence(evidence)
        emit('misbehaviour', { log: log(), error })
      },
      gap: (gap) => this.recordGap(gap),
      gaveUp: (reason) => this.givenUp.set(log().id, { log: log(), reason }),
    }
  }

  private async recordGap(gap: Gap): Promise<void> {
    this.gaps.push(gap)
    await this.store.addGap(gap)
    this.emit('gap', gap)
  }

  /** Gaps of this stream that were not filled since, by a log that came back. */
  private openGaps(): Gap[] {
    return this.gaps.length === 0 ? [] : openGaps(this.gaps, this.checkpoints())
  }

  private watch(running: Promise<void>): void {
    this.running++
    this.inBackground(running, () => this.ended())
  }

  /**
   * What runs until the stream is closed; what it throws before ends the stream.
   * @param ended - Called when it has ended and, if it failed, the failure is known: no reader takes it for an end.
   */
  private inBackground(work: Promise<void>, ended: () => void = () => {}): void {
    const guarded = work.catch((error) => {
      if (!this.stopper.signal.aborted) this.fail(error)
    })
    this.background.push(guarded.then(ended))
  }

  private ended(): void {
    this.running--
    this.mixer.wake()
  }

  /** What no log can be blamed for ends the stream: the reader gets it. */
  private fail(error: unknown): void {
    this.failure ??= { error }
    this.mixer.wake()
  }

  private end(): undefined {
    const missing = describeMissing(this.openGaps(), [...this.givenUp.values()])
    if (missing === undefined) return undefined
    throw new CtStreamError('CT_INCOMPLETE', `the stream ended without some entries: ${missing}`)
  }

  private checkpoints(): LogCheckpoint[] {
    return this.mixer.lanes.flatMap((lane) => lane.checkpoint() ?? [])
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
