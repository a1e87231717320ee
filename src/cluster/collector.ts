import { CtStreamError } from '../errors.js'
import { pumpLater } from '../sinks/pump.js'
import type { CtStream } from '../stream/ct-stream.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import type { Coordinator, Lease, Sink } from '../types/cluster.js'
import type { LogInfo } from '../types/log.js'
import { backoffDelay } from '../util/backoff.js'
import { elapsedOf, systemClock } from '../util/clock.js'
import { messageOf } from '../util/message-of.js'
import { unfinishedLogs } from './unfinished-logs.js'

/** Options of {@link runCollector}. */
export interface CollectorOptions {
  /** Keeps the leases, and positions for sinks that keep none; all members must use the same. */
  readonly coordinator: Coordinator
  /** Unique in the cluster, and new after each restart; 1 to 255 characters. */
  readonly member: string
  /** Makes a sink for a shard, not opened. It is closed and opened again, under the same lease, when logs come to the shard. */
  readonly sink: () => Sink | Promise<Sink>
  /** Lists the logs to read; called at the beginning and every {@link CollectorOptions.refreshMs}. */
  readonly logs: () => Promise<readonly LogInfo[]>
  /**
   * Makes the stream of a shard. One that follows log lists reads a log that leaves them to its end, and goes on meanwhile: it is made anew
   * when logs come, and not when they leave.
   *
   * @param logs - The logs of the shard: those listed at this moment, and those that left while they were not read to their end and no gap
   * was recorded. Where there are only such logs, `CT_OPTION_INVALID` says that they cannot be read: it is logged, and the shard is held.
   * @param store - The store of a sink that keeps positions, else the coordinator's: pass it as `checkpoint`. With `commit: 'manual'` where
   * the sink is `'exactly-once'`, and only there: elsewhere nobody would store a position.
   * @param signal - Aborts when the stream is to end; another stream may then read the shard.
   */
  readonly stream: (logs: readonly LogInfo[], store: CheckpointStore, signal: AbortSignal) => CtStream
  /** The shard for a log that is seen for the first time: 1 to 255 characters. Default: its operator. */
  readonly shardOf?: (log: LogInfo) => string
  /** How often to renew leases; less than half their duration. Milliseconds. Default 5,000. */
  readonly renewMs?: number
  /** How often a member with more than its share releases a shard. Milliseconds. Default 10,000. */
  readonly handOverMs?: number
  /** How often to list the logs again; after a failure it is a minute at most. Milliseconds. Default 900,000. */
  readonly refreshMs?: number
  /** Ends the collector: it finishes each page being written, then releases the shards. */
  readonly signal: AbortSignal
  /** Called after each renewal with the leases this member holds; with `undefined` when the coordinator did not answer. */
  readonly onTurn?: (held: readonly Lease[] | undefined) => void
  /** Reports shards taken over and failures. Default: silent. */
  readonly logger?: Pick<Logger, 'info' | 'warn'>
  /** Time, for tests. Default: that of the machine. */
  readonly clock?: Clock
}

const REFRESH_MS = 900_000
/** Milliseconds. */
const LIST_AGAIN_MS = 60_000
/** How long a shard that failed here is left to others. */
const backoff = { baseMs: 10_000, maxMs: 300_000 }

/** A shard that this member works on. */
interface Work {
  lease: Lease
  readonly stop: AbortController
  /** Engines know the owner of a lease by it. */
  sink: Sink | undefined
  /** Ids of the logs that its stream has, or had at its end. */
  logs: ReadonlySet<string>
  done: Promise<void>
  /** There is nothing more to read, but the lease is kept. */
  isDone: boolean
  /** Elapsed time. */
  readonly begunAt: number
  /** Another member has the lease: there is nothing to release. */
  isLost: boolean
  /** What becomes of the shard when this has ended. `undefined`: the lease is kept, so that no other member starts its streams again. */
  next: Next | undefined
}

/** Failures of a shard here, each soon after the one before. */
interface Failures {
  readonly count: number
  /** Elapsed time: others have the shard until then. */
  readonly until: number
}

/** `released`: another member may take it. `begun again`: under the same lease. */
type Next = 'released' | 'begun again'

/**
 * Reads its share of the logs, one of several processes that divide them, until `signal` aborts.
 *
 * Members divide the shards evenly. Another member takes over from one that is silent until its leases expire; if that one resumes later,
 * the engine refuses its writes. A shard that fails is released, and left to others for 10 seconds at most, then ever longer, up to 5 minutes.
 *
 * A member that cannot open shards for good (`CT_CHECKPOINT_VERSION`: a newer version has changed the engine; `CT_PEER_MISSING`) takes no more of
 * them, while those that it reads go on; it ends with that error when it has none left.
 *
 * @throws what `logs` and the coordinator throw at the beginning; `CT_CHECKPOINT_VERSION`, `CT_PEER_MISSING`. Other failures later go to the
 * logger and are retried.
 */
export async function runCollector(options: CollectorOptions): Promise<void> {
  await new Collector(options).run()
}

class Collector {
  private readonly options: CollectorOptions
  private readonly clock: Clock
  private readonly elapsed: () => number
  private readonly working = new Map<string, Work>()
  /** Work that is ending, until its shard is released or begun again. */
  private readonly ending = new Map<Work, Promise<void>>()
  /** Logs by shard. */
  private shards = new Map<string, LogInfo[]>()
  /** The logs are being listed, beside the turns: a list may take long, and leases are to be renewed meanwhile. */
  private isListing = false
  /** What was listed, for the next turn. */
  private listed: readonly LogInfo[] | undefined
  /** When the logs are to be listed again, elapsed time. */
  private listAt = Number.POSITIVE_INFINITY
  /** Elapsed time. */
  private handedOverAt = Number.NEGATIVE_INFINITY
  /** By shard. */
  private readonly failures = new Map<string, Failures>()
  /** Why this process can open no shard any more. */
  private incapacity: CtStreamError | undefined

  constructor(options: CollectorOptions) {
    this.options = options
    this.clock = options.clock ?? systemClock
    this.elapsed = elapsedOf(this.clock)
  }

  async run(): Promise<void> {
    const { coordinator, member, signal, renewMs = 5000, refreshMs = REFRESH_MS, logger } = this.options
    try {
      await coordinator.join(member)
      await this.divide(await this.options.logs())
      this.listAt = this.elapsed() + refreshMs
      while (!signal.aborted) {
        const isDone = await this.turn().then(
          () => true,
          (error) => {
            logger?.warn(`the coordinator cannot be reached: ${messageOf(error)}`)
            if (isLasting(error)) this.incapacity ??= error
          },
        )
        if (this.incapacity !== undefined && this.working.size + this.ending.size === 0) break
        this.options.onTurn?.(isDone ? [...this.working.values()].map(({ lease }) => lease) : undefined)
        await coordinator.wait(renewMs, signal)
      }
    } finally {
      for (const work of this.working.values()) this.end(work, 'released')
      await Promise.all(this.ending.values())
      await coordinator.close()
    }
    if (this.incapacity !== undefined && !signal.aborted) throw this.incapacity
  }

  private async turn(): Promise<void> {
    const { coordinator, handOverMs = 10_000 } = this.options
    if (this.incapacity !== undefined) await this.retire()
    const leases = [...this.working.values()].map(({ lease }) => lease)
    const { held, share } = await coordinator.renew(leases)
    this.keep(held, leases)
    if (this.incapacity !== undefined) return
    const now = this.elapsed()
    if (now >= this.listAt && !this.isListing) void this.list()
    const { listed } = this
    if (listed !== undefined) {
      await this.divide(listed)
      if (this.listed === listed) this.listed = undefined
    }
    // Shards that are lost or given away no longer count towards our share, though their streams are still ending.
    const mine = [...this.working.values()].filter(({ isLost, next }) => !isLost && next !== 'released')
    const [work] = mine
    if (mine.length < share)
      for (const lease of await coordinator.claim(share - mine.length, this.failing(now))) this.begin(lease)
    else if (work !== undefined && mine.length > share && now - this.handedOverAt >= handOverMs) {
      this.handedOverAt = now
      this.end(work, 'released')
    }
  }

  /** Leaves the other shards to the others, and reads those on that it has: new logs are no reason to open a shard anew. */
  private async retire(): Promise<void> {
    const { coordinator } = this.options
    const mayKeep = coordinator.retire !== undefined
    for (const work of this.working.values()) if (work.isDone || !mayKeep) this.end(work, 'released')
    await coordinator.retire?.()
  }

  /** Shards that failed here a moment ago. */
  private failing(now: number): ReadonlySet<string> {
    return new Set([...this.failures].filter(([, { until }]) => now < until).map(([unit]) => unit))
  }

  /** Stops the shards whose lease is lost. */
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

  /** @param sink - Of the stream before, under the same lease. */
  private begin(lease: Lease, sink?: Sink): void {
    const { logger } = this.options
    const stop = new AbortController()
    const [done, begunAt] = [Promise.resolve(), this.elapsed()]
    const work: Work = {
      ...{ lease, stop, sink, done, begunAt },
      ...{ logs: new Set(), isDone: false, isLost: false, next: undefined },
    }
    work.done = this.collect(work).finally(() => stop.abort())
    this.working.set(lease.unit, work)
    logger?.info(`collecting shard ${lease.unit}`, { epoch: lease.epoch })
    work.done.then(
      () => {
        // It keeps its lease, so that no other member starts its streams again.
        work.isDone = true
      },
      (error) => this.failed(work, error),
    )
  }

  private failed(work: Work, error: unknown): void {
    const { unit } = work.lease
    this.options.logger?.warn(`shard ${unit} failed: ${messageOf(error)}`)
    if (CtStreamError.is(error) && error.code === 'CT_LEASE_LOST') work.isLost = true
    if (work.isLost) this.forget(work)
    else {
      if (isLasting(error)) this.incapacity ??= error
      else this.leaveToOthers(work)
      this.end(work, 'released')
    }
  }

  /** For a while, as it would most likely fail here again. */
  private leaveToOthers({ lease: { unit }, begunAt }: Work): void {
    const now = this.elapsed()
    const count = now - begunAt > backoff.maxMs ? 0 : (this.failures.get(unit)?.count ?? 0)
    this.failures.set(unit, { count: count + 1, until: now + backoffDelay(backoff, count, Math.random) })
  }

  private async collect(work: Work): Promise<void> {
    const { coordinator, sink, logger } = this.options
    const { lease } = work
    const listed = this.shards.get(lease.unit) ?? []
    work.logs = idsOf(listed)
    work.sink ??= await sink()
    await pumpLater({
      sink: work.sink,
      lease,
      signal: work.stop.signal,
      clock: this.clock,
      ...(logger !== undefined && { logger }),
      stream: (store) => this.stream(work, listed, store ?? coordinator.store(lease)),
    })
  }

  /** The stream of a shard; `undefined` where nothing is to be read: the lease is held, so that no other member takes it. */
  private async stream(work: Work, listed: readonly LogInfo[], store: CheckpointStore): Promise<CtStream | undefined> {
    const { stream, logger } = this.options
    const left = (await unfinishedLogs(store)).filter(({ id }) => listed.every((log) => log.id !== id))
    const logs = [...listed, ...left]
    work.logs = idsOf(logs)
    if (logs.length === 0) return undefined
    try {
      return stream(logs, store, work.stop.signal)
    } catch (error) {
      if (listed.length > 0 || !CtStreamError.is(error) || error.code !== 'CT_OPTION_INVALID') throw error
      work.logs = new Set()
      logger?.warn(`logs that left shard ${work.lease.unit} are not read to their end: ${messageOf(error)}`)
      return undefined
    }
  }

  /**
   * Has the work on a shard end, beside the turns: an engine may take long to write its last page, and the leases, this one among them, are to be
   * renewed meanwhile.
   */
  private end(work: Work, next: Next): void {
    // Who waits for a shard that is given away gets it, whatever comes to it.
    if (work.next !== 'released') work.next = next
    work.stop.abort()
    if (this.ending.has(work)) return
    const ended = work.done.catch(() => {}).then(() => this.ended(work))
    this.ending.set(
      work,
      ended.finally(() => this.ending.delete(work)),
    )
  }

  /** Never rejects. */
  private async ended(work: Work): Promise<void> {
    this.forget(work)
    if (work.isLost) return
    if (work.next === 'begun again') this.begin(work.lease, work.sink)
    else
      await this.options.coordinator
        .release(work.lease)
        .catch((error) => this.options.logger?.warn(`a shard could not be released: ${messageOf(error)}`))
  }

  /** Never rejects. */
  private async list(): Promise<void> {
    const { logs, refreshMs = REFRESH_MS, logger, signal } = this.options
    this.isListing = true
    try {
      this.listed = await logs()
      this.listAt = this.elapsed() + refreshMs
    } catch (error) {
      if (!signal.aborted) logger?.warn(`the logs cannot be listed: ${messageOf(error)}`)
      this.listAt = this.elapsed() + Math.min(refreshMs, LIST_AGAIN_MS)
    }
    this.isListing = false
  }

  /** Gives logs to shards, and has the streams of those anew to which logs came. */
  private async divide(logs: readonly LogInfo[]): Promise<void> {
    const { coordinator, shardOf = ({ operator }) => operator } = this.options
    const shards = new Map<string, LogInfo[]>()
    for (const log of logs) {
      const shard = await coordinator.assign(log, shardOf(log))
      shards.set(shard, [...(shards.get(shard) ?? []), log])
    }
    this.shards = shards
    for (const work of this.working.values()) {
      // Its stream reads what has left to its end: another one would begin that again, or not know of it.
      if (shards.get(work.lease.unit)?.every(({ id }) => work.logs.has(id)) ?? true) continue
      // Logs came to the shard: same lease, new stream. Engines refuse another sink until the lease ends.
      this.end(work, 'begun again')
    }
  }
}

/** Whether this process will not be able to open another shard either. */
function isLasting(error: unknown): error is CtStreamError {
  return CtStreamError.is(error) && (error.code === 'CT_CHECKPOINT_VERSION' || error.code === 'CT_PEER_MISSING')
}

function idsOf(logs: readonly LogInfo[]): ReadonlySet<string> {
  return new Set(logs.map(({ id }) => id))
}
