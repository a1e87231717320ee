import { CtStreamError } from '../errors.js'
import { KeyMemory } from '../filter/key-memory.js'
import type { CertificateJson, CtCertificate } from '../types/certificate.js'
import type { Clock, Logger } from '../types/clock.js'
import type { FindingDraft } from '../types/finding.js'
import { abortable, quietController } from '../util/abort.js'
import { elapsedOf, systemClock } from '../util/clock.js'
import { integerOption, objectOption } from '../util/options.js'
import { Acknowledger, NO_TICKET, type Ticket } from './acknowledger.js'
import { prepareModules } from './configure.js'
import type { ConfiguredModule, Module } from './definition.js'
import { checkDraft } from './finding.js'
import { outcomeOf } from './patient-call.js'
import { ModuleRunner } from './runner/module-runner.js'
import type { RunnerHost } from './runner/runner-host.js'
import { type ModuleSource, type PagedSource, pagedSource } from './source.js'
import type { ModulesStatus } from './status.js'

/** Options of {@link runModules}; all optional. */
export interface RunModulesOptions {
  /** Default: silent. Each module's messages begin with its name in brackets. */
  readonly logger?: Logger
  /** Stops the run, as `stop()` does. */
  readonly signal?: AbortSignal
  /** How long one `setup` may take, milliseconds, 10 to 86,400,000. Default 60,000. */
  readonly setupTimeoutMs?: number
  /**
   * After `stop()`, or a failure: how long modules may work on what they have, milliseconds, 0 to 86,400,000. What is not finished by
   * then is not acknowledged. Default 30,000. At the end of the source there is no such bound: all is finished, or `stop()` is called.
   */
  readonly drainTimeoutMs?: number
  /** How long one `teardown`, and closing the source, may take, milliseconds, 10 to 86,400,000. Default 10,000. */
  readonly teardownTimeoutMs?: number
  /**
   * Findings remembered so that they are not reported again, the oldest forgotten first. 1 to 50,000,000, default 100,000, in 48 bytes
   * each.
   */
  readonly rememberedFindings?: number
  /** … and for how long, milliseconds, 1000 to 31,536,000,000. Default a day. */
  readonly rememberFindingsMs?: number
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Uniform in [0, 1), for waits between attempts. Default `Math.random`. */
  readonly random?: () => number
}

/** Modules at work. */
export interface ModuleRun extends AsyncDisposable {
  /**
   * Resolves when the source has ended, or `stop()` was called, and every module is torn down. Rejects, after the same, with what
   * ended the run: `CT_MODULE_FAILED` of a module, or what the source threw.
   */
  readonly done: Promise<void>
  status(): ModulesStatus
  /** Reads no more, lets modules finish what they have, tears them down and closes the source. Idempotent; settles as `done` does. */
  stop(): Promise<void>
}

const OPTIONS = [
  'logger',
  'signal',
  'setupTimeoutMs',
  'drainTimeoutMs',
  'teardownTimeoutMs',
  'rememberedFindings',
  'rememberFindingsMs',
  'clock',
  'random',
] as const
const DAY = 86_400_000
/** Certificates after which everybody else has a turn. */
const TURN = 256
/** Of a certificate in a queue, beside its bytes. */
const OVERHEAD = 512

/**
 * Gives every certificate of a source to modules.
 *
 * Modules are set up in order, then each works at its own pace from its own queue, so that one that is slow, throws or hangs holds up
 * no other as long as its queue has room. When a queue is full, a module that nobody waits for is left out of what comes (or the source
 * waits, `limits.whenFull`); for a module with `acknowledge: true` the source always waits, and so do those that report to it.
 *
 * Of a `CtStream` with `acknowledge: 'manual'`, an entry is acknowledged when every module that asked is finished with it and with all
 * that was reported about it; when none asked, as soon as it is handed out. What was not acknowledged comes again after a restart.
 *
 * The source is closed at the end.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` and `CT_MODULE_INVALID` at once, before anything runs.
 */
export function runModules(
  source: ModuleSource,
  modules: readonly (Module | ConfiguredModule)[],
  options: RunModulesOptions = {},
): ModuleRun {
  const given = objectOption<RunModulesOptions>('options', options, OPTIONS)
  const ms = (name: keyof RunModulesOptions, min: number, fallback: number) =>
    integerOption(name, given[name], min, DAY, fallback)
  const prepared = prepareModules(modules)
  const run = new Run(
    pagedSource(
      source,
      prepared.some(({ isWaitedFor }) => isWaitedFor),
    ),
    {
      logger: given.logger,
      clock: given.clock ?? systemClock,
      random: given.random ?? Math.random,
      setupTimeoutMs: ms('setupTimeoutMs', 10, 60_000),
      drainTimeoutMs: ms('drainTimeoutMs', 0, 30_000),
      teardownTimeoutMs: ms('teardownTimeoutMs', 10, 10_000),
      rememberedFindings: integerOption('rememberedFindings', given.rememberedFindings, 1, 50_000_000, 100_000),
      rememberFindingsMs: integerOption('rememberFindingsMs', given.rememberFindingsMs, 1000, 365 * DAY, DAY),
    },
  )
  for (const module of prepared) run.add(module)
  return run.start(given.signal)
}

type Settings = Required<Omit<RunModulesOptions, 'logger' | 'signal'>> & { readonly logger: Logger | undefined }

class Run implements RunnerHost {
  readonly clock: Clock
  readonly elapsed: () => number
  readonly random: () => number
  readonly logger: Logger | undefined
  private readonly settings: Settings
  private readonly source: PagedSource
  private readonly runners: ModuleRunner[] = []
  private readonly acknowledger: Acknowledger | undefined
  private readonly remembered: KeyMemory
  private readonly jsons = new WeakMap<CtCertificate, CertificateJson>()
  /** Aborts when nothing more is read. */
  private readonly ending = quietController()
  /** Aborts when nothing more is worked on. */
  private readonly stopped = quietController()
  private failure: { readonly error: unknown } | undefined
  private certificates = 0

  constructor(source: PagedSource, settings: Settings) {
    this.source = source
    this.settings = settings
    this.clock = settings.clock
    this.elapsed = elapsedOf(settings.clock)
    this.random = settings.random
    this.logger = settings.logger
    const { acknowledge } = source
    this.acknowledger = acknowledge && new Acknowledger((certificate) => this.acknowledge(acknowledge, certificate))
    this.remembered = new KeyMemory({
      maxEntries: settings.rememberedFindings,
      ttlMs: settings.rememberFindingsMs,
      random: settings.random,
    })
  }

  get stop(): AbortSignal {
    return this.stopped.signal
  }

  add(module: ConstructorParameters<typeof ModuleRunner>[0]): void {
    this.runners.push(new ModuleRunner(module, this))
  }

  start(signal: AbortSignal | undefined): ModuleRun {
    const end = () => this.ending.abort()
    if (signal?.aborted) end()
    signal?.addEventListener('abort', end, { once: true })
    const done = this.runAll().finally(() => signal?.removeEventListener('abort', end))
    return {
      done,
      status: () => ({
        modules: this.runners.map((runner) => runner.status()),
        certificates: this.certificates,
        unacknowledged: this.acknowledger?.unfinished ?? 0,
      }),
      stop: () => {
        end()
        return done
      },
      [Symbol.asyncDispose]: () => {
        end()
        return done
      },
    }
  }

  report(from: ModuleRunner, draft: FindingDraft, certificate: CtCertificate, ticket: Ticket): boolean {
    const checked = checkDraft(from.name, draft, certificate)
    const now = this.elapsed()
    if (this.remembered.has(checked.key, now)) return false
    const json = this.jsonOf(certificate)
    this.remembered.add(checked.key, now)
    const finding = checked.finish(json, this.clock.now())
    const item = { finding, certificate, ticket, bytes: bytesOf(certificate) * 2 }
    for (const runner of this.listeners(from)) runner.giveFinding(item)
    return true
  }

  hasRoomBehind(from: ModuleRunner): boolean {
    for (const runner of this.listeners(from)) if (!runner.hasRoom) return false
    return true
  }

  async roomBehind(from: ModuleRunner): Promise<void> {
    for (const runner of this.listeners(from)) await runner.room()
  }

  fail(error: unknown): void {
    this.failure ??= { error }
    this.ending.abort()
  }

  private async runAll(): Promise<void> {
    try {
      await this.setUp()
      await this.read()
    } catch (error) {
      this.fail(error)
    }
    await this.end()
    if (this.failure !== undefined) throw this.failure.error
  }

  private async setUp(): Promise<void> {
    for (const runner of this.runners) {
      if (this.ending.signal.aborted) return
      try {
        await runner.setUp(this.settings.setupTimeoutMs, this.ending.signal)
      } catch (error) {
        if (this.ending.signal.aborted) return
        throw error
      }
    }
    for (const runner of this.runners) runner.start()
  }

  private async read(): Promise<void> {
    const { signal } = this.ending
    const readers = this.runners.filter(({ prepared }) => prepared.wantsCertificates)
    for (let sinceTurn = 0; !signal.aborted; ) {
      for (const runner of readers) await this.orEnd(runner.room())
      const page = await this.orEnd(this.source.next())
      if (page === undefined) return
      this.give(page, readers)
      sinceTurn += page.length
      if (sinceTurn < TURN) continue
      sinceTurn = 0
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  private give(certificates: readonly CtCertificate[], readers: readonly ModuleRunner[]): void {
    this.certificates += certificates.length
    const ticket = this.acknowledger?.open(certificates) ?? NO_TICKET
    const bytesEach = certificates.reduce((sum, certificate) => sum + bytesOf(certificate), 0) / certificates.length
    for (const runner of readers) runner.give({ certificates, ticket, bytesEach })
    ticket.release()
  }

  /** What it comes to; `undefined` when the run is to end before. */
  private async orEnd<T>(promise: Promise<T>): Promise<T | undefined> {
    try {
      return await abortable(promise, this.ending.signal)
    } catch (error) {
      if (!this.ending.signal.aborted) throw error
      promise.catch(() => {}) // nobody waits for it any more
      return undefined
    }
  }

  private async end(): Promise<void> {
    const watch = quietController()
    this.stopInTime(watch.signal).catch(() => {})
    // In order, as each may report to those behind it.
    for (const runner of this.runners) await runner.drain()
    watch.abort()
    await this.closeSource()
    for (const runner of this.runners.toReversed()) await runner.tearDown(this.settings.teardownTimeoutMs)
    this.stopped.abort(ended())
  }

  /** Where reading was stopped, there is a bound to what is worked on after it. */
  private async stopInTime(signal: AbortSignal): Promise<void> {
    const { ending } = this
    if (!ending.signal.aborted) {
      const aborted = new Promise<void>((resolve) => {
        ending.signal.addEventListener('abort', () => resolve(), { once: true, signal })
      })
      await abortable(aborted, signal)
    }
    const { drainTimeoutMs } = this.settings
    if (drainTimeoutMs > 0) await this.clock.sleep(drainTimeoutMs, signal)
    this.stopped.abort(ended())
  }

  private async closeSource(): Promise<void> {
    const never = new AbortController().signal
    const { teardownTimeoutMs } = this.settings
    const outcome = await outcomeOf(this.source.close(), this.clock, teardownTimeoutMs, never)
    if (outcome.kind === 'failed') this.fail(outcome.error)
    if (outcome.kind === 'timeout') this.logger?.warn(`the source did not close within ${teardownTimeoutMs} ms`)
  }

  private acknowledge(acknowledge: (certificate: CtCertificate) => void, certificate: CtCertificate): void {
    try {
      acknowledge(certificate)
    } catch (error) {
      this.fail(error)
    }
  }

  private *listeners(from: ModuleRunner): Generator<ModuleRunner> {
    for (let i = this.runners.indexOf(from) + 1; i < this.runners.length; i++) {
      const runner = this.runners[i] as ModuleRunner
      if (runner.prepared.wantsFindings) yield runner
    }
  }

  private jsonOf(certificate: CtCertificate): CertificateJson {
    let json = this.jsons.get(certificate)
    if (json === undefined) {
      json = certificate.toJSON()
      this.jsons.set(certificate, json)
    }
    return json
  }
}

const bytesOf = (certificate: CtCertificate): number => certificate.leafInput.length + OVERHEAD

const ended = () => new CtStreamError('CT_CLOSED', 'the run of the modules has ended')
