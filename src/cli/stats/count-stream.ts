import { CtStreamError } from '../../errors.js'
import type { InspectOptions } from '../../intelligence/inspect.js'
import { breachFinder } from '../../intelligence/inspect.js'
import { type CertificateStatistics, readerOf } from '../../intelligence/statistics.js'
import type { Clock } from '../../types/clock.js'
import type { FollowedStream } from '../follow.js'

export interface CountOptions {
  readonly statistics: CertificateStatistics
  readonly inspect: InspectOptions
  /** Certificates to count, at most; default: all. */
  readonly limit: number | undefined
  /** Milliseconds from one report to the next; `undefined`: only at the end. */
  readonly everyMs: number | undefined
  /** Shows a report. @returns Whether the output is still open. */
  readonly report: () => Promise<boolean>
  /** Asks to finish. */
  readonly stop: AbortSignal
  readonly clock: Clock
}

/**
 * Counts a stream until it ends, the limit is reached, the output is closed, or `stop` aborts; then closes it. Reports at intervals and at the
 * end; an error of the stream is thrown after the last report.
 */
export async function countStream(stream: FollowedStream, options: CountOptions): Promise<void> {
  const { statistics, limit = Number.POSITIVE_INFINITY, everyMs, report, stop, clock } = options
  const operators = new Map<string, string>()
  const find = breachFinder({ ...options.inspect, operators }, readerOf(statistics))
  const over = new AbortController()
  const close = () => void stream.close().catch(() => {})
  let isWanted = true
  let failure: unknown
  const reporting = everyMs === undefined ? Promise.resolve() : reportEvery(everyMs)
  async function reportEvery(ms: number): Promise<void> {
    try {
      while (isWanted) {
        await clock.sleep(ms, over.signal)
        isWanted = await report()
      }
    } catch (error) {
      if (over.signal.aborted) return
      failure = error
      isWanted = false
    }
    close()
  }
  stop.addEventListener('abort', close, { once: true })
  if (stop.aborted) close()
  try {
    let count = 0
    for await (const page of stream.batches()) {
      for (const cert of page.slice(0, limit - count)) {
        operators.set(cert.log.id, cert.log.operator)
        statistics.add(cert, find(cert))
      }
      stream.acknowledge()
      count += page.length
      if (count >= limit || stop.aborted || !isWanted) break
    }
  } catch (error) {
    const isClosed = CtStreamError.is(error) && error.code === 'CT_CLOSED' && (stop.aborted || !isWanted)
    if (!isClosed) failure ??= error
  } finally {
    stop.removeEventListener('abort', close)
    over.abort()
    await reporting
    await stream.close()
  }
  if (isWanted) await report()
  if (failure !== undefined) throw failure
}
