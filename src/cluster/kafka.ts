import { randomUUID } from 'node:crypto'
import { CtStreamError } from '../errors.js'
import { kafkaAddress } from '../kafka/address.js'
import { type KafkaClient, loadKafka } from '../kafka/client.js'
import { KafkaShard } from '../kafka/shard.js'
import { ShardDirectory } from '../kafka/shard-directory.js'
import { takeShard } from '../kafka/take-shard.js'
import { assignTopic, makeTopics, SLOTS } from '../kafka/topics.js'
import { WorkGroup } from '../kafka/work-group.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Coordinator, Lease, Renewal } from '../types/cluster.js'
import type { LogInfo } from '../types/log.js'
import { ageFrom, elapsedOf, systemClock } from '../util/clock.js'
import { integerOption, objectOption } from '../util/options.js'
import { Changes } from './changes.js'
import { LeasedStore } from './leased-store.js'
import { memberName } from './member-name.js'

/** Options of {@link kafkaCoordinator}; all optional. */
export interface KafkaCoordinatorOptions {
  /**
   * How long a silent member keeps its units before another takes over. Milliseconds, 300 to 600,000, and within the
   * broker's `group.min.session.timeout.ms` (6,000 unless it was changed) and `group.max.session.timeout.ms`; the same for all members.
   * Default 15,000.
   */
  readonly leaseMs?: number
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/**
 * Coordinates members through the Kafka cluster that the entries go to; no other engine is needed.
 *
 * A consumer group assigns units to members by the partitions of the topic `<prefix>.assign`; it does not consume entries. The unit's
 * transactional producer decides who may write: taking a unit shuts out its previous owner.
 *
 * @param url - As for `kafkaSink`, with the same prefix.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; its methods: `CT_SINK_FAILED`, `CT_CHECKPOINT_UNUSABLE`, `CT_PEER_MISSING`.
 */
export function kafkaCoordinator(url: string, options: KafkaCoordinatorOptions = {}): Coordinator {
  const { leaseMs, clock = systemClock } = objectOption('coordinator', options, ['leaseMs', 'clock'])
  return new KafkaCoordinator(url, integerOption('coordinator.leaseMs', leaseMs, 300, 600_000, 15_000), clock)
}

/** How long to wait for more released units, so that several cause only one rebalance. Milliseconds. */
const TELL_MS = 100

interface Joined {
  readonly kafka: KafkaClient
  readonly directory: ShardDirectory
  readonly group: WorkGroup
}

class KafkaCoordinator implements Coordinator {
  private readonly address
  private readonly leaseMs: number
  private readonly clock: Clock
  private readonly changes = new Changes()
  private readonly closing = new AbortController()
  private joined: Joined | undefined
  /** Slots that the group has assigned to this member. */
  private share: ReadonlySet<number> = new Set()
  private readonly elapsed: () => number
  /** Units taken, with their epoch and the milliseconds since their last renewal. */
  private readonly claims = new Map<string, { readonly epoch: number; readonly age: () => number }>()
  /** When taking a unit failed last, elapsed time: the others come first. */
  private readonly failedAt = new Map<string, number>()
  /** The group has changed: another member may have added a shard that is unknown here. */
  private isDirectoryOld = false
  private telling: Promise<void> | undefined

  constructor(url: string, leaseMs: number, clock: Clock) {
    this.address = kafkaAddress(url)
    this.leaseMs = leaseMs
    this.clock = clock
    this.elapsed = elapsedOf(clock)
  }

  async join(member: string): Promise<void> {
    memberName(member)
    const { address, clock } = this
    const kafka = await loadKafka()
    const topic = assignTopic(address)
    await makeTopics(kafka, address, [topic], clock)
    const directory = new ShardDirectory(kafka, address, topic.name, clock)
    const group = new WorkGroup({
      kafka,
      address,
      topic: topic.name,
      group: `${address.prefix}.collectors`,
      member,
      sessionMs: this.leaseMs,
      clock,
      count: () => Math.min(directory.shards.length, SLOTS),
      onShare: (share, isNew) => this.take(share, isNew),
    })
    this.joined = { kafka, directory, group }
    await directory.read()
  }

  async assign(log: LogInfo, shard: string): Promise<string> {
    const { directory, group } = this.get()
    const before = directory.shards.length
    const stored = await directory.put(log, shard)
    if (directory.shards.length > before) group.tell()
    return stored
  }

  async claim(want: number, except?: ReadonlySet<string>): Promise<readonly Lease[]> {
    const { kafka, group } = this.get()
    const leases: Lease[] = []
    for (const unit of this.unitsByFailure()) {
      if (leases.length >= want || !group.isMember) break
      if (except?.has(unit)) continue
      const claim = this.claims.get(unit)
      if (claim !== undefined && claim.age() < this.leaseMs) continue
      const [at, age] = [this.clock.now(), ageFrom(this.clock)]
      let epoch: number
      try {
        epoch = await takeShard(kafka, this.address, unit, this.clock)
      } catch (error) {
        // Another member is taking it at this moment.
        if (CtStreamError.is(error) && error.code === 'CT_LEASE_LOST') continue
        this.failedAt.set(unit, this.elapsed())
        // What is taken is worked on: nobody else may take it now. The next call comes to this unit again.
        if (leases.length > 0) break
        throw error
      }
      this.failedAt.delete(unit)
      // Reassigned meanwhile: the new member takes it.
      if (!this.units().includes(unit)) continue
      this.claims.set(unit, { epoch, age })
      leases.push({ unit, epoch, until: at + this.leaseMs })
    }
    return leases
  }

  async renew(leases: readonly Lease[]): Promise<Renewal> {
    const { directory, group } = this.get()
    group.check()
    if (this.isDirectoryOld) {
      await directory.read()
      this.isDirectoryOld = false
    }
    const age = ageFrom(this.clock)
    const until = this.clock.now() - group.silentMs + this.leaseMs
    const held = leases.filter(({ unit, epoch }) => this.claims.get(unit)?.epoch === epoch)
    for (const { unit, epoch } of held) this.claims.set(unit, { epoch, age })
    return {
      held: held.map((lease) => ({ ...lease, until })),
      holders: await this.holders(),
      share: this.units().length,
    }
  }

  async release({ unit, epoch }: Lease): Promise<void> {
    const { directory, group } = this.get()
    if (this.claims.get(unit)?.epoch !== epoch) return
    this.claims.delete(unit)
    group.spare(directory.shards.indexOf(unit) % SLOTS)
    this.telling ??= this.clock
      .sleep(TELL_MS, this.closing.signal)
      .then(() => group.tell())
      .catch(() => {})
      .finally(() => {
        this.telling = undefined
      })
  }

  store(lease: Lease): CheckpointStore {
    return new LeasedStore(new KafkaShard(this.address, lease, randomUUID(), this.clock))
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return this.changes.wait(ms, signal, this.clock)
  }

  async close(): Promise<void> {
    const { joined } = this
    this.joined = undefined
    this.closing.abort()
    await joined?.group.close()
    await joined?.directory.close()
  }

  private get(): Joined {
    if (this.joined === undefined) throw new CtStreamError('CT_CLOSED', 'the coordinator is closed, or was not joined')
    return this.joined
  }

  /** The units that the group has assigned to this member. */
  private units(): readonly string[] {
    return this.get().directory.shards.filter((_, number) => this.share.has(number % SLOTS))
  }

  private unitsByFailure(): readonly string[] {
    const failed = (unit: string) => this.failedAt.get(unit) ?? -1
    return [...this.units()].sort((one, other) => failed(one) - failed(other))
  }

  private take(share: ReadonlySet<number>, isNew: boolean): void {
    this.share = share
    this.isDirectoryOld = true
    if (isNew) this.claims.clear()
    else {
      const mine = new Set(this.joined === undefined ? [] : this.units())
      for (const unit of this.claims.keys()) if (!mine.has(unit)) this.claims.delete(unit)
    }
    this.changes.tell()
  }

  private async holders(): Promise<ReadonlyMap<string, number>> {
    const { directory, group } = this.get()
    const holders = new Map<string, number>()
    for (const share of await group.shares()) {
      const operators = new Set<string>()
      for (const [number, shard] of directory.shards.entries())
        if (share.has(number % SLOTS)) for (const operator of directory.operatorsOf(shard)) operators.add(operator)
      for (const operator of operators) holders.set(operator, (holders.get(operator) ?? 0) + 1)
    }
    return holders
  }
}
