import { type CertStream, certStream } from '../certstream/cert-stream.js'
import { CtStreamError } from '../errors.js'
import { proxyFor } from '../http/proxy.js'
import type { AcknowledgedSource } from '../modules/source.js'
import type { Logger } from '../types/clock.js'
import { askedStream } from './asked-stream.js'
import type { CommandContext } from './command.js'
import { proxySettings } from './flags/proxy.js'
import { usageError } from './flags/usage-error.js'
import { type FollowedStream, follow } from './follow.js'
import { formatFrom } from './formats/format.js'
import { metricsEndpoint } from './metrics.js'
import type { Surroundings } from './show-stream.js'
import { Output } from './terminal/output.js'
import { commandLogger } from './terminal/report.js'
import { throughModules } from './through-modules.js'

export interface FromServer {
  /** Consumes the stream. Default: modules, or stdout when there are none. */
  readonly consume?: (stream: AcknowledgedSource & FollowedStream, surroundings: Surroundings) => Promise<void>
}

/**
 * Writes the certificates that the server of `--source` sends to stdout, or gives them to modules, until the user stops it. Keeps no
 * positions: the next run begins with new certificates.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag; `CT_HTTP_STATUS` when the server refuses.
 */
export async function fromServer(context: CommandContext, { consume }: FromServer = {}): Promise<void> {
  const { io, values } = context
  const limit = values.integer('limit', 1)
  const consumed = consume ?? (await throughModules(context)) ?? written(context)
  const logger = commandLogger(context)
  const stream = await openServer(context)
  reportEvents(stream, logger)
  const endpoint = await metricsEndpoint(context, logger)
  try {
    const output = new Output(io.stdout, { isLines: true })
    const surroundings = { output, limit, logger, metrics: endpoint?.exposition }
    await consumed(acknowledged(stream), surroundings)
  } finally {
    await endpoint?.close()
  }
}

/**
 * The client of the server of `--source`, which connects with its first read.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag.
 */
export async function openServer(context: CommandContext): Promise<CertStream> {
  const { io, values } = context
  const { allowHttp, filter, dedupe } = await askedStream(context)
  const url = values.text('source') ?? ''
  return opened(values.from('source'), () =>
    certStream({
      url,
      clock: io.clock,
      ...(filter !== undefined && { filter }),
      ...(dedupe !== undefined && { dedupe }),
      ...(allowHttp !== undefined && { allowHttp }),
      ...proxied(url, context),
    }),
  )
}

/** Certificates on stdout. */
function written({ io, values }: CommandContext) {
  const format = formatFrom(values, io, io.stdout.isTTY ? 'text' : 'json')
  return (stream: FollowedStream, { output, limit }: Surroundings): Promise<void> =>
    follow(stream, { format, output, stop: io.stop, clock: io.clock, ...(limit !== undefined && { limit }) })
}

/** The proxy of `--proxy` or of the environment. The client refuses an invalid URL. */
function proxied(url: string, { io, values }: CommandContext): { readonly proxy?: string } {
  const proxy = URL.canParse(url) ? proxyFor(new URL(url), proxySettings(values, io.env)) : undefined
  return proxy === undefined ? {} : { proxy }
}

/** Names the flag instead of the option in errors about the URL. */
function opened(from: string, open: () => CertStream): CertStream {
  try {
    return open()
  } catch (error) {
    if (!CtStreamError.is(error) || !error.message.startsWith('option `url`')) throw error
    throw usageError(
      `${from} ${error.message.slice('option `url` '.length).replace('allowHttp: true', '--allow-http')}`,
    )
  }
}

/** A server keeps no positions: there is nothing to acknowledge. */
function acknowledged(stream: CertStream): AcknowledgedSource & FollowedStream {
  return {
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
    batches: () => stream.batches(),
    acknowledge: () => {},
    acknowledgement: 'manual',
    close: () => stream.close(),
  }
}

/** Logs what happens to the connection. */
export function reportEvents(stream: CertStream, logger: Logger): void {
  let malformed = 0
  stream.once('open', ({ url }) => logger.warn('nobody has proven what a server sends', { url, verified: false }))
  stream.on('open', ({ url, after }) => logger.debug('connected', { url, after }))
  stream.on('gap', ({ reason, since, until }) => logger.warn('gap', { reason, since, until }))
  stream.on('reconnect', ({ attempt, inMs, error }) =>
    // Repeated at growing intervals, as for a log.
    logger[isWord(attempt) ? 'warn' : 'debug'](error.message, { code: error.code, attempt, retryInMs: inMs }),
  )
  stream.on('error', ({ code, message }) => {
    if (code === 'CT_RESPONSE_MALFORMED') logger[isWord(++malformed) ? 'warn' : 'debug'](message, { code, malformed })
  })
}

/** Powers of two. */
const isWord = (n: number): boolean => (n & (n - 1)) === 0
