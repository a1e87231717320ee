import { errorOf } from '../../threads/error-record.js'
import { ThreadEnded, type Waiting, WorkerThread } from '../../threads/worker-thread.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { Logger } from '../../types/clock.js'
import { BufferPool } from '../../util/buffer-pool.js'
import { messageOf } from '../../util/message-of.js'
import type { ThreadAnswer } from '../module-call.js'
import type { BatchCall } from './hosted-module.js'
import type { Kept } from './keepsake.js'
import type { BatchResult, FromModuleWorker, HostedSetup, ToModuleWorker } from './messages.js'
import { SentPages } from './sent-pages.js'

/** How many threads may end at one batch before it fails. */
const MAX_ENDS = 3
/** The silence of a thread is measured in so many steps: a pause of the whole process is in one of them. */
const STEPS = 5

/** No thread can be made. */
export class NoThread extends Error {}

interface Pending extends Waiting {
  resolve(message: FromModuleWorker): void
}

/** A batch, and what to do where its module has to be set up first. */
export interface ThreadCall extends BatchCall {
  /** Resolves when the module is set up in a thread. */
  setUpAgain(): Promise<void>
}

interface HostedUse {
  readonly setup: HostedSetup
  readonly log: Logger
}

interface KeptUse extends HostedUse {
  readonly kept: Map<string, Uint8Array>
}

/** A running thread with its modules. */
interface Running {
  readonly worker: WorkerThread<ToModuleWorker, FromModuleWorker, Pending>
  readonly pages: SentPages
  readonly setUps: Map<number, Promise<unknown>>
  /** Batches that it has not answered, in order. */
  readonly given: Set<BatchCall>
  /** The batch that it was at when it ended. */
  stuckAt: BatchCall | undefined
}

type Numbered<T> = T extends { readonly number: number } ? Omit<T, 'number'> : never

/**
 * A thread that runs modules. It starts with the first setup. One that ends, or is silent after a call took too long, is
 * replaced: its modules are set up again, without what they remembered but for what they kept, and get what they had not finished, in order.
 */
export class ModuleThread {
  private readonly file: string
  private readonly logger: Logger | undefined
  private readonly silenceMs: number
  private readonly uses = new Map<number, KeptUse>()
  private readonly pool = new BufferPool((length) => Buffer.from(new SharedArrayBuffer(length)))
  private running: Running | undefined
  /** Why no thread can be made. */
  private trouble: string | undefined
  private isClosed = false

  /** @param silenceMs - How long the thread may be silent when a call has taken too long. */
  constructor(file: string, logger: Logger | undefined, silenceMs = 5000) {
    this.file = file
    this.logger = logger
    this.silenceMs = silenceMs
  }

  add(use: HostedUse): void {
    this.uses.set(use.setup.module, { ...use, kept: new Map() })
  }

  /** What the module has kept so far. */
  keptOf(module: number): Kept {
    return this.uses.get(module)?.kept ?? new Map()
  }

  /** @throws what the module's `setup` throws; {@link NoThread}, {@link ThreadEnded}. */
  async setUp(module: number, signal: AbortSignal): Promise<void> {
    await this.ready(this.run(), module, signal)
  }

  /**
   * @throws what the module's handler for batches throws; what `call.setUpAgain` throws; {@link NoThread}; `signal.reason` if the thread ends
   * after it has aborted.
   */
  async batch(module: number, certificates: readonly CtCertificate[], call: ThreadCall): Promise<BatchResult> {
    for (let ends = 0; ends < MAX_ENDS; ) {
      let running = this.run()
      // Without a pause where it is set up: batches arrive in the order of the calls.
      while (!this.isSetUp(running, module)) {
        await call.setUpAgain()
        running = this.run()
      }
      try {
        return await this.give(running, module, certificates, call)
      } catch (error) {
        if (!(error instanceof ThreadEnded)) throw error
        call.signal.throwIfAborted()
        // Those behind it are not to blame.
        if (running.stuckAt === call) ends++
      }
    }
    throw new Error(`the worker thread ended ${MAX_ENDS} times while it had these certificates`)
  }

  /** Resolves when the thread has answered what it was asked so far, or has ended. One that is silent for too long is ended. */
  async answered(): Promise<ThreadAnswer> {
    return this.running === undefined ? 'ended' : await this.ping(this.running)
  }

  /** Tears a module down, if there is still a thread that runs it. */
  async tearDown(module: number): Promise<void> {
    const { running } = this
    if (running?.setUps.has(module)) await this.ask(running, { kind: 'tear-down', module })
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.isClosed = true
    await this.running?.worker.close()
    this.pool.clear()
  }

  private run(): Running {
    if (this.running !== undefined) return this.running
    if (this.isClosed) throw new Error('the run of the modules has ended')
    if (this.trouble !== undefined) throw new NoThread(this.trouble)
    try {
      const worker: Running['worker'] = new WorkerThread({
        file: this.file,
        name: 'modules',
        onMessage: (message: FromModuleWorker) => this.take(worker, message),
        onEnd: (why) => this.ended(worker.isReady, why),
      })
      const forget = (pages: readonly number[]) => worker.post({ kind: 'forget', pages })
      // Modules are added one after the other, the first when it starts the thread.
      const pages = new SentPages(() => this.uses.size, this.pool, forget)
      this.running = { worker, pages, setUps: new Map(), given: new Set(), stuckAt: undefined }
      return this.running
    } catch (error) {
      this.trouble = messageOf(error)
      throw new NoThread(this.trouble)
    }
  }

  private ended(wasReady: boolean, why: string): void {
    if (this.running !== undefined) [this.running.stuckAt] = this.running.given
    this.running = undefined
    if (wasReady) this.logger?.warn(`the worker thread of modules ended (${why}), and is replaced: they begin anew`)
    else this.trouble = why
  }

  private readonly done = new WeakSet<Promise<unknown>>()

  private isSetUp({ setUps }: Running, module: number): boolean {
    const setUp = setUps.get(module)
    return setUp !== undefined && this.done.has(setUp)
  }

  /** Sets the module up in this thread unless it is. */
  private ready(running: Running, module: number, signal: AbortSignal): Promise<unknown> {
    const begun = running.setUps.get(module)
    if (begun !== undefined) return begun
    const { setup, kept } = this.uses.get(module) as KeptUse
    const setUp = this.ask(running, { kind: 'set-up', ...setup, kept }, signal).catch((error: unknown) => {
      running.setUps.delete(module)
      if (error instanceof ThreadEnded && this.trouble !== undefined) throw new NoThread(this.trouble)
      throw error
    })
    setUp.then(
      () => this.done.add(setUp),
      () => {},
    )
    running.setUps.set(module, setUp)
    return setUp
  }

  private async give(
    running: Running,
    module: number,
    certificates: readonly CtCertificate[],
    call: BatchCall,
  ): Promise<BatchResult> {
    const { attempt, sinceMs, signal } = call
    const { release, ...page } = running.pages.ask(certificates)
    running.given.add(call)
    try {
      const message = await this.ask(running, { kind: 'batch', module, ...page, attempt, sinceMs }, signal)
      if (message.kind !== 'result') throw new Error(`the worker thread answered ${message.kind}`)
      const { found, excess, failed } = message
      return { found, excess, failed: failed && { at: failed.at, error: errorOf(failed.error) } }
    } finally {
      running.given.delete(call)
      release()
    }
  }

  private ask(running: Running, message: Numbered<ToModuleWorker>, signal?: AbortSignal): Promise<FromModuleWorker> {
    const { worker } = running
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        worker.post({ kind: 'abort', number })
        void this.ping(running)
      }
      const done = () => signal?.removeEventListener('abort', onAbort)
      const number = worker.wait({
        resolve: (answer) => {
          done()
          if (answer.kind === 'error') reject(errorOf(answer.error))
          else resolve(answer)
        },
        reject: (reason) => {
          done()
          reject(reason)
        },
      })
      worker.post({ ...message, number } as ToModuleWorker)
      if (signal?.aborted) onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Ends a thread that does not answer: a module blocks it. */
  private async ping(running: Running): Promise<ThreadAnswer> {
    if (running.worker.hasEnded) return 'ended'
    const { silenceMs } = this
    let steps = 0
    const timer = setInterval(() => {
      if (++steps === STEPS) running.worker.kill(`no sign of life for ${silenceMs} ms`)
    }, silenceMs / STEPS)
    try {
      await this.ask(running, { kind: 'ping' })
      return 'answered'
    } catch {
      return 'ended'
    } finally {
      clearInterval(timer)
    }
  }

  private take(worker: Running['worker'], message: FromModuleWorker): void {
    if (message.kind === 'keep') this.uses.get(message.module)?.kept.set(message.key, message.bytes)
    else if (message.kind === 'log') this.uses.get(message.module)?.log[message.level](message.message, message.fields)
    else worker.settle(message.number)?.resolve(message)
  }
}
