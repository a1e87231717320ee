import { hasTooManyRanges, MOST_RANGES } from '../checkpoint/backfill-ranges.js'
import type { LogClient } from '../logs/client.js'
import { pump } from '../sinks/index.js'
import type { CtStream } from '../stream/ct-stream.js'
import type { BackfillJob } from '../types/backfill.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import type { Lease } from '../types/cluster.js'
import { linkedController } from '../util/abort.js'
import { messageOf } from '../util/message-of.js'
import { optionError } from '../util/options.js'
import { treeProblem } from '../verify/one-tree.js'
import type { BackfillPlace } from './backfill-place.js'

/** Least size of a range: one page of a session. Each has a lease and a proof of its own. */
export const LEAST_STEP = 4096

export interface BackfillOptions {
  /** Where the processes keep what they share. The caller closes it. */
  readonly place: BackfillPlace
  readonly leaseMs: number
  /** Reads heads and proofs from the log. The caller closes it. */
  readonly client: LogClient
  /** Index of the first entry. */
  readonly from: number
  /** Exclusive. Default: the end of a running backfill from the same index, else the size of the tree. */
  readonly to: number | undefined
  /** Ranges begin at multiples of this. */
  readonly step: number
  /** A backfill to go on with, whether it runs or has ended meanwhile. Default: the one of the same entries that runs, else another one. */
  readonly id?: string | undefined
  /** @param readers - How many processes read this backfill at the moment, including this one. */
  readonly stream: (checkpoint: CheckpointStore, end: number, readers: number) => CtStream
  /** Called with the state of the job before each range. */
  readonly onProgress?: (job: BackfillJob) => void
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * Reads a part of a log, range by range, shared with all processes that are given the same part. Proves at the end that all ranges belong
 * to one tree: that of the head the log had signed when the first process began.
 *
 * @returns The job as it ended, or as it is when `signal` aborts.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` where the log has no such entries; `CT_SINK_FAILED`; what the log's client throws.
 */
export async function runBackfill(options: BackfillOptions): Promise<BackfillJob> {
  return new Backfill(options).run()
}

class Backfill {
  private readonly options: BackfillOptions

  constructor(options: BackfillOptions) {
    this.options = options
  }

  async run(): Promise<BackfillJob> {
    const { place, signal, clock, leaseMs, onProgress } = this.options
    const id = this.options.id ?? (await this.begin()).id
    for (;;) {
      const job = await place.job(id)
      if (job === undefined) throw optionError('id', 'a backfill that was not deleted', id)
      onProgress?.(job)
      if (job.state !== 'running' || signal.aborted) return job
      const lease = await place.claim(id)
      if (lease !== undefined) await this.read(lease, id)
      else if (job.rangesDone === job.ranges) await this.zip(job)
      // Other processes hold the remaining ranges, and may fail to finish them.
      else await clock.sleep(leaseMs / 3, signal).catch(() => {})
    }
  }

  /** Joins the running backfill, or adds a new one. */
  private async begin(): Promise<BackfillJob> {
    const { place, client, from, to, step, signal } = this.options
    const find = () => place.find(client.log.id, from, to)
    const known = await find()
    if (known !== undefined) return known
    const head = await client.head({ signal })
    const end = to ?? head.treeSize
    if (end > head.treeSize || from >= end)
      throw optionError('to', `an index above ${from}, and ${head.treeSize} at most: the size of the tree`, end)
    if (hasTooManyRanges({ start: from, end, step }))
      throw optionError('range', `so many entries that there are ${MOST_RANGES} ranges at most`, step)
    const { treeSize, timestamp, rootHash, signature } = head
    const pinned = { treeSize, timestamp, rootHash, signature }
    // Others may have begun meanwhile, at another head: without an end of its own, this is theirs.
    await place.add({ log: client.log, start: from, end, step, head: pinned, isOpen: to === undefined })
    return (await find()) ?? this.begin()
  }

  /** Reads a range to its end, or until the lease is lost. */
  private async read(lease: Lease, id: string): Promise<void> {
    const { place, stream, signal, logger, clock, leaseMs } = this.options
    const bounds = () => place.range(lease.unit)
    const range = await bounds()
    if (range === undefined) return
    const stop = linkedController(signal)
    const renewing = this.keepRenewing(lease, stop)
    let accused: string | undefined
    logger.info(`reading ${lease.unit} to ${range.end}`, { epoch: lease.epoch })
    try {
      await pump({
        sink: place.sink(lease),
        lease,
        signal: stop.signal,
        clock,
        logger,
        stream: (store) => {
          const reading = stream(store as CheckpointStore, range.end, Math.max(1, range.readers))
          reading.on('misbehaviour', ({ error }) => {
            accused ??= `${error.code}: ${error.message}`
            stop.abort()
          })
          return reading
        },
      })
    } catch (error) {
      logger.warn(`${lease.unit} is left to others: ${messageOf(error)}`)
      await clock.sleep(leaseMs / 3, signal).catch(() => {})
    } finally {
      stop.abort()
      await renewing
      await place.release(lease).catch(() => {})
    }
    if (accused !== undefined) await this.settle(id, `the log contradicts what it signed (${accused})`)
    else if (!signal.aborted && ((await bounds())?.position ?? 0) < range.end)
      await clock.sleep(leaseMs / 3, signal).catch(() => {})
  }

  private async keepRenewing(lease: Lease, stop: { readonly signal: AbortSignal; abort(): void }): Promise<void> {
    const { place, clock, leaseMs } = this.options
    while (!stop.signal.aborted) {
      await clock.sleep(leaseMs / 3, stop.signal).catch(() => {})
      if (stop.signal.aborted) return
      // A renewal that fails is retried later; writes check the epoch anyway.
      const isHeld = await place.renew(lease).catch(() => true)
      if (!isHeld) stop.abort()
    }
  }

  /** All ranges are read: checks that they are one tree, and the signed one. */
  private async zip({ id, end, head }: BackfillJob): Promise<void> {
    const { place, client, signal } = this.options
    const parts = await place.parts(id)
    await this.settle(id, treeProblem(parts, await client.frontier(end, head, { signal })))
  }

  private async settle(id: string, reason: string | undefined): Promise<void> {
    await this.options.place.settle(id, reason)
  }
}
