import type { CtStream } from '../../stream/ct-stream.js'
import type { Clock, Logger } from '../../types/clock.js'
import type { FollowedLog } from '../../types/stream.js'
import type { CtStreamEvents } from '../../types/stream-events.js'
import type { StreamStatus } from '../../types/stream-status.js'
import { quietController } from '../../util/abort.js'
import { reportEvents } from '../report-events.js'
import { watchTroubles } from '../trouble-watch.js'

/** All shards that this process currently reads, as one stream, for metrics and the API. */
export class ShardStreams {
  private readonly logger: Logger
  private readonly clock: Clock
  /** Streams by the signal of their shard. */
  private readonly streams = new Map<AbortSignal, { readonly stream: CtStream; readonly over: AbortController }>()
  private readonly listeners: ((stream: CtStream) => void)[] = []

  constructor(logger: Logger, clock: Clock) {
    this.logger = logger
    this.clock = clock
  }

  /** @param signal - Signal of its shard; the stream replaces an earlier one of that shard. */
  add(stream: CtStream, signal: AbortSignal): void {
    const over = quietController()
    const earlier = this.streams.get(signal)
    earlier?.over.abort()
    this.streams.set(signal, { stream, over })
    if (earlier === undefined) signal.addEventListener('abort', () => this.drop(signal), { once: true })
    // All logs of a shard may have left the lists.
    reportEvents(stream, this.logger, 'info')
    watchTroubles({ stream, logger: this.logger, clock: this.clock, signal: over.signal })
    for (const listen of this.listeners) listen(stream)
  }

  /** Listens to all streams, including those added later. */
  on<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): void {
    const listen = (stream: CtStream) => void stream.on(event, listener)
    this.listeners.push(listen)
    for (const { stream } of this.streams.values()) listen(stream)
  }

  status(): StreamStatus {
    const all = [...this.streams.values()].map(({ stream }) => stream.status())
    const sum = (of: (status: StreamStatus) => number) => all.reduce((total, status) => total + of(status), 0)
    return {
      logs: all.flatMap(({ logs }) => logs),
      entries: sum(({ entries }) => entries),
      filtered: sum(({ filtered }) => filtered),
      duplicates: sum(({ duplicates }) => duplicates),
      entriesPerSecond: sum(({ entriesPerSecond }) => entriesPerSecond),
      bytes: sum(({ bytes }) => bytes),
      bufferedBytes: sum(({ bufferedBytes }) => bufferedBytes),
      gaps: sum(({ gaps }) => gaps),
    }
  }

  logs(): readonly FollowedLog[] {
    return [...this.streams.values()].flatMap(({ stream }) => stream.logs())
  }

  private drop(signal: AbortSignal): void {
    this.streams.get(signal)?.over.abort()
    this.streams.delete(signal)
  }
}
