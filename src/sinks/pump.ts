import { areAppended } from '../checkpoint/appended-positions.js'
import { CtStreamError } from '../errors.js'
import { setBeforeEnd } from '../stream/before-end.js'
import type { CtStream } from '../stream/ct-stream.js'
import { setSinkPlaces } from '../stream/sink-places.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import { ENDED, quietController } from '../util/abort.js'
import { backoffDelay } from '../util/backoff.js'
import { systemClock } from '../util/clock.js'
import { messageOf } from '../util/message-of.js'
import { CommitsBeside } from './commits-beside.js'
import { Silence } from './silence.js'

/** Options of {@link pump}. */
export interface PumpOptions {
  /** Where entries go. `pump()` opens it, and closes it at the end. */
  readonly sink: Sink
  /**
   * Makes a stream; called each time the sink has been opened.
   *
   * @param store - The store of a sink that keeps positions: pass it as `checkpoint`, with `commit: 'manual'`.
   */
  readonly stream: (store: CheckpointStore | undefined) => CtStream
  /** The lease to write under. Default: none, this process writes alone. */
  readonly lease?: Lease
  /** Ends the pump after the page that is being written. */
  readonly signal?: AbortSignal
  /** Reports retries, and an engine that gives no answer for long. Default: silent. */
  readonly logger?: Pick<Logger, 'warn' | 'info'>
  /** Time, for tests. Default: that of the machine. */
  readonly clock?: Clock
  /** Uniform in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number
}

/** As {@link PumpOptions}, for who has to look into the store before it knows the stream. */
export interface LaterPumpOptions extends Omit<PumpOptions, 'stream'> {
  /** As `stream` of {@link PumpOptions}; `undefined`: there is nothing to write, and the pump ends. */
  readonly stream: (store: CheckpointStore | undefined) => Promise<CtStream | undefined>
}

const backoff = { baseMs: 500, maxMs: 30_000 }

/**
 * Writes a stream to a sink, page by page, until the stream ends or `signal` aborts. A page is acknowledged when the sink has it; with
 * a sink that keeps positions it becomes visible together with the position behind it. Such a sink may get several pages, up to 2,048 entries and
 * one page, before the next commit: those read while the one before was under way. The position behind what the filter of the stream drops is
 * committed every second (of engines that append positions, NATS and Kafka: every minute, or after 100,000 entries), and at the end.
 *
 * An engine that gives no answer for 5 seconds is said to; whoever writes the sink bounds how long it waits.
 *
 * After an error that may pass, it opens the sink again and makes a new stream from the position that the sink has: nothing is sent again
 * over a connection that failed.
 *
 * A sink without a store that says from `open()` where it is, and is behind the checkpoint of the stream, went back to an earlier state: what it
 * lost is read again, with a warning to the logger of the stream. Of a stream with `filter` or `dedupe` only what it lost while the pump runs, since
 * there the checkpoint is beyond the last entry written anyway.
 *
 * @throws what the stream throws; what the sink throws and is not `retryable`, such as `CT_LEASE_LOST` and `CT_CHECKPOINT_CONFLICT`.
 */
export async function pump(options: PumpOptions): Promise<void> {
  await pumpLater({ ...options, stream: async (store) => options.stream(store) })
}

/** {@link pump}, of a stream that is made later. */
export async function pumpLater(options: LaterPumpOptions): Promise<void> {
  const { signal, clock = systemClock, random = Math.random, logger } = options
  const written = new Map<string, number>()
  for (let attempt = 0; signal?.aborted !== true; ) {
    try {
      await pumpOnce(options, written, () => {
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
    }
  }
}

/** Whether opening the sink again may help. */
function isPassing(error: unknown): error is CtStreamError {
  if (!CtStreamError.is(error)) return false
  return error.code === 'CT_SINK_ROLLED_BACK' || (error.code === 'CT_SINK_FAILED' && error.retryable)
}

/** @param written - Index behind the last entry that the sink took, by base64 log id; kept while the sink is opened again. */
async function pumpOnce(options: LaterPumpOptions, written: Map<string, number>, onWritten: () => void): Promise<void> {
  let closed: Promise<void> | undefined
  const close = () => (closed ??= options.sink.close())
  try {
    await pumpOpened(options, written, close, onWritten)
  } finally {
    await close()
  }
}

async function pumpOpened(
  options: LaterPumpOptions,
  written: Map<string, number>,
  close: () => Promise<void>,
  onWritten: () => void,
): Promise<void> {
  const { sink, lease, signal, clock = systemClock, logger } = options
  const silence = new Silence(clock, logger)
  const places = await silence.of(sink.open(lease))
  const isStopped = () => signal?.aborted === true
  if (isStopped()) return
  const stream = await silence.of(options.stream(sink.store))
  if (stream === undefined) return
  if (isStopped()) return stream.close()
  if (places !== undefined && sink.store === undefined) {
    const isBehind = ([id, next]: [string, number]) => (places.get(id) ?? 0) < next
    const rolledBack = new Set([...written].filter(isBehind).map(([id]) => id))
    setSinkPlaces(stream, { places, rolledBack })
  }
  const stop = () => void stream.close().catch(() => {})
  const commits = new CommitsBeside({ commit: () => silence.of(stream.commit()) }, stop)
  const ended = quietController()
  if (sink.store !== undefined) {
    // Not where a commit had nothing to write: the engine was not asked.
    stream.on('commit', ({ entries }) => {
      if (entries > 0) onWritten()
    })
    setBeforeEnd(stream, async () => {
      await commits.passed()
      await commits.settled()
    })
    const read = () => stream.status().logs.reduce((sum, { position }) => sum + (position ?? 0), 0)
    void commits.keepPassing(clock, ended.signal, areAppended(sink.store) ? read : undefined)
  }
  let isWriting = false
  const onAbort = () => {
    ended.abort(ENDED)
    // While a page is written, the loop stops after acknowledging it.
    if (isWriting) return
    if (sink.store !== undefined) void commits.passed()
    void commits.settled().then(stop, stop)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for await (const page of stream.batches()) {
      if (isStopped()) break
      isWriting = true
      for (const part of byLog(page)) {
        const place = places?.get(part[0]?.log.id ?? '') ?? 0
        const missing = part.filter(({ index }) => index >= place)
        const last = missing.at(-1)
        if (last === undefined) continue
        await silence.of(sink.write(missing))
        written.set(last.log.id, last.index + 1)
      }
      stream.acknowledge()
      if (sink.store !== undefined) await commits.acknowledged(page)
      else onWritten()
      isWriting = false
      if (isStopped()) break
    }
    await commits.settled()
    await stream.close()
  } catch (error) {
    ended.abort(ENDED)
    // First: otherwise the stream, which commits as it closes, would wait for an engine that is away once more.
    if (!isStopped()) await close().catch(() => {})
    // Closing may fail for the same reason: the first error is the one to report.
    await stream.close().catch(() => {})
    await commits.settled()
    // On abort, closing ends a pending read with CT_CLOSED: no error.
    if (!(isStopped() && CtStreamError.is(error) && error.code === 'CT_CLOSED')) throw error
  } finally {
    ended.abort(ENDED)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Splits a batch, which may have entries of several logs. */
function byLog(page: readonly CtCertificate[]): readonly (readonly CtCertificate[])[] {
  const logs = new Map<string, CtCertificate[]>()
  for (const certificate of page) {
    const of = logs.get(certificate.log.id)
    if (of === undefined) logs.set(certificate.log.id, [certificate])
    else of.push(certificate)
  }
  return [...logs.values()]
}
