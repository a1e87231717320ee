import type { CtStream } from '../stream/ct-stream.js'
import type { Logger } from '../types/clock.js'
import type { EndOption } from '../types/stream.js'
import type { CommandContext } from './command.js'
import { type FollowedStream, follow } from './follow.js'
import { formatFrom } from './formats/format.js'
import { Output } from './output.js'
import { logLevelFrom, reporter } from './report.js'
import { StatusLine } from './status-line.js'
import { styleFor } from './style.js'

/** What showing a stream needs of it. */
export type WatchedStream = FollowedStream & Pick<CtStream, 'status' | 'on'>

export interface WatchOptions {
  readonly context: CommandContext
  /** Makes the stream with a logger that knows of the status line; called when all flags were found good. */
  readonly open: (logger: Logger) => Promise<WatchedStream>
  readonly end?: EndOption
}

/** Shows a stream on stdout, and how it fares on stderr, until it ends or the user has had enough. */
export async function watch({ context, open, end = 'never' }: WatchOptions): Promise<void> {
  const { io, values } = context
  const format = formatFrom(values, styleFor(io.stdout, io.env), io.stdout.isTTY ? 'text' : 'json')
  const limit = values.integer('limit', 1)
  const stderrStyle = styleFor(io.stderr, io.env)
  const hasLine = io.stderr.isTTY === true && io.env.TERM !== 'dumb' && !values.switch('quiet')
  const line = hasLine ? new StatusLine(io.stderr, stderrStyle, io.clock) : undefined
  const logger = reporter(io.stderr, logLevelFrom(values), stderrStyle, line)
  const stream = await open(logger)
  reportEvents(stream, logger)
  line?.start(() => stream.status(), end)
  try {
    await follow(stream, { format, output: new Output(io.stdout, line), limit, stop: io.stop, clock: io.clock })
  } finally {
    line?.stop()
  }
}

function reportEvents(stream: WatchedStream, logger: Logger): void {
  stream.on('misbehaviour', ({ log, error }) => logger.error('misbehaviour', { log: log.description, error }))
  stream.on('gap', ({ log, start, end, reason }) => logger.warn('gap', { log: log.description, start, end, reason }))
  stream.on('error', ({ log, error }) => logger.info(error.message, { log: log.description, code: error.code }))
  stream.on('list', ({ added, removed, failures }) => {
    for (const { list, error } of failures) logger.warn('log list not renewed', { list, error })
    if (added.length + removed.length > 0) logger.info('log list', { added: added.length, removed: removed.length })
  })
  stream.on('head', ({ log, head, cosignatures }) =>
    logger.debug('head', { log: log.description, size: head.treeSize, cosignatures: cosignatures.length }),
  )
  stream.on('log', ({ log, state }) => logger.debug(state, { log: log.description }))
}
