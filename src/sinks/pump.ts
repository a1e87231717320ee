import { CtStreamError } from '../errors.js'
import type { CtStream } from '../stream/ct-stream.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import { backoffDelay } from '../util/backoff.js'
import { systemClock } from '../util/clock.js'
import { messageOf } from '../util/message-of.js'

/** Options of {@link pump}. */
export interface PumpOptions {
  /** Where entries go: opened, and closed at the end. */
  readonly sink: Sink
  /**
   * Makes the stream, each time the sink was opened.
   *
   * @param store - Of a sink that keeps positions: to be the option `checkpoint`, with `commit: 'manual'`.
   */
  readonly stream: (store: CheckpointStore | undefined) => CtStream
  /** What is written for; default: this process is alone. */
  readonly lease?: Lease
  /** Ends it: what is being written is finished first. */
  readonly signal?: AbortSignal
  /** Where it says what it does. Default: silent. */
  readonly logger?: Pick<Logger, 'warn' | 'info'>
  /** Time, for tests. Default: that of the machine. */
  readonly clock?: Clock
  /** Uniform in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number
}

const backoff = { baseMs: 500, maxMs: 30_000 }

/**
 * Writes a stream to a sink, page by page, until the stream ends or `signal` aborts. A page is acknowledged when the sink has it; with
 * a sink that keeps positions it becomes visible together with the position behind it.
 *
 * After an error that may pass the sink is opened again, asked where it is, and the stream is made anew: nothing is resent over the
 * connection that failed.
 *
 * @throws what the stream throws; what the sink throws when it is not `retryable`: `CT_LEASE_LOST`, `CT_CHECKPOINT_CONFLICT`.
 */
export async function pump(options: PumpOptions): Promise<void> {
  const { sink, signal, clock = systemClock, random = Math.random, logger } = options
  for (let attempt = 0; signal?.aborted !== true; ) {
    try {
      await pumpOnce(options, () => {
        if (attempt > 0) logger?.info('the sink takes entries again')
        attempt = 0
      })
      return
    } catch (error) {
      if (!isPassing(error)) throw error
      const delay = backoffDelay(backoff, attempt++, random)
      logger?.warn(`the sink is opened again in ${Math.round(delay / 100) / 10} s: ${messageOf(error)}`)
      await clock.sleep(delay, signal).catch((reason) => {
        if (signal?.aborted !== true) throw reason
      })
    } finally {
      await sink.close()
    }
  }
}

/** Whether opening the sink again may help. */
function isPassing(error: unknown): error is CtStreamError {
  if (!CtStreamError.is(error)) return false
  return error.code === 'CT_SINK_ROLLED_BACK' || (error.code === 'CT_SINK_FAILED' && error.retryable)
}

async function pumpOnce(options: PumpOptions, onWritten: () => void): Promise<void> {
  const { sink, lease, signal } = options
  const places = await sink.open(lease)
  const isStopped = () => signal?.aborted === true
  if (isStopped()) return
  const stream = options.stream(sink.store)
  const stop = () => void stream.close().catch(() => {})
  let isWriting = false
  const onAbort = () => {
    // What is being written is acknowledged first.
    if (!isWriting) stop()
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for await (const page of stream.batches()) {
      isWriting = true
      for (const part of byLog(page)) {
        const place = places?.get(part[0]?.log.id ?? '') ?? 0
        const missing = part.filter(({ index }) => index >= place)
        if (missing.length > 0) await sink.write(missing)
      }
      stream.acknowledge()
      if (sink.store !== undefined) await stream.commit()
      isWriting = false
      onWritten()
      if (isStopped()) break
    }
    await stream.close()
  } catch (error) {
    // What closing has to say of the same trouble is no news.
    await stream.close().catch(() => {})
    // Closing ends a read that waits.
    if (!(isStopped() && CtStreamError.is(error) && error.code === 'CT_CLOSED')) throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** A batch can be of several logs. */
function byLog(page: readonly CtCertificate[]): readonly (readonly CtCertificate[])[] {
  const logs = new Map<string, CtCertificate[]>()
  for (const certificate of page) {
    const of = logs.get(certificate.log.id)
    if (of === undefined) logs.set(certificate.log.id, [certificate])
    else of.push(certificate)
  }
  return [...logs.values()]
}
