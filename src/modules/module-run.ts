import { rawOf } from '../decode/decode-entry.js'
import { CtStreamError } from '../errors.js'
import { KeyMemory } from '../filter/key-memory.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CertificateJson } from '../types/certificate-json.js'
import type { Clock, Logger } from '../types/clock.js'
import type { FindingDraft } from '../types/finding.js'
import type { CallFor } from '../types/handling-module.js'
import { abortable, quietController } from '../util/abort.js'
import { elapsedOf } from '../util/clock.js'
import { Acknowledger, NO_TICKET, type Ticket } from './acknowledger.js'
import { checkDraft } from './finding.js'
import { rememberCertificate } from './finding-certificate.js'
import { outcomeOf } from './patient-call.js'
import type { ModuleRun, RunModulesOptions } from './run-modules.js'
import { ModuleRunner } from './runner/module-runner.js'
import type { RunnerHost } from './runner/runner-host.js'
import type { PagedSource, Parking } from './source.js'
import type { InThreads } from './threads/in-threads.js'

/** Certificates handed out before yielding to the event loop. */
const TURN = 256
/** Estimated bytes of a queued certificate besides its DER. */
const OVERHEAD = 512

export type RunSettings = Required<Omit<RunModulesOptions, 'logger' | 'signal' | 'threads'>> & {
  readonly logger: Logger | undefined
}

/** Reads a source, gives certificates to modules, passes findings on, and acknowledges what all have finished. */
export class Run implements RunnerHost {
  readonly clock: Clock
  readonly elapsed: () => number
  readonly random: () => number
  readonly logger: Logger | undefined
  private readonly settings: RunSettings
  private readonly source: PagedSource
  private readonly runners: ModuleRunner[] = []
  private readonly acknowledger: Acknowledger | undefined
  private readonly remembered: KeyMemory
  /** Keys of the findings about each certificate, if the source may give it again to this run. */
  private readonly keys = new WeakMap<CtCertificate, Uint8Array[]>()
  private readonly jsons = new WeakMap<CtCertificate, CertificateJson>()
  /** Aborts when reading must stop. */
  private readonly ending = quietController()
  /** Aborts when all work must stop. */
  private readonly stopped = quietController()
  private readonly closeThreads: () => Promise<void>
  private failure: { readonly error: unknown } | undefined
  private certificates = 0

  /** @param modules - In order, some of them run by threads. */
  constructor(source: PagedSource, modules: InThreads, settings: RunSettings) {
    this.source = source
    this.closeThreads = () => modules.close()
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
    for (const module of modules.modules) this.runners.push(new ModuleRunner(module, this))
  }

  get parking(): Parking | undefined {
    return this.source.parking
  }

  get callFor(): CallFor | undefined {
    return this.source.callFor
  }

  get waitedFor(): number {
    return this.runners.filter(({ prepared }) => prepared.isWaitedFor).length
  }

  get rememberFindingsMs(): number {
    return this.settings.rememberFindingsMs
  }

  get stop(): AbortSignal {
    return this.stopped.signal
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
    if (this.parking !== undefined) this.noteKey(certificate, checked.key)
    const finding = checked.finish(json, this.clock.now())
    rememberCertificate(finding, certificate)
    const item = { finding, certificate, ticket, bytes: bytesOf(certificate) * 2 }
    for (const runner of this.listeners(from)) runner.giveFinding(item)
    return true
  }

  /** All of them, also those that were delivered: modules in between may have findings that follow from these. */
  forget(certificate: CtCertificate): void {
    for (const key of this.keys.get(certificate) ?? []) this.remembered.delete(key)
    this.keys.delete(certificate)
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
    await this.closeThreads()
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

  /** Awaits a promise; `undefined` when the run ends first. */
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
    // In order, since each may report to later modules.
    for (const runner of this.runners) await runner.drain()
    watch.abort()
    await this.closeSource()
    for (const runner of this.runners.toReversed()) await runner.tearDown(this.settings.teardownTimeoutMs)
    this.stopped.abort(ended())
  }

  /** After reading was stopped, bounds the time for remaining work. */
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

  private noteKey(certificate: CtCertificate, key: Uint8Array): void {
    const keys = this.keys.get(certificate)
    if (keys === undefined) this.keys.set(certificate, [key])
    else keys.push(key)
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

const bytesOf = (certificate: CtCertificate): number =>
  certificate.leafInput.length + (rawOf(certificate)?.extra.byteLength ?? 0) + OVERHEAD

const ended = () => new CtStreamError('CT_CLOSED', 'the run of the modules has ended')
