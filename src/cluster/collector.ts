import { pump } from '../sinks/index.js'
import type { CtStream } from '../stream/ct-stream.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import type { Coordinator, Lease, Sink } from '../types/cluster.js'
import type { LogInfo } from '../types/log.js'
import { systemClock } from '../util/clock.js'
import { messageOf } from '../util/message-of.js'

/** Options of {@link runCollector}. */
export interface CollectorOptions {
  /** Where leases, and positions of sinks without any, are kept; every member has the same. */
  readonly coordinator: Coordinator
  /** A name that no other process of the cluster has, and that this one does not keep over a restart: 1 to 255 characters. */
  readonly member: string
  /** A new sink, not opened: one for each shard. */
  readonly sink: () => Sink | Promise<Sink>
  /** The logs to read, asked at the beginning and every {@link CollectorOptions.refreshMs}. */
  readonly logs: () => Promise<readonly LogInfo[]>
  /**
   * Makes the stream of a shard.
   *
   * @param logs - Those of the shard, as of now.
   * @param store - Of a sink that keeps positions, else of the coordinator: the option `checkpoint`.
   * @param signal - Aborts when the shard is read no more: by then another stream of it may have taken the place of this one.
   */
  readonly stream: (logs: readonly LogInfo[], store: CheckpointStore, signal: AbortSignal) => CtStream
  /** The shard that a log is put into when it is first seen: 1 to 255 characters. Default: its operator. */
  readonly shardOf?: (log: LogInfo) => string
  /** How often leases are renewed: less than half of what they last. Milliseconds. Default 5,000. */
  readonly renewMs?: number
  /** How often a member that has more than its share gives a shard away. Milliseconds. Default 10,000. */
  readonly handOverMs?: number
  /** Milliseconds. Default 900,000. */
  readonly refreshMs?: number
  /** Ends it: each page that is being written is finished, and the shards are given back. */
  readonly signal: AbortSignal
  /** Called each time the coordinator was asked, with what this member holds; `undefined`: it did not answer. */
  readonly onTurn?: (held: readonly Lease[] | undefined) => void
  /** Where it says what it takes over and gives away. Default: silent. */
  readonly logger?: Pick<Logger, 'info' | 'warn'>
  /** Time, for tests. Default: that of the machine. */
  readonly clock?: Clock
}

/** A shard that this member works on. */
interface Work {
  lease: Lease
  readonly stop: AbortController
  readonly done: Promise<void>
  /** The lease is gone: there is nothing to give back. */
  isLost: boolean
}

/**
 * Reads the shards of logs that this process gets, among others that do the same, until `signal` aborts.
 *
 * A member that falls silent is replaced when its leases end; one that wakes up later is refused by the engine. Members aim at the same
 * number of shards each.
 *
 * @throws what `logs` and the coordinator throw at the beginning; later failures go to the logger, and are tried again.
 */
export async function runCollector(options: CollectorOptions): Promise<void> {
  await new Collector(options).run()
}

class Collector {
  private readonly options: CollectorOptions
  private readonly clock: Clock
  private readonly working = new Map<string, Work>()
  /** Logs by their shard. */
  private shards = new Map<string, LogInfo[]>()
  private refreshedAt = Number.NEGATIVE_INFINITY
  private handedOverAt = Number.NEGATIVE_INFINITY

  constructor(options: CollectorOptions) {
    this.options = options
    this.clock = options.clock ?? systemClock
  }

  async run(): Promise<void> {
    const { coordinator, member, signal, renewMs = 5000, logger } = this.options
    try {
      await coordinator.join(member)
      await this.refresh()
      while (!signal.aborted) {
        const isDone = await this.turn().then(
          () => true,
          (error) => logger?.warn(`the coordinator cannot be reached: ${messageOf(error)}`),
        )
        this.options.onTurn?.(isDone ? [...this.working.values()].map(({ lease }) => lease) : undefined)
        await coordinator.wait(renewMs, signal)
      }
    } finally {
      await Promise.all([...this.working.values()].map((work) => this.giveBack(work)))
      await coordinator.close()
    }
  }

  private async turn(): Promise<void> {
    const { coordinator, refreshMs = 900_000, handOverMs = 10_000, logger } = this.options
    const leases = [...this.working.values()].map(({ lease }) => lease)
    const { held, share } = await coordinator.renew(leases)
    this.keep(held, leases)
    const now = this.clock.now()
    if (now - this.refreshedAt >= refreshMs)
      await this.refresh().catch((error) => logger?.warn(`the logs cannot be listed: ${messageOf(error)}`))
    // What is lost and still ends is another's: it is no share of ours.
    const mine = [...this.working.values()].filter(({ isLost }) => !isLost)
    const [work] = mine
    if (mine.length < share) for (const lease of await coordinator.claim(share - mine.length)) this.begin(lease)
    else if (work !== undefined && mine.length > share && now - this.handedOverAt >= handOverMs) {
      this.handedOverAt = now
      await this.giveBack(work)
    }
  }

  /** Stops what is another's by now. */
  private keep(held: readonly Lease[], asked: readonly Lease[]): void {
    const byUnit = new Map(held.map((lease) => [lease.unit, lease]))
    for (const { unit, epoch } of asked) {
      const work = this.working.get(unit)
      if (work === undefined || work.lease.epoch !== epoch) continue
      const lease = byUnit.get(unit)
      if (lease !== undefined) work.lease = lease
      else {
        work.isLost = true
        work.stop.abort()
        const forget = () => this.forget(work)
        work.done.then(forget, forget)
      }
    }
  }

  private forget(work: Work): void {
    if (this.working.get(work.lease.unit) === work) this.working.delete(work.lease.unit)
  }

  private begin(lease: Lease): void {
    const { logger } = this.options
    const stop = new AbortController()
    const work: Work = {
      lease,
      stop,
      isLost: false,
      done: this.collect(lease, stop.signal).finally(() => stop.abort()),
    }
    this.working.set(lease.unit, work)
    logger?.info(`collecting shard ${lease.unit}`, { epoch: lease.epoch })
    // One that came to its end stays ours: nobody else needs to look at it.
    work.done.catch((error) => {
      logger?.warn(`shard ${lease.unit} is left alone until its lease ends: ${messageOf(error)}`)
      work.isLost = true
      this.forget(work)
    })
  }

  private async collect(lease: Lease, signal: AbortSignal): Promise<void> {
    const { coordinator, sink, stream, logger } = this.options
    const logs = this.shards.get(lease.unit) ?? []
    // Of logs that have left the lists: held, so that nobody else need look at it.
    if (logs.length === 0) return
    await pump({
      sink: await sink(),
      lease,
      signal,
      clock: this.clock,
      ...(logger !== undefined && { logger }),
      stream: (store) => stream(logs, store ?? coordinator.store(lease), signal),
    })
  }

  private async giveBack(work: Work): Promise<void> {
    work.stop.abort()
    await work.done.catch(() => {})
    this.working.delete(work.lease.unit)
    if (!work.isLost)
      await this.options.coordinator
        .release(work.lease)
        .catch((error) => this.options.logger?.warn(`a shard could not be given back: ${messageOf(error)}`))
  }

  private async refresh(): Promise<void> {
    const { coordinator, logs, shardOf = ({ operator }) => operator } = this.options
    const shards = new Map<string, LogInfo[]>()
    for (const log of await logs()) {
      const shard = await coordinator.assign(log, shardOf(log))
      shards.set(shard, [...(shards.get(shard) ?? []), log])
    }
    const before = this.shards
    this.shards = shards
    this.refreshedAt = this.clock.now()
    for (const work of [...this.working.values()]) {
      const { unit } = work.lease
      if (idsOf(before.get(unit)) === idsOf(shards.get(unit))) continue
      // The same lease, another stream.
      work.stop.abort()
      await work.done.catch(() => {})
      if (!work.isLost) this.begin(work.lease)
    }
  }
}

function idsOf(logs: readonly LogInfo[] = []): string {
  return logs
    .map(({ id }) => id)
    .sort()
    .join()
}
