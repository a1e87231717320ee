import { CtStreamError } from '../../errors.js'
import type { LogRequests } from '../../poll/log-requests.js'
import type { Evidence } from '../../types/checkpoint.js'
import type { LogInfo } from '../../types/log.js'
import { evidenceOf } from '../../verify/evidence.js'
import { Attempt } from './attempt.js'
import type { Condition } from './condition.js'
import { Doubt } from './doubt.js'
import { explain } from './explain.js'
import { GaveUp, outOfReach } from './giving-up.js'
import { notServed } from './log-heads.js'
import { type AccusedSession, goOnUnproven } from './on-misbehaviour.js'
import { Patience } from './patience.js'
import type { Pause } from './pause.js'
import { untilProven } from './until-proven.js'

/** The session whose trouble it is. */
export interface TroubledSession extends AccusedSession {
  readonly condition: Condition
  readonly pause: Pause
  readonly log: LogInfo
  readonly requests: LogRequests
  /** Goes back to the proven position, to request everything after it again and bypass caches. */
  rewind(): void
  /** Makes reading aim at other heads than the one whose tree is not served. */
  passOver(): void
  /** Enters the normal state. */
  settle(): void
  /** Something failed, whoever is to blame. */
  troubled(error: CtStreamError): void
}

/** Reacts to what goes wrong with one log: waits, doubts, accuses, gives up. */
export class Trouble {
  /** Whether requests bypass caches, as they do after an answer that contradicted a signature. */
  fresh = false
  readonly attempt: Attempt
  private readonly session: TroubledSession
  private readonly doubt = new Doubt()
  private readonly patience: Patience
  private wasReached = false
  /** When entries were last handed on, elapsed time. */
  private progressedAt: number

  constructor(session: TroubledSession) {
    this.session = session
    const { controller, options } = session
    this.progressedAt = options.settings.elapsed()
    this.patience = new Patience({
      clock: options.clock,
      elapsed: options.settings.elapsed,
      signal: controller.signal,
      limitMs: this.patienceMs,
      onOver: (error) => controller.abort(this.giveUp(error)),
    })
    this.attempt = new Attempt({
      log: () => session.log,
      logHeads: session.logHeads,
      patience: this.patience,
      clock: options.clock,
      elapsed: options.settings.elapsed,
      patienceMs: this.patienceMs,
      controller,
      passOver: () => session.passOver(),
    })
  }

  /** Since when the log has given no answers, or wrong ones; elapsed time. */
  get since(): number | undefined {
    const { since } = this.doubt
    return since === undefined ? this.patience.since : Math.min(since, this.patience.since ?? since)
  }

  /** Since when the log could not be read, elapsed time: heads that it shows and does not serve are no news. Something must have failed. */
  get unreadSince(): number {
    const { since = Number.POSITIVE_INFINITY, progressedAt } = this
    return Math.max(progressedAt, Math.min(since, this.attempt.stuckSince ?? since))
  }

  /** Milliseconds until the next retry, at the earliest; `undefined` when nothing failed, or a request is under way. */
  get retryInMs(): number | undefined {
    if (this.since === undefined) return undefined
    const { requests, pause } = this.session
    return requests.retryInMs ?? pause.leftMs
  }

  /** Whether the log refuses what is requested of it, for another reason than how often it is asked. */
  get isRefused(): boolean {
    return this.patience.isRefused
  }

  /** Whether the log's answers contradict what it signed. */
  get isInDoubt(): boolean {
    return this.doubt.isOpen
  }

  /** How long to wait for a log without progress, milliseconds; for ever where the stream has no end. */
  get patienceMs(): number {
    const { end, endPatienceMs } = this.session.options.settings
    return end === 'never' ? Number.POSITIVE_INFINITY : endPatienceMs
  }

  /** A request failed. */
  failed(error: CtStreamError): void {
    this.patience.failed(error)
    this.meet(error, true)
    void this.attempt.watchHeads()
  }

  /** A request succeeded. */
  answered(): void {
    this.wasReached = true
    this.patience.answered()
  }

  /** Runs a step until its result contradicts nothing; see {@link untilProven}. */
  untilProven(step: (again: boolean) => Promise<void>): Promise<void> {
    const { session, doubt } = this
    const { random, settings } = session.options
    const { elapsed } = settings
    return untilProven(
      async (again) => {
        await this.attempt.byOtherHeads(step, again)
        if (doubt.isSettledAt(elapsed(), session.window.isAdrift)) this.cleared()
      },
      {
        doubt,
        isAboutEntries: () => session.window.held.pages > 0,
        explain: (error) => this.explain(error),
        isSigned: settings.verify !== 'none-unverified',
        trouble: (error, isNews) => this.meet(error, isNews),
        accuse: (error) => this.accuse(error),
        goOnUnproven: (error) => goOnUnproven(error, session, () => this.rewind()),
        rewind: () => this.rewind(),
        sleep: (ms) => session.pause.sleep(ms),
        elapsed,
        patienceMs: this.patienceMs,
        random,
      },
    )
  }

  /** The log's answers agree with what it signed. */
  cleared(): void {
    if (!this.doubt.isOpen) return
    this.doubt.clear()
    this.session.settle()
  }

  /** @throws {@link GaveUp} when a log that lost entries has not grown past them in time. */
  throwIfStuck(): void {
    const { logHeads, options, log, window } = this.session
    const { regress, known } = logHeads
    if (regress.hasLasted(this.patienceMs, options.settings.elapsed())) throw new GaveUp(regress.current?.message)
    if (options.settings.elapsed() - this.progressedAt < this.patienceMs) return
    const { handedOn } = window
    const unserved = known.unserved.all.find((it) => it.head.treeSize > handedOn && it.waitedMs >= this.patienceMs)
    if (unserved !== undefined) throw new GaveUp(notServed(unserved, log).message)
  }

  evidence(error: CtStreamError): Evidence {
    const { log, logHeads, window, options, requests } = this.session
    const now = options.clock.now()
    const { since: begun } = this.doubt
    const since = begun === undefined ? undefined : now - (options.settings.elapsed() - begun)
    return evidenceOf({ log, error, client: requests.client, since }, logHeads.known, window.held, now)
  }

  /** Entries were handed on. */
  progressed(): void {
    this.attempt.progressed()
    this.progressedAt = this.session.options.settings.elapsed()
  }

  /** Reports misbehaviour that does not keep the log from being read. */
  async hold(error: CtStreamError): Promise<void> {
    if (this.session.condition.state === 'waiting') this.session.condition.enter('misbehaving')
    await this.session.options.events.accuse(this.evidence(error), error)
  }

  /** Ends all waits. */
  close(): void {
    this.patience.stop()
    this.attempt.close()
  }

  private meet(error: CtStreamError, isNews: boolean): void {
    const { condition } = this.session
    if (isNews) condition.blocked(error)
    else condition.waits()
    this.session.troubled(error)
  }

  private rewind(): void {
    this.attempt.renew(new CtStreamError('CT_CLOSED', 'asked for again'))
    this.fresh = true
    this.session.rewind()
  }

  private async explain(error: CtStreamError): Promise<CtStreamError> {
    const { log, logHeads, window, requests, controller } = this.session
    if (!window.proves) return error
    // Drops this library's own caches, too: they may hold hashes of the tree before a fork.
    const asking = { fresh: true, signal: controller.signal }
    return await explain(error, { log, heads: logHeads.known, held: window.held, requests, asking })
  }

  private async accuse(error: CtStreamError): Promise<void> {
    const { condition, logHeads, options } = this.session
    const evidence = this.evidence(error)
    logHeads.known.accuse()
    this.doubt.accused = true
    condition.enter('misbehaving')
    await options.events.accuse(evidence, error)
  }

  private giveUp(error: CtStreamError): GaveUp {
    const { logHeads, log } = this.session
    const back = logHeads.regress.current
    return back === undefined ? outOfReach(log, error, this.patienceMs, this.wasReached) : new GaveUp(back.message)
  }
}
