import type { Exposition } from '../metrics/exposition.js'
import type { CtStream } from '../stream/ct-stream.js'
import type { Logger } from '../types/clock.js'
import type { EndOption } from '../types/stream-options.js'
import type { CommandContext } from './command.js'
import { type FollowedStream, follow } from './follow.js'
import { formatFrom } from './formats/format.js'
import type { PageFormatterOptions } from './formats/format-page.js'
import { metricsEndpoint } from './metrics.js'
import { allOutOfReach } from './out-of-reach.js'
import { reportEvents, type StreamEvents } from './report-events.js'
import { Output } from './terminal/output.js'
import { jsonClock, logLevelFrom, reporter } from './terminal/report.js'
import { SaidBefore } from './terminal/said-before.js'
import { StatusLine } from './terminal/status-line.js'
import { styleFor } from './terminal/style.js'
import { watchTroubles, withoutTroubles } from './trouble-watch.js'
import { isNoNetwork, untilThere } from './until-there.js'

/** The parts of a stream that are used. */
export type ShownStream = FollowedStream & Pick<CtStream, 'status'> & StreamEvents

export interface ShowOptions<Stream extends ShownStream = ShownStream> {
  readonly context: CommandContext
  /** Makes the stream with a logger that is aware of the status line. Called after all flags were checked. */
  readonly open: (logger: Logger) => Promise<Stream>
  /**
   * Consumes the stream until it ends or `io.stop` aborts, and closes it. Default: writes certificates to stdout in the format of the
   * flags.
   */
  readonly consume?: Consume<Stream>
  readonly end?: EndOption
  /** How long a stream with a limit and without an end waits when no log answers, milliseconds. Default: for ever. */
  readonly endPatienceMs?: number
}

type Consume<Stream> = (stream: Stream, surroundings: Surroundings) => Promise<void>

/** What consuming a stream is done with. */
export interface Surroundings {
  readonly output: Output
  /** `--limit`. */
  readonly limit: number | undefined
  readonly logger: Logger
  /** The metrics of `--metrics-port`, to which the consumer adds its modules. */
  readonly metrics?: Exposition | undefined
}

/** Shows a stream on stdout, and its status on stderr, until it ends or the user stops it. */
export async function showStream<Stream extends ShownStream>({
  context,
  open,
  consume = written(context),
  end = 'never',
  endPatienceMs,
}: ShowOptions<Stream>): Promise<void> {
  const { io, values } = context
  const limit = values.integer('limit', 1)
  const stderrStyle = styleFor(io.stderr, io.env)
  const hasLine = io.stderr.isTTY === true && io.env.TERM !== 'dumb' && !values.switch('quiet')
  const line = hasLine ? new StatusLine(io.stderr, stderrStyle, io.clock) : undefined
  const logger = reporter(io.stderr, logLevelFrom(values), stderrStyle, {
    overlay: line,
    json: jsonClock(values, io.clock),
  })
  const output = new Output(io.stdout, { overlay: line, isLines: true })
  const waits = end === 'never' && limit === undefined
  const endpoint = await metricsEndpoint(context, logger)
  const showing = { limit, logger, line, output, metrics: endpoint?.exposition }
  try {
    await showOn({ context, open, consume, end, endPatienceMs }, showing, waits)
  } finally {
    await endpoint?.close()
  }
}

/** Repeats the attempt while there is no network. */
async function showOn<Stream extends ShownStream>(
  options: ShowOptions<Stream> & { readonly consume: Consume<Stream> },
  showing: Showing,
  waits: boolean,
): Promise<void> {
  const { io } = options.context
  const saidBefore = new SaidBefore(showing.logger)
  const attempt = () => watchOnce(options, { ...showing, logger: saidBefore.nextTry() })
  if (!waits) return attempt()
  await untilThere(attempt, { waitsFor: isNoNetwork, logger: showing.logger, clock: io.clock, stop: io.stop })
}

/** Certificates on stdout. */
function written({ io, values }: CommandContext): Consume<ShownStream> {
  const format = formatFrom(values, io, io.stdout.isTTY ? 'text' : 'json')
  return (stream, { output, limit, logger }) =>
    follow(stream, { format, output, limit, stop: io.stop, clock: io.clock, onMissing: missingReporter(logger) })
}

interface Showing extends Surroundings {
  readonly line: StatusLine | undefined
}

async function watchOnce<Stream extends ShownStream>(
  { context, open, consume, end = 'never', endPatienceMs }: ShowOptions<Stream> & { readonly consume: Consume<Stream> },
  { line, ...surroundings }: Showing,
): Promise<void> {
  const { limit, logger, metrics } = surroundings
  const { io } = context
  const stream = await open(withoutTroubles(logger))
  metrics?.attach(stream)
  reportEvents(stream, logger)
  if (!io.isPiped) line?.start(() => stream.status(), end)
  const over = new AbortController()
  let failure: unknown
  const watching =
    limit === undefined || end !== 'never' || endPatienceMs === undefined
      ? undefined
      : allOutOfReach({
          status: () => stream.status(),
          clock: io.clock,
          limitMs: endPatienceMs,
          signal: over.signal,
        }).then((error) => {
          failure = error
          if (error !== undefined) return stream.close()
        })
  watchTroubles({ stream, logger, clock: io.clock, signal: over.signal })
  try {
    await consume(stream, surroundings)
    line?.finish(stream.status())
    if (failure !== undefined) throw failure
  } finally {
    over.abort()
    await watching
    line?.stop()
  }
}

/** Warns once for each log that does not serve issuers; further certificates are logged at level `debug`. */
function missingReporter(logger: Logger): PageFormatterOptions['onMissing'] {
  const told = new Set<string>()
  return ({ log, index }, error) => {
    logger[told.has(log.id) ? 'debug' : 'warn']('chain not fetched', { log: log.description, index, error })
    told.add(log.id)
  }
}
