import { askedStream } from './asked-stream.js'
import type { CommandContext } from './command.js'
import { logLevelFrom, reporter } from './terminal/report.js'
import { styleFor } from './terminal/style.js'

/**
 * Writes the stream of the flags to the sink of `--sink`, until it ends or `io.stop` aborts.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, and what `pump` throws.
 */
export async function toSink(context: CommandContext): Promise<void> {
  const { io, values } = context
  const request = await askedStream(context)
  const [{ openSink, pump }, { ctStream }] = await Promise.all([
    import('../sinks/index.js'),
    import('../stream/ct-stream.js'),
  ])
  const sink = await openSink(values.text('sink') ?? '')
  const logger = reporter(io.stderr, logLevelFrom(values), styleFor(io.stderr, io.env))
  await pump({
    sink,
    signal: io.stop,
    clock: io.clock,
    logger,
    stream: (store) =>
      ctStream({ ...request, logger, ...(store !== undefined && { checkpoint: store, commit: 'manual' }) }),
  })
}
