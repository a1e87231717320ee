import { isOfBytes } from '../../decode/decode-entry.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { Clock, Logger } from '../../types/clock.js'
import type { PreparedModule } from '../configure.js'
import type { Module } from '../definition.js'
import { CertificateFailed, type ModuleCall } from '../module-call.js'
import { HostedModule } from './hosted-module.js'
import type { BatchResult } from './messages.js'
import { type ModuleThread, NoThread } from './module-thread.js'
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
  /** The module in this thread, once it has come here. */
  private here: Promise<HostedModule> | undefined

  constructor(options: ThreadedModuleOptions) {
    this.options = options
    this.isOneByOne = options.prepared.definition.onCertificate !== undefined
  }

  async setUp({ log, signal }: ModuleCall): Promise<void> {
    const { prepared, thread, number } = this.options
    const { name, options, limits } = prepared
    this.log = log
    const setup = {
      module: number,
      make: threadName(prepared.definition) as ThreadableName,
      name,
      options,
      maxFindings: limits.maxFindings,
    }
    thread.add({ setup, log })
    try {
      await thread.setUp(number, signal)
    } catch (error) {
      if (!(error instanceof NoThread)) throw error
      await this.comeHere(`no worker thread can be made (${error.message})`, signal)
    }
  }

  async batch(certificates: readonly CtCertificate[], call: ModuleCall): Promise<void> {
    if (this.here === undefined && !certificates.every(isOfBytes))
      void this.comeHere('certificates without the bytes of their entry cannot go to another thread', call.stop)
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
    else await (await this.here).tearDown()
  }

  private async resultOf(certificates: readonly CtCertificate[], call: ModuleCall): Promise<BatchResult> {
    if (this.here === undefined)
      try {
        return await this.options.thread.batch(this.options.number, certificates, call)
      } catch (error) {
        if (!(error instanceof NoThread)) throw error
        if (this.here === undefined) void this.comeHere(`no worker thread can be made (${error.message})`, call.stop)
      }
    const here = this.here as Promise<HostedModule> | undefined
    return await ((await here) as HostedModule).batch(certificates, call)
  }

  /** Goes on in this thread, from now on. What was remembered in the other one is lost. */
  private comeHere(why: string, signal: AbortSignal): Promise<HostedModule> {
    const { prepared, thread, number, clock } = this.options
    const { definition, name, options, limits } = prepared
    this.log?.warn(`${why}: it goes on in this one`)
    const log = this.log as Logger
    const hosted = new HostedModule({ definition, name, options, maxFindings: limits.maxFindings, log, clock })
    const begin = async () => {
      await thread.tearDown(number).catch(() => {})
      await hosted.setUp(signal)
      return hosted
    }
    this.here = begin()
    // Every batch that waits for it is rejected with the error.
    this.here.catch(() => {})
    return this.here
  }
}
