import { CtStreamError } from '../../errors.js'
import type { ConfiguredModule } from '../../modules/definition.js'
import { runModules } from '../../modules/run-modules.js'
import type { Logger } from '../../types/clock.js'
import type { QueueSource } from '../../types/queue.js'
import type { CliIo } from '../io.js'

/** After a signal: how long modules may take to finish their entries, and to close. Milliseconds. */
const DRAIN_TIMEOUT_MS = 2500
const TEARDOWN_TIMEOUT_MS = 1000

export interface ProcessOptions {
  readonly source: QueueSource
  readonly modules: readonly ConfiguredModule[]
  /** See `RunModulesOptions`. */
  readonly threads: number
  readonly io: Pick<CliIo, 'clock' | 'stop'>
  readonly logger: Logger
}

/** The role `processor`: gives entries that collectors have written to modules, until `io.stop` aborts. Findings go to outputs among them. */
export async function processQueue({ source, modules, threads, io, logger }: ProcessOptions): Promise<void> {
  const { clock, stop: signal } = io
  const run = runModules(source, modules, {
    logger,
    signal,
    clock,
    threads,
    drainTimeoutMs: DRAIN_TIMEOUT_MS,
    teardownTimeoutMs: TEARDOWN_TIMEOUT_MS,
  })
  try {
    await run.done
  } catch (error) {
    if (!(signal.aborted && CtStreamError.is(error) && error.code === 'CT_CLOSED')) throw error
  }
}
