import { setImmediate } from 'node:timers/promises'
import type { CtErrorCode } from '../errors.js'
import type { CtStream } from '../stream/ct-stream.js'
import type { Clock, Logger } from '../types/clock.js'
import type { StreamEvents } from './report-events.js'
import { TroubleReport } from './terminal/trouble-report.js'

/** Codes of failed requests that are retried: only failures that last are reported. */
const passing: ReadonlySet<CtErrorCode> = new Set([
  'CT_HTTP_STATUS',
  'CT_HTTP_TIMEOUT',
  'CT_HTTP_NETWORK',
  'CT_RESPONSE_TOO_LARGE',
  'CT_RESPONSE_MALFORMED',
])

/** How often the status is checked while a log is in trouble, milliseconds. */
const EVERY_MS = 1000

export interface TroubleWatchOptions {
  readonly stream: Pick<CtStream, 'status'> & StreamEvents
  readonly logger: Logger
  readonly clock: Clock
  /** Ends the watch. */
  readonly signal: AbortSignal
}

/** Warns when a log's trouble begins, lasts or ends, instead of at every failed request. */
export function watchTroubles({ stream, logger, clock, signal }: TroubleWatchOptions): void {
  const report = new TroubleReport()
  const said = new Map<string, string>()
  let isWatching = false
  const look = async () => {
    const elapsed = () => clock.elapsed?.() ?? clock.now()
    do {
      await clock.sleep(EVERY_MS, signal)
      await setImmediate()
      if (signal.aborted) return
      for (const { message, context } of report.update(stream.status().logs, elapsed())) logger.warn(message, context)
    } while (report.isOpen || stream.status().logs.some(({ troubleMs }) => troubleMs !== undefined))
  }
  stream.on('error', ({ log, error }) => {
    const context = { log: log.description, code: error.code, url: error.url }
    const isNews = !passing.has(error.code) && said.get(log.id) !== error.message
    if (isNews) said.set(log.id, error.message)
    logger[isNews ? 'warn' : 'debug'](error.message, context)
    if (isWatching) return
    isWatching = true
    look()
      .catch(() => {})
      .finally(() => {
        isWatching = false
      })
  })
  stream.on('log', ({ log, state }) => {
    if (state === 'live' || state === 'catching-up') said.delete(log.id)
  })
}

/** The logger for a stream whose logs' troubles {@link watchTroubles} reports. */
export function withoutTroubles(logger: Logger): Logger {
  return {
    debug: (message, context) => logger.debug(message, context),
    info: (message, context) => logger.info(message, context),
    warn: (message, context) => (context?.log === undefined ? logger.warn(message, context) : undefined),
    // Reported by the event `misbehaviour`.
    error: (message, context) => (context?.log === undefined ? logger.error(message, context) : undefined),
  }
}
