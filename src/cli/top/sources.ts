import type { Logger } from '../../types/clock.js'
import { elapsedOf } from '../../util/clock.js'
import { askedStream } from '../asked-stream.js'
import type { CommandContext } from '../command.js'
import { openServer, reportEvents } from '../from-server.js'
import { watchTroubles, withoutTroubles } from '../trouble-watch.js'
import { ServerStatus } from './server-status.js'
import type { ShownSource, TopOptions } from './show-top.js'

/** The logs themselves, without positions. @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag; so does the other. */
export async function ofLogs(context: CommandContext): Promise<TopOptions['open']> {
  const request = await askedStream(context)
  return async (logger, signal) => {
    const { ctStream } = await import('../../stream/ct-stream.js')
    const stream = ctStream({ ...request, checkpoint: false, logger: withoutTroubles(logger) })
    stream.on('misbehaviour', ({ log, error }) => logger.warn('misbehaviour', { log: log.description, error }))
    stream.on('gap', ({ log, reason }) => logger.warn('gap', { log: log.description, reason }))
    watchTroubles({ stream, logger, clock: context.io.clock, signal })
    return {
      batches: () => stream.batches(),
      acknowledge: () => stream.acknowledge(),
      status: () => stream.status(),
      close: () => stream.close(),
      beginning: 'reading the log lists …',
    }
  }
}

/** The logs that a CertStream server reports. */
export async function ofServer(context: CommandContext): Promise<TopOptions['open']> {
  const { clock } = context.io
  const [stream, elapsed, told] = [await openServer(context), elapsedOf(clock), new ServerStatus()]
  stream.on('open', () => told.connected())
  stream.on('reconnect', ({ error, inMs }) => told.disconnected(error, inMs, clock.now()))
  stream.on('gap', () => told.missed())
  return async (logger: Logger): Promise<ShownSource> => {
    reportEvents(stream, logger)
    return {
      async *batches() {
        for await (const page of stream.batches()) {
          told.add(page, elapsed())
          yield page
        }
      },
      acknowledge: () => {},
      status: () => told.status(stream.status(), clock.now(), elapsed()),
      close: () => stream.close(),
      beginning: `waiting for the first certificate of ${context.values.text('source')} …`,
    }
  }
}
