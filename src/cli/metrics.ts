import type { MetricsEndpoint } from '../metrics/endpoint.js'
import type { Logger } from '../types/clock.js'
import type { CommandContext } from './command.js'
import { usageError } from './flags/usage-error.js'

/**
 * The endpoint for Prometheus at `--metrics-port`, listening; `undefined` without the flag, and then nothing is loaded.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag: a host without a port, a port that is taken.
 */
export async function metricsEndpoint(
  { values }: CommandContext,
  logger: Logger,
): Promise<MetricsEndpoint | undefined> {
  const port = values.integer('metrics-port', 0, 65_535)
  if (port === undefined) {
    if (values.has('metrics-host')) throw usageError(`${values.from('metrics-host')} needs --metrics-port`)
    return undefined
  }
  const { MetricsEndpoint } = await import('../metrics/endpoint.js')
  const endpoint = new MetricsEndpoint()
  try {
    logger.info('metrics', { url: await endpoint.listen(values.text('metrics-host') ?? '127.0.0.1', port) })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw usageError(`${values.from('metrics-port')}: cannot listen there: ${reason}`, cause)
  }
  return endpoint
}
