import { AsyncLocalStorage } from 'node:async_hooks'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import type { HandlingModule } from '../types/handling-module.js'
import type { ParkReason, QueueSource, QueueStatus, Watermark } from '../types/queue.js'
import { quietController } from '../util/abort.js'
import { withDeadline } from '../util/deadline.js'
import { alreadyAcknowledged, givenUp, notAlone } from './acknowledged.js'
import { ClaimProgress } from './claim-progress.js'
import type { Effects, QueueClaim, QueuedPage, QueueEngine, ReplayedEntry } from './engine.js'
import { oneLine, PageReader, type Pages, type ReaderSettings, type SourceCounts } from './page-reader.js'

/** An engine that is back is asked again within 10 s. Milliseconds. */
const SHORTEST_CLOSE_MS = 20_000

export interface SourceSettings extends ReaderSettings {
  readonly parkAfter: number | undefined
  readonly commitIntervalMs: number
  readonly leaseMs: number
  readonly clock: Clock
}

/** A queue source over any engine: reads its pages, drops repetitions, fills gaps, and keeps track of what is acknowledged. */
export class EngineSource implements QueueSource {
  readonly acknowledgement = 'manual'
  readonly parkAfter: number | undefined
  private readonly engine: QueueEngine
  private readonly settings: SourceSettings
  private readonly progress = new Map<QueueClaim, ClaimProgress>()
  /** The claims that certificates were handed out for. */
  private readonly claims = new WeakMap<CtCertificate, QueueClaim>()
  /** Claims that another processor has now, with how far they were here. */
  private readonly lost = new WeakMap<QueueClaim, ClaimProgress>()
  /** The keys under which replayed certificates are parked. */
  private readonly replayed = new WeakMap<CtCertificate, string>()
  /** Replayed certificates that are acknowledged with effects. */
  private readonly replayedWithEffects = new WeakMap<CtCertificate, HandlingModule | undefined>()
  /** Index up to which there were effects when a call of a handler first had some for a log. */
  private readonly effectsBefore = new WeakMap<HandlingModule, Map<QueueClaim, number>>()
  /** Certificates that are being set aside, or were: acknowledging a replayed one would delete the parked entry. */
  private readonly aside = new WeakSet<CtCertificate>()
  private readonly settled: string[] = []
  private readonly counts: SourceCounts = { delivered: 0, repeated: 0, parked: 0, missing: 0 }
  private readonly reader: PageReader
  private readonly closing = quietController()
  private isRead = false
  /** What is left of the page that is being handed out, for a reader that goes on where the one before has broken off. */
  private pages: Pages | undefined
  private rest: readonly CtCertificate[] = []
  private opening: Promise<void> | undefined
  private isOpen = false
  private closed: Promise<void> | undefined
  private committing: Promise<unknown> = Promise.resolve()
  private finishing: Promise<unknown> = Promise.resolve()
  /** Whose handler calls; nobody's for a reader without `runModules`. */
  private readonly caller = new AsyncLocalStorage<HandlingModule>()
  private isCommitDue = false
  /** What failed in the background, or left a page behind that is not read again: every later read throws it. */
  private failure: { readonly error: unknown } | undefined

  constructor(engine: QueueEngine, settings: SourceSettings) {
    this.engine = engine
    this.settings = settings
    this.parkAfter = settings.parkAfter
    this.reader = new PageReader(engine, settings, this.counts)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CtCertificate, void, undefined> {
    for await (const page of this.batches()) {
      let at = 0
      try {
        while (at < page.length) yield page[at++] as CtCertificate
      } finally {
        this.rest = page.slice(at)
      }
    }
  }

  async *batches(): Pages {
    if (this.isRead) throw new CtStreamError('CT_READER_BUSY', 'this source already has a reader')
    this.isRead = true
    const { signal } = this.closing
    try {
      if (signal.aborted) throw closed()
      this.opening ??= this.open()
      await this.opening.catch((error) => {
        if (!signal.aborted) throw error
      })
      const rest = this.takeRest()
      if (rest.length > 0) yield rest
      for (let page = await this.nextPage(); page !== undefined; page = await this.nextPage()) yield page
    } finally {
      this.isRead = false
    }
  }

  acknowledge(certificate: CtCertificate): void {
    const key = this.replayed.get(certificate)
    if (key !== undefined && !this.aside.has(certificate)) {
      this.replayed.delete(certificate)
      this.settled.push(key)
    } else this.progressWith(certificate)?.acknowledge(certificate.index)
    this.commitSoon()
  }

  commit(): Promise<void> {
    const result = this.committing.then(() => this.commitNow())
    this.committing = result.catch(() => {})
    return result
  }

  async park(certificate: CtCertificate, reason: ParkReason): Promise<void> {
    this.aside.add(certificate)
    const caller = this.caller.getStore()
    // Behind effects that are under way: a module that takes longer for them than its time is called again, and then its entry is set aside.
    const result = this.finishing.then(() => this.parkNow(certificate, reason, caller))
    this.finishing = result.catch(() => {})
    return result
  }

  private async parkNow(
    certificate: CtCertificate,
    { by, message }: ParkReason,
    caller: HandlingModule | undefined,
  ): Promise<void> {
    if (caller?.isAloneInOrder === true && this.hasEffects(certificate)) {
      const { index, log } = certificate
      this.settings.logger?.warn(
        `entry ${index} of ${log.url} is not set aside: its effects came after the time of module \`${by}\``,
      )
      return
    }
    const key = this.replayed.get(certificate)
    this.replayed.delete(certificate)
    const place = { logId: certificate.log.id, index: certificate.index, content: certificate }
    const parking = { by, message: oneLine(message), ...place, ...(key !== undefined && { key }) }
    this.counts.parked += await this.engine.park([parking])
  }

  /** Calls a handler of a module, so that what it finishes with is known to be for that module. */
  callFor<T>(module: HandlingModule, call: () => T): T {
    return this.engine.finishWith === undefined ? call() : this.caller.run(module, call)
  }

  /**
   * Acknowledges this certificate, and makes effects durable in the transaction that stores the watermark behind it.
   *
   * @throws {@link CtStreamError} `CT_LEASE_LOST` when another processor has the log or the entry now: nothing was done.
   * `CT_MODULE_INVALID` for an entry that is acknowledged already, and for a module that is not the only one entries wait for, or is called
   * for several at once: nothing was done. `TypeError` for an engine without transactions.
   */
  async finishWith(certificate: CtCertificate, effects: Effects): Promise<void> {
    const caller = this.caller.getStore()
    if (caller?.isAloneInOrder === false) throw notAlone(caller.name)
    // One after the other, so that each sees what those before it have acknowledged.
    const result = this.finishing.then(() => this.finishNow(certificate, effects, caller))
    this.finishing = result.catch(() => {})
    return result
  }

  status(): QueueStatus {
    const { engine } = this
    const ours = engine.claims.map((claim) => {
      const progress = this.progressOf(claim)
      if (engine.headOf !== undefined) progress.head = engine.headOf(claim)
      return progress.status
    })
    return { ...this.counts, parked: this.counts.parked + (engine.setAside ?? 0), logs: ours }
  }

  close(): Promise<void> {
    this.closed ??= this.closeNow()
    return this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private async finishNow(
    certificate: CtCertificate,
    effects: Effects,
    caller: HandlingModule | undefined,
  ): Promise<void> {
    const { engine } = this
    const { index, log } = certificate
    const key = this.replayed.get(certificate)
    const progress = this.progressWith(certificate)
    if (caller !== undefined && this.hasEffects(certificate)) {
      // The module's own call before: it took too long, and the module is called again, or with each entry of the page alone.
      if (this.hadEffectsBefore(certificate, caller)) return
      throw alreadyAcknowledged(log, index)
    }
    if (caller?.isGivenUp === true) throw givenUp(caller.name)
    if (engine.finishWith === undefined) throw new TypeError('this engine has no transactions for effects')
    if (key !== undefined) {
      await engine.finishWith({ key }, effects)
      this.replayed.delete(certificate)
      this.replayedWithEffects.set(certificate, caller)
      return
    }
    if (progress === undefined)
      throw new CtStreamError('CT_LEASE_LOST', 'another processor has taken over the log of this entry')
    if (progress.covers(index)) throw alreadyAcknowledged(log, index)
    if (caller !== undefined) this.noteBefore(progress, caller)
    const mark = progress.after(index)
    try {
      await engine.finishWith({ claim: progress.claim, mark }, effects)
    } catch (error) {
      if (CtStreamError.is(error) && error.code === 'CT_LEASE_LOST') this.lose(progress.claim)
      throw error
    }
    progress.acknowledgeWithEffects(index, mark)
  }

  private async open(): Promise<void> {
    await this.engine.open()
    this.isOpen = true
  }

  /** What a reader of single certificates has left of its page, but for those of a log that another processor has now. */
  private takeRest(): readonly CtCertificate[] {
    const { rest } = this
    this.rest = []
    return rest.filter((certificate) => {
      const claim = this.claims.get(certificate)
      return claim === undefined || !this.lost.has(claim)
    })
  }

  /** `undefined` at the end, and when the source is closed. */
  private async nextPage(): Promise<readonly CtCertificate[] | undefined> {
    const { signal } = this.closing
    while (!signal.aborted) {
      if (this.failure !== undefined) throw this.failure.error
      if (this.pages === undefined) {
        const next = await this.engine.next(signal)
        if (next === undefined) return undefined
        this.pages = next.kind === 'page' ? this.pagesOf(next) : this.replay(next)
      }
      try {
        const { done, value } = await this.pages.next()
        if (done !== true) return value
        this.pages = undefined
      } catch (error) {
        this.failure = { error }
      }
    }
    return undefined
  }

  private async closeNow(): Promise<void> {
    this.closing.abort(closed())
    const { clock, leaseMs } = this.settings
    const { isOpen, opening } = this
    try {
      // Longer would be for nothing: by then another processor may have the logs.
      if (isOpen) await withDeadline(this.commit(), clock, Math.max(leaseMs, SHORTEST_CLOSE_MS), silent)
    } finally {
      await this.engine.close()
      // An attempt that is under way may succeed; nothing is acknowledged before.
      if (!isOpen) void opening?.catch(() => {}).then(() => this.engine.close())
    }
  }

  private async *pagesOf(page: QueuedPage): Pages {
    if (this.lost.has(page.claim)) return
    for await (const certificates of this.reader.pagesOf(page, this.progressOf(page.claim))) {
      for (const certificate of certificates) this.claims.set(certificate, page.claim)
      yield certificates
    }
    this.commitSoon()
  }

  private async *replay({ key, entry }: ReplayedEntry): Pages {
    if (entry.kind === 'refused') return this.reader.refuse(entry, undefined, key)
    if (entry.kind === 'certificate') return yield this.replayedAs(key, entry.certificate)
    const certificate = await this.reader.fetch(entry.log, entry)
    if (certificate === undefined) return this.reader.refuse(entry, entry.log.id, key)
    yield this.replayedAs(key, certificate)
  }

  private replayedAs(key: string, certificate: CtCertificate): readonly CtCertificate[] {
    this.replayed.set(certificate, key)
    this.counts.delivered++
    return [certificate]
  }

  private progressOf(claim: QueueClaim): ClaimProgress {
    const known = this.progress.get(claim)
    if (known !== undefined) return known
    const progress = new ClaimProgress(claim)
    this.progress.set(claim, progress)
    return progress
  }

  /** `undefined` when its claim is lost. */
  private progressWith(certificate: CtCertificate): ClaimProgress | undefined {
    const claim = this.claims.get(certificate)
    return claim && this.progress.get(claim)
  }

  /** Whether it is acknowledged with effects, also where its log is lost since. */
  private hasEffects(certificate: CtCertificate): boolean {
    const claim = this.claims.get(certificate)
    const progress = claim && (this.progress.get(claim) ?? this.lost.get(claim))
    return this.replayedWithEffects.has(certificate) || progress?.hasEffects(certificate.index) === true
  }

  /** Notes what calls before this one have done. */
  private noteBefore({ claim, effectsTo }: ClaimProgress, caller: HandlingModule): void {
    const before = this.effectsBefore.get(caller) ?? new Map<QueueClaim, number>()
    if (!before.has(claim)) this.effectsBefore.set(caller, before.set(claim, effectsTo))
  }

  /** Whether the effects that an entry has are of another call than this one. */
  private hadEffectsBefore(certificate: CtCertificate, caller: HandlingModule): boolean {
    if (this.replayedWithEffects.has(certificate)) return this.replayedWithEffects.get(certificate) !== caller
    const claim = this.claims.get(certificate)
    const before = claim && this.effectsBefore.get(caller)?.get(claim)
    return before === undefined || certificate.index < before
  }

  private lose(claim: QueueClaim): void {
    const progress = this.progress.get(claim)
    if (progress !== undefined || !this.lost.has(claim)) this.lost.set(claim, progress ?? new ClaimProgress(claim))
    this.progress.delete(claim)
  }

  private commitSoon(): void {
    if (this.isCommitDue || this.closing.signal.aborted) return
    this.isCommitDue = true
    const { clock, commitIntervalMs } = this.settings
    clock
      .sleep(commitIntervalMs, this.closing.signal)
      .then(() => {
        this.isCommitDue = false
        return this.commit()
      })
      .catch((error) => {
        if (!this.closing.signal.aborted) this.failure ??= { error }
      })
  }

  private async commitNow(): Promise<void> {
    const marks = new Map<QueueClaim, Watermark>()
    const moved: [ClaimProgress, Watermark][] = []
    for (const progress of this.progress.values()) {
      const mark = progress.unstored
      if (mark === undefined) continue
      marks.set(progress.claim, mark)
      moved.push([progress, mark])
    }
    for (let key = this.settled[0]; key !== undefined; key = this.settled[0]) {
      await this.engine.settle(key)
      this.settled.shift()
    }
    if (marks.size === 0) return
    const lost = await this.engine.store(marks)
    for (const [progress, mark] of moved) progress.store(mark)
    for (const claim of lost) this.lose(claim)
    const ours = new Set(this.engine.claims)
    for (const { claim } of [...this.progress.values()]) if (!ours.has(claim)) this.lose(claim)
  }
}

const closed = () => new CtStreamError('CT_CLOSED', 'the queue source is closed')

const silent = () =>
  new CtStreamError(
    'CT_SINK_FAILED',
    'the queue was closed, but its engine gave no answer: what was acknowledged last is not stored, and comes again',
    { retryable: true },
  )
