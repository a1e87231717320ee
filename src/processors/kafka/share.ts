import { randomUUID } from 'node:crypto'
import { CtStreamError } from '../../errors.js'
import { groupBeginning } from '../../kafka/group-beginning.js'
import { GroupMarks, type MarkedRange } from '../../kafka/group-marks.js'
import { WorkGroup } from '../../kafka/work-group.js'
import { Notifier } from '../../util/notifier.js'
import type { QueueClaim } from '../engine.js'
import { orAborted, patiently } from '../patiently.js'
import type { KafkaContext } from './context.js'
import { type KafkaClaim, KafkaPartition } from './partition.js'

/**
 * The partitions that one processor of a group has.
 *
 * The group says who is to have which; taking its watermarks shuts out the processor that had a partition before.
 */
export class KafkaShare {
  /** Notified when there may be something else to do. */
  readonly changed = new Notifier()
  private readonly context: KafkaContext
  private readonly group: WorkGroup
  /** Partitions that the group has assigned to this processor; `undefined` until it has joined. */
  private assigned: ReadonlySet<number> | undefined
  private owned = new Map<number, KafkaPartition>()
  /** Partitions of the topic that this processor knows of. */
  private count: number
  private beginning: ReadonlyMap<number, bigint> | undefined

  constructor(context: KafkaContext) {
    const { settings, kafka, topic, group, partitions } = context
    const { address, clock, leaseMs } = settings
    this.context = context
    this.count = partitions
    this.group = new WorkGroup({
      kafka,
      address,
      topic,
      group,
      member: `ct-stream-${randomUUID()}`,
      sessionMs: leaseMs,
      clock,
      count: () => this.count,
      onShare: (share, isNew) => {
        // Others may have had what this one believes to have.
        if (isNew) this.dropAll()
        this.assigned = share
        this.changed.notify()
      },
    })
  }

  get claims(): readonly QueueClaim[] {
    return [...this.owned.values()].flatMap((partition) =>
      [...partition.claims.values()].filter((claim) => !partition.isFinished(claim)),
    )
  }

  /** The partitions that are taken, by number. */
  get taken(): ReadonlyMap<number, KafkaPartition> {
    return this.owned
  }

  /** Whether all that the group has assigned is taken. */
  get isComplete(): boolean {
    return this.assigned !== undefined && [...this.assigned].every((number) => this.owned.has(number))
  }

  isOurs({ partition }: KafkaClaim): boolean {
    return this.owned.get(partition.number) === partition
  }

  /** The partition of an entry, where this processor has it. */
  partitionOf(logId: string, index: number | undefined): KafkaPartition | undefined {
    for (const partition of this.owned.values())
      for (const { log, range } of partition.claims.values())
        if (log.id === logId && (range === undefined || isWithin(range, index))) return partition
    return undefined
  }

  /** Joins the group where needed. @throws as `WorkGroup.check`. */
  check(): void {
    this.group.check()
  }

  /** There are so many partitions by now, and as many of watermarks: has the group share them anew. @throws as `WorkGroup.grow`. */
  async grow(count: number): Promise<void> {
    this.count = count
    await this.group.grow()
  }

  /** Whether the group knows this processor at this moment. */
  get isConfirmed(): boolean {
    return this.group.isMember
  }

  /**
   * Waits until the group knows this processor: one that was suspended may have lost what it believes to have, and would hand out again what
   * others work on.
   */
  async confirmed(signal: AbortSignal): Promise<void> {
    const isOver = () => signal.aborted || this.context.closing.aborted
    while (!this.group.isMember && !isOver()) await orAborted(this.changed.wait(), signal)
  }

  /** Takes the partitions that the group has assigned, and drops the others. @returns Whether it took one. */
  async take(signal: AbortSignal): Promise<boolean> {
    const share = this.assigned ?? new Set<number>()
    for (const [number, partition] of this.owned)
      if (!share.has(number)) {
        this.owned.delete(number)
        await partition.marks.close()
      }
    let hasTaken = false
    for (const number of share) {
      if (this.owned.has(number) || !this.group.isMember || this.assigned !== share) continue
      const isTaken = await patiently(this.context.settings, signal, () => this.takePartition(number))
      hasTaken ||= isTaken
    }
    return hasTaken
  }

  /** Does something with the watermarks of a partition, until it works. @returns Whether the partition is still this processor's. */
  async withMarks(partition: KafkaPartition, work: () => Promise<void>): Promise<boolean> {
    try {
      await this.context.patient(work)
      return true
    } catch (error) {
      if (!isLost(error)) throw error
      if (this.owned.get(partition.number) === partition) this.owned.delete(partition.number)
      await partition.marks.close()
      this.changed.notify()
      return false
    }
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    // Before it leaves: whoever is next takes the partitions at once.
    await Promise.all([...this.owned.values()].map(({ marks }) => marks.close()))
    this.owned.clear()
    await this.group.close()
  }

  private async takePartition(number: number): Promise<boolean> {
    const { settings, kafka, reader, marks: topic } = this.context
    const { address, clock, group, start, logger } = settings
    const marks = new GroupMarks(kafka, address, { group, topic }, number, clock)
    try {
      const stored = await marks.take()
      const bounds = await reader.bounds(number)
      const isNew = stored.offset === undefined && start === 'now'
      const begin = isNew ? await this.beginningOf(number) : undefined
      const partition = new KafkaPartition(number, marks, stored, bounds, begin)
      // So that a group that begins now is known to have begun.
      if (stored.offset === undefined) await partition.store([])
      this.owned.set(number, partition)
      logger?.info(`works on ${this.owned.size} partitions of ${this.context.topic}`)
      return true
    } catch (error) {
      await marks.close()
      // Another processor is taking it; the group will say whose it is.
      if (!isLost(error)) throw error
      return false
    }
  }

  /** Where the group began in a partition; `undefined` for one that was added later. */
  private async beginningOf(number: number): Promise<bigint | undefined> {
    const { settings, kafka, marks, reader } = this.context
    const { address, clock } = settings
    this.beginning ??= await groupBeginning({ kafka, address, clock }, { marks, partitions: this.count }, async () => {
      const count = await reader.partitions()
      return reader.ends(Array.from({ length: count }, (_, partition) => partition))
    })
    return this.beginning.get(number)
  }

  private dropAll(): void {
    for (const { marks } of this.owned.values()) void marks.close()
    this.owned = new Map()
  }
}

const isWithin = ({ start, end }: MarkedRange, index: number | undefined): boolean =>
  index !== undefined && index >= start && index < end

const isLost = (error: unknown): boolean => CtStreamError.is(error) && error.code === 'CT_LEASE_LOST'
