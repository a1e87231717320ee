import { askedStream } from './asked-stream.js'
import type { CommandContext } from './command.js'
import { hasModules } from './flags/module-flag.js'
import { usageError } from './flags/usage-error.js'
import { metricsEndpoint } from './metrics.js'
import { patientPump } from './patient-pump.js'
import { commandLogger } from './terminal/report.js'

/**
 * Writes the stream of the flags to the sink of `--sink`, until it ends or `io.stop` aborts.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, also beside modules of a config file; what `pump` throws.
 */
export async function toSink(context: CommandContext): Promise<void> {
  const { io, values, config } = context
  if (hasModules(context))
    throw usageError(
      `${values.from('sink')} and modules in ${config?.path} exclude each other: a sink gets entries, and no module does`,
    )
  const request = await askedStream(context)
  const [{ openSink }, { ctStream }] = await Promise.all([
    import('../sinks/index.js'),
    import('../stream/ct-stream.js'),
  ])
  const sink = await openSink(values.text('sink') ?? '')
  const logger = commandLogger(context)
  const endpoint = await metricsEndpoint(context, logger)
  try {
    await patientPump({
      ...{ sink, stop: io.stop, clock: io.clock, logger, end: request.end },
      stream: (store, logger) => {
        const own = store !== undefined && ({ checkpoint: store, commit: 'manual' } as const)
        const stream = ctStream({ ...request, logger, ...own })
        endpoint?.exposition.attach(stream)
        return stream
      },
    })
  } finally {
    await endpoint?.close()
  }
}
