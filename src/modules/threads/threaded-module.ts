import { isOfBytes } from '../../decode/decode-entry.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { Clock, Logger } from '../../types/clock.js'
import type { PreparedModule } from '../configure.js'
import type { Module } from '../definition.js'
import { CertificateFailed, type ModuleCall } from '../module-call.js'
import { HostedModule } from './hosted-module.js'
import type { BatchResult } from './messages.js'
import { type ModuleThread, NoThread } from './module-thread.js'
import { setUpAgain } from './set-up-again.js'
import { type ThreadableName, threadName } from './threadable.js'

/** Calls under way at the same time, so that the thread has the next page when it has finished one. It takes them in order. */
const UNDER_WAY = 3

/**
 * Most certificates that wait for it: with fewer, each thread waits for the other where one pauses; with more, it works no faster, and those that
 * wait for long cost a lot to keep.
 */
const MOST_WAITING = 4096

export interface ThreadedModuleOptions {
  readonly prepared: PreparedModule
  readonly thread: ModuleThread
  /** Identifies it in the thread. */
  readonly number: number
  readonly clock: Clock
  /** Uniform in [0, 1), for waits between attempts to set it up again. */
  readonly random: () => number
}

/**
 * The same module with handlers that have a thread do the work. Where no thread can be made, or certificates come whose bytes are not at
 * hand, it goes on in this thread.
 */
export function threadedModule(options: ThreadedModuleOptions): PreparedModule {
  const { prepared } = options
  const { definition, limits } = prepared
  const module = new ThreadedModule(options)
  const threaded: Module = {
    ...definition,
    with: definition.with,
    setup: (context) => module.setUp(context as ModuleCall),
    onBatch: (certificates, context) => module.batch(certificates, context as ModuleCall),
    teardown: () => module.tearDown(),
    // For a single certificate that is tried again.
    ...(definition.onCertificate !== undefined && {
      onCertificate: (certificate, context) => module.single(certificate, context as ModuleCall),
    }),
  }
  return {
    ...prepared,
    definition: threaded,
    limits: {
      ...limits,
      concurrency: Math.max(UNDER_WAY, limits.concurrency),
      queueEntries: Math.min(MOST_WAITING, limits.queueEntries),
    },
    // In this thread it would hold up the source, too.
    whenFull: 'block',
  }
}

class ThreadedModule {
  private readonly options: ThreadedModuleOptions
  private readonly isOneByOne: boolean
  private log: Logger | undefined
  private rememberFindingsMs = 0
  /** The module in this thread, once it has come here. */
  private here: Promise<HostedModule> | undefined
  private isSetUpHere = false
  /** While it is set up in another thread than before. */
  private again: Promise<void> | undefined

  constructor(options: ThreadedModuleOptions) {
    this.options = options
    this.isOneByOne = options.prepared.definition.onCertificate !== undefined
  }

  async setUp({ log, signal, rememberFindingsMs }: ModuleCall): Promise<void> {
    const { prepared, thread, number } = this.options
    const { name, options, limits } = prepared
    this.log = log
    this.rememberFindingsMs = rememberFindingsMs
    const setup = {
      module: number,
      make: threadName(prepared.definition) as ThreadableName,
      name,
      options,
      maxFindings: limits.maxFindings,
      rememberFindingsMs,
    }
    thread.add({ setup, log })
    try {
      await thread.setUp(number, signal)
    } catch (error) {
      if (!(error instanceof NoThread)) throw error
      await this.comeHere(`no worker thread can be made (${error.message})`, (hosted) => hosted.setUp(signal))
    }
  }

  async batch(certificates: readonly CtCertificate[], call: ModuleCall): Promise<void> {
    if (this.here === undefined && !certificates.every(isOfBytes))
      this.comeHereAgain('certificates without the bytes of their entry cannot go to another thread', call)
    const { found, excess, failed } = await this.resultOf(certificates, call)
    let before: number | undefined
    for (const [at, draft] of found) {
      if (this.isOneByOne && at !== before) call.beginNext()
      before = at
      call.emit({ ...draft, certificate: certificates[at] as CtCertificate })
    }
    call.leaveOut(excess)
    if (failed !== undefined) throw new CertificateFailed(failed.at, failed.error)
  }

  async single(certificate: CtCertificate, call: ModuleCall): Promise<void> {
    try {
      await this.batch([certificate], call)
    } catch (error) {
      throw error instanceof CertificateFailed ? error.cause : error
    }
  }

  async tearDown(): Promise<void> {
    if (this.here === undefined) await this.options.thread.tearDown(this.options.number)
    // Nothing to tear down where the run ended before it was set up here.
    else await (await this.here.catch(() => undefined))?.tearDown()
  }

  private async resultOf(certificates: readonly CtCertificate[], call: ModuleCall): Promise<BatchResult> {
    if (this.here === undefined)
      try {
        const { attempt, sinceMs, signal } = call
        const setUpAgain = () => call.pauseFor(this.setUpAgain(call))
        call.answered = () => this.options.thread.answered()
        return await this.options.thread.batch(this.options.number, certificates, {
          ...{ attempt, sinceMs, signal, setUpAgain },
        })
      } catch (error) {
        if (!(error instanceof NoThread)) throw error
        if (this.here === undefined) this.comeHereAgain(`no worker thread can be made (${error.message})`, call)
      } finally {
        call.answered = undefined
      }
    const here = this.here as Promise<HostedModule> | undefined as Promise<HostedModule>
    const hosted = await (this.isSetUpHere ? here : call.pauseFor(here))
    return await hosted.batch(certificates, call)
  }

  /** Sets it up in the thread that replaces the one before. Once for all calls that wait for it. */
  private setUpAgain({ stop }: ModuleCall): Promise<void> {
    const { thread, number, clock, random } = this.options
    this.again ??= setUpAgain((signal) => thread.setUp(number, signal), {
      ...{ clock, random, log: this.log as Logger, stop },
    }).finally(() => {
      this.again = undefined
    })
    return this.again
  }

  private comeHereAgain(why: string, { stop }: ModuleCall): void {
    const { thread, number, clock, random } = this.options
    const options = { clock, random, log: this.log as Logger, stop }
    const keepsake = { before: thread.keptOf(number), keep() {} }
    void this.comeHere(why, (hosted) => setUpAgain((signal) => hosted.setUp(signal, keepsake), options))
  }

  /** Goes on in this thread, from now on. What was remembered in the other one is lost. */
  private comeHere(why: string, setUp: (hosted: HostedModule) => Promise<void>): Promise<HostedModule> {
    const { prepared, thread, number, clock } = this.options
    const { definition, name, options, limits } = prepared
    this.log?.warn(`${why}: it goes on in this one`)
    const hosted = new HostedModule({
      ...{ definition, name, options, maxFindings: limits.maxFindings, rememberFindingsMs: this.rememberFindingsMs },
      log: this.log as Logger,
      clock,
    })
    const begin = async () => {
      await thread.tearDown(number).catch(() => {})
      await setUp(hosted)
      this.isSetUpHere = true
      return hosted
    }
    this.here = begin()
    // Every batch that waits for it is rejected with the error.
    this.here.catch(() => {})
    return this.here
  }
}
