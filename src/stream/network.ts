import { reusesConnections } from '../http/connection-reuse.js'
import { createTransport } from '../http/create-transport.js'
import { PRIORITY } from '../http/priority.js'
import { RequestScheduler } from '../http/request-scheduler.js'
import { withRetry } from '../http/retry.js'
import { tracedTransport } from '../http/traced-transport.js'
import type { Transport } from '../http/transport.js'
import { userAgent } from '../http/user-agent.js'
import type { LogClient } from '../logs/client.js'
import type { WorkerSetup } from '../pages/messages.js'
import { ThreadedTransport } from '../pages/threaded-transport.js'
import { workerFile } from '../threads/worker-file.js'
import { VERSION } from '../version.js'
import type { Settings } from './settings.js'

/** How a stream reaches its logs: one transport, and one scheduler for all requests. */
export class Network {
  readonly transport: Transport
  readonly scheduler: RequestScheduler
  private readonly settings: Settings
  private readonly signal: AbortSignal

  /** @param signal - Aborts when the stream is closed. */
  constructor(settings: Settings, signal: AbortSignal) {
    this.settings = settings
    this.signal = signal
    this.scheduler = new RequestScheduler(settings)
    // Enough connections for all requests that the operator's queue lets through.
    const connections = Math.max(16, settings.concurrency.perOperator)
    const setup = { userAgent: userAgent(VERSION, settings.contact), connections }
    const transport = createTransport({
      ...setup,
      keepAlive: reusesConnections,
      dispatcher: settings.dispatcher as never,
      fetch: settings.fetch,
    })
    this.transport = tracedTransport(withThreads(transport, setup, settings), settings.tracing)
  }

  /** The issuer with this SHA-256 from its log; retryable failures are retried. */
  issuer(client: LogClient, fingerprint: Uint8Array): Promise<Uint8Array> {
    const { signal } = this
    const { clock, random } = this.settings
    const schedule = <T>(request: () => Promise<T>) =>
      this.scheduler.run(client.log, { priority: PRIORITY.live, signal }, request)
    return withRetry(() => client.issuer(fingerprint, { signal, schedule }), { clock, random, signal })
  }

  close(): Promise<void> {
    return this.transport.close()
  }
}

/** The same transport; its pages are read by worker threads where these are wanted. */
function withThreads(here: Transport, setup: WorkerSetup, { workers, logger }: Settings): Transport {
  if (workers.count === 0) return here
  const file = workerFile('page-worker.js')
  if (file !== undefined) return new ThreadedTransport({ here, file, ...workers, setup, logger })
  logger.warn('the program of the worker threads was not found (page-worker.js): entries are read in one thread')
  return here
}
