import { CtStreamError } from '../../errors.js'
import type { Exposition } from '../../metrics/exposition.js'
import type { ConfiguredModule } from '../../modules/definition.js'
import { runModules } from '../../modules/run-modules.js'
import type { AcknowledgedSource } from '../../modules/source.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { Clock, Logger } from '../../types/clock.js'
import type { FindingFormat } from '../formats/finding.js'
import type { Output } from '../terminal/output.js'
import { printer } from './printer.js'

export interface RunOptions {
  readonly modules: readonly ConfiguredModule[]
  /** See `RunModulesOptions`. */
  readonly threads?: number
  /** Format of findings on stdout; `undefined` when they go elsewhere. */
  readonly format: FindingFormat | undefined
  readonly output: Output
  /** Certificates to give to the modules, at most; default: all. */
  readonly limit: number | undefined
  readonly logger: Logger
  readonly metrics?: Exposition | undefined
  /** Asks to finish. */
  readonly stop: AbortSignal
  readonly clock: Clock
}

/** After a signal: how long modules may take to finish their entries, and to close. Together less than the 5 s promised for all of it. */
const DRAIN_TIMEOUT_MS = 2500
const TEARDOWN_TIMEOUT_MS = 1000

/**
 * Gives a stream to modules, and writes their findings to stdout if there is a format, until the stream ends, the limit is reached, stdout is
 * closed, or `stop` aborts.
 */
export async function runThroughModules(stream: AcknowledgedSource, options: RunOptions): Promise<void> {
  const { modules, threads = 0, format, output, limit, logger, metrics, stop, clock } = options
  const printed = format === undefined ? [] : [printer(output, format)]
  const run = runModules(limited(stream, limit), [...modules, ...printed], {
    logger,
    signal: stop,
    clock,
    threads,
    drainTimeoutMs: DRAIN_TIMEOUT_MS,
    teardownTimeoutMs: TEARDOWN_TIMEOUT_MS,
  })
  metrics?.attachModules(run)
  try {
    await run.done
  } catch (error) {
    const isStopped = stop.aborted && CtStreamError.is(error) && error.code === 'CT_CLOSED'
    if (!output.isClosed && !isStopped) throw error
  } finally {
    for (const { name, certificates, findings, emitted, dropped, errors } of run.status().modules)
      logger.info(`module ${name}`, { certificates, findings, emitted, dropped, errors })
  }
}

/** The first `limit` certificates of a source. The source stays open after them, so that they can be acknowledged. */
function limited(source: AcknowledgedSource, limit = Number.POSITIVE_INFINITY): AcknowledgedSource {
  async function* batches(): AsyncGenerator<readonly CtCertificate[]> {
    const pages = source.batches()
    for (let left = limit; left > 0; ) {
      const { done, value } = await pages.next()
      if (done) return
      const taken = value.slice(0, left)
      left -= taken.length
      yield taken
    }
  }
  return {
    batches,
    [Symbol.asyncIterator]: () => source[Symbol.asyncIterator](),
    acknowledge: (certificate) => source.acknowledge(certificate),
    acknowledgement: source.acknowledgement,
    close: () => source.close(),
  }
}
