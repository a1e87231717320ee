import { setImmediate } from 'node:timers/promises'
import { checkpointStore, storeName } from '../checkpoint/open-store.js'
import { CtStreamError } from '../errors.js'
import { SeenEntries } from '../filter/dedupe.js'
import { isLoopbackHost } from '../loglist/hosts.js'
import type { CtCertificate } from '../types/certificate.js'
import type { StreamStatus } from '../types/stream-status.js'
import { quietController } from '../util/abort.js'
import { ByteBudget } from '../util/byte-budget.js'
import { toHex } from '../util/bytes.js'
import { Tracing } from '../util/tracing.js'
import { Background } from './background.js'
import { Committer } from './committer.js'
import { decodeCursor } from './cursor.js'
import { Ending } from './ending.js'
import { ExclusiveStore } from './exclusive-store.js'
import { type FindIssuer, Issuers } from './issuers.js'
import { Missing } from './missing.js'
import { Network } from './network.js'
import { Delivery } from './reader/delivery.js'
import type { PageReader } from './reader/page-reader.js'
import { noticeStalls } from './reader/stalls.js'
import { Roster } from './roster.js'
import { type Emit, recordGap, sessionEvents } from './session-events.js'
import type { Settings } from './settings.js'
import { rowsAtSink, type SinkPlaces } from './sink-places.js'
import { StatusBoard } from './status-board.js'
import { StoredIssuers } from './stored-issuers.js'

/** The reader of a stream, as its engine knows it. */
export interface EngineReader {
  readonly emit: Emit
  /** Whether going on to the next entry or page acknowledges the one before. */
  readonly acknowledgesByReading: boolean
  /** Called before acknowledgements are counted: the last chance to acknowledge something. */
  readonly onSettle: (() => void) | undefined
  /** Called, and waited for, when all logs are read. */
  readonly onAllRead: () => Promise<void>
  /** How far the sink of a pump is; `undefined` where nobody says so. */
  readonly sinkPlaces: SinkPlaces | undefined
}

/**
 * The parts of one open stream: the store, a session for each log, and the mixer between them and the reader.
 * Opened once, closed once.
 */
export class Engine {
  private readonly settings: Settings
  private readonly onAllRead: EngineReader['onAllRead']
  private readonly sinkPlaces: EngineReader['sinkPlaces']
  private readonly stopper = quietController()
  private readonly store: ExclusiveStore
  private readonly delivery: Delivery
  private readonly committer: Committer
  private readonly missing = new Missing()
  private readonly background: Background
  private readonly ending: Ending
  private readonly board: StatusBoard
  private readonly roster: Roster
  private opening: Promise<void> | undefined
  private closing: Promise<void> | undefined

  constructor(settings: Settings, { emit, acknowledgesByReading, onSettle, onAllRead, sinkPlaces }: EngineReader) {
    const { clock, elapsed, random, logger, dedupe, filter, commit } = settings
    const { signal } = this.stopper
    this.settings = settings
    this.onAllRead = onAllRead
    this.sinkPlaces = sinkPlaces
    const budget = new ByteBudget(settings.maxBufferedBytes)
    const name = storeName(settings.checkpoint)
    const checkpoint = checkpointStore(settings.checkpoint)
    this.store = new ExclusiveStore({ store: checkpoint, name, clock, random, logger })
    this.delivery = new Delivery({
      ...{ settings, budget, filter, elapsed, acknowledgesByReading, onSettle },
      deliversLate: checkpoint.ordered === true,
      seen: dedupe && new SeenEntries(dedupe, elapsed, random),
      issuer: this.issuerFinder(),
      onAcknowledged: (entries) => this.committer.acknowledged(entries),
    })
    this.background = new Background(signal, () => this.delivery.mixer.wake())
    this.committer = new Committer({
      ...{ store: this.store, policy: commit, clock, tracing: settings.tracing },
      settle: () => this.delivery.settle(),
      checkpoints: () => this.delivery.checkpoints(),
      onCommit: (committed) => emit('commit', committed),
      // During `close()` the last commit reports the failure.
      onError: (error) => this.background.fail(error),
    })
    const { store, delivery, committer, missing } = this
    this.ending = new Ending({ delivery, committer, commitsByHand: commit === undefined, logger, signal })
    this.board = new StatusBoard({ settings, delivery, missing, store: store.caches, signal: this.ending.signal })
    const context = { settings, committer, store, mixer: delivery.mixer, missing, board: this.board, emit }
    this.roster = new Roster({
      ...{ settings, budget, signal },
      network: new Network(settings, signal),
      lists: store.caches,
      gaps: () => store.gaps(),
      events: (lane) => sessionEvents(lane, context),
      onLane: (lane) => {
        delivery.mixer.add(lane)
        this.board.changed()
      },
      onRun: (running) => this.background.follow(running),
      onGap: (gap) => recordGap(gap, context),
      onList: (payload) => emit('list', payload),
    })
  }

  /** Opens the store and starts to follow every log. Called once. */
  open(): Promise<void> {
    this.opening ??= this.start()
    return this.opening
  }

  private async start(): Promise<void> {
    const { settings, store, delivery, background } = this
    if (Tracing.isWanted) await settings.tracing.open()
    await store.open()
    this.stopper.signal.throwIfAborted()
    const stored = rowsAtSink(await store.load(), this.sinkPlaces, settings)
    const resume = settings.resume === undefined ? undefined : decodeCursor(settings.resume)
    if (resume !== undefined) delivery.resumed = resume
    const keepCurrent = await this.roster.open({ stored, resume })
    this.askForContact()
    // While the lists are renewed, another log may appear.
    if (keepCurrent !== undefined) background.follow(keepCurrent())
    const { signal } = this.ending
    background.run(this.committer.run(signal))
    const { lanes, budget, acknowledgesByReading } = delivery
    const stalls = { lanes, budget, clock: settings.clock, settle: () => delivery.settle() }
    if (!acknowledgesByReading) background.run(noticeStalls(stalls, signal))
  }

  /** Warns once a stream, unless all logs are on this machine and have no operator who could want to write. */
  private askForContact(): void {
    const { contact, logger } = this.settings
    if (contact !== undefined) return
    const isPublic = this.delivery.lanes.some(({ session }) => !isLoopbackHost(new URL(session.log.url).hostname))
    if (isPublic)
      logger.warn(
        'no `contact` is set: some operators serve anonymous clients slowly, and cannot write before they block one',
      )
  }

  /**
   * The next page with an entry for the reader, who is finished with the previous page; `undefined` when every log has ended. Pages
   * without such an entry are acknowledged.
   */
  async nextPage(): Promise<PageReader | undefined> {
    const { delivery, background } = this
    for (;;) {
      delivery.leavePage()
      // Lets requests and timers run, however many pages are at hand: answers that wait meanwhile would leave nothing to do afterwards.
      await setImmediate()
      background.throwIfFailed()
      const page = this.closing === undefined ? delivery.takePage() : undefined
      if (page?.hasNext()) return page
      if (page !== undefined) continue
      if (this.closing !== undefined) return undefined
      if (background.isIdle) {
        await this.onAllRead()
        this.missing.throwIfAny(() => delivery.checkpoints())
        return undefined
      }
      await delivery.mixer.wait()
    }
  }

  /**
   * Acknowledges everything of its log up to and including this certificate.
   * @throws `CT_OPTION_INVALID` for what this stream did not deliver.
   */
  acknowledge(certificate: CtCertificate): void {
    this.delivery.acknowledge(certificate)
    this.ending.acknowledged()
  }

  /** Acknowledges everything that the reader has received. */
  acknowledgeGiven(): void {
    this.delivery.acknowledgeGiven()
    this.ending.acknowledged()
  }

  /** The reader has seen the end: closes the stream as soon as everything is acknowledged. */
  finish(close: () => Promise<void>): Promise<void> {
    return this.ending.begin(close)
  }

  async commit(): Promise<void> {
    await this.ending.whileCommitting(() => this.committer.commit())
  }

  status(): StreamStatus {
    return this.board.status()
  }

  /** Finds issuer certificates of static-ct logs, in the store or the log, until the stream is closed. */
  private issuerFinder(): FindIssuer {
    const stored = new StoredIssuers(this.store.caches, (logId, fingerprint) => this.roster.issuer(logId, fingerprint))
    const issuers = new Issuers(stored.find, this.settings.clock)
    return async (logId, fingerprint) => {
      if (this.closing === undefined) return await issuers.get(logId, fingerprint)
      const message = `issuer ${toHex(fingerprint)} cannot be fetched: the stream is closed`
      throw new CtStreamError('CT_CLOSED', message, { logId })
    }
  }

  /** Stops reading, commits what is acknowledged, releases everything. Idempotent. */
  close(): Promise<void> {
    this.closing ??= this.shutDown()
    return this.closing
  }

  private async shutDown(): Promise<void> {
    const { store, delivery, background } = this
    this.stopper.abort(new CtStreamError('CT_CLOSED', 'the stream is closed'))
    delivery.mixer.wake()
    store.startClosing()
    // `open()`'s caller already received what opening throws.
    if (this.opening !== undefined) await store.whileOpen(this.opening).catch(() => {})
    await background.settled()
    for (const proven of delivery.mixer.drain()) proven.lease.release()
    try {
      if (this.settings.commit !== undefined) await this.committer.commit()
    } catch (error) {
      if (!background.isFailureDelivered) throw error
    } finally {
      delivery.shut()
      try {
        await this.board.close()
        await store.close()
      } finally {
        await this.roster.close()
      }
    }
  }
}
