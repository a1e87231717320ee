import { workerFile } from '../../threads/worker-file.js'
import type { Clock, Logger } from '../../types/clock.js'
import type { PreparedModule } from '../configure.js'
import { ModuleThread } from './module-thread.js'
import { threadName } from './threadable.js'
import { threadedModule } from './threaded-module.js'

export interface InThreadsOptions {
  /** Most threads. */
  readonly threads: number
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger | undefined
}

/** Modules, some of them run by threads. */
export interface InThreads {
  readonly modules: readonly PreparedModule[]
  /** Ends the threads. */
  close(): Promise<void>
}

/** Has threads run the modules that can: each the first with the fewest. The others, and their order, stay as they are. */
export function inThreads(modules: readonly PreparedModule[], options: InThreadsOptions): InThreads {
  const { threads, clock, random, logger } = options
  const none = { modules, close: async () => {} }
  const able = modules.filter(({ definition, wantsCertificates }) => wantsCertificates && threadName(definition))
  if (threads === 0 || able.length === 0) return none
  const file = workerFile('module-worker.js')
  if (file === undefined) {
    logger?.warn('the program of the worker threads was not found (module-worker.js): modules run in one thread')
    return none
  }
  const made = Array.from({ length: Math.min(threads, able.length) }, () => new ModuleThread(file, logger))
  const threaded = modules.map((prepared) => {
    const number = able.indexOf(prepared)
    const thread = made[number % made.length]
    return thread === undefined || number < 0 ? prepared : threadedModule({ prepared, thread, number, clock, random })
  })
  return {
    modules: threaded,
    async close() {
      await Promise.all(made.map((thread) => thread.close()))
    },
  }
}
