import { type NewBackfill, rangeBefore, rangeCheckpoint } from '../checkpoint/backfill-ranges.js'
import { type Owner, rowRecord } from '../checkpoint/keyed-records.js'
import { CtStreamError } from '../errors.js'
import { type KafkaAddress, kafkaAddress } from '../kafka/address.js'
import type { RangeOfBackfill } from '../kafka/backfill-ranges.js'
import { BackfillTopics } from '../kafka/backfills.js'
import { type KafkaClient, loadKafka } from '../kafka/client.js'
import { type GroupMemberState, groupMembers } from '../kafka/group-members.js'
import type { ShardState } from '../kafka/shard-state.js'
import { takeUnit } from '../kafka/take-shard.js'
import { backfillsTopic, makeTopics, positionsTopic } from '../kafka/topics.js'
import { rangePlace } from '../kafka/unit-place.js'
import { WorkGroup } from '../kafka/work-group.js'
import { CompactRange } from '../merkle/compact-range.js'
import { KafkaSink, type KafkaSinkOptions } from '../sinks/kafka-sink.js'
import type { BackfillJob } from '../types/backfill.js'
import type { Clock } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import type { ProvenPart } from '../verify/one-tree.js'
import type { BackfillPlace, RangeState } from './backfill-place.js'
import { Changes } from './changes.js'
import { memberName } from './member-name.js'

/** How long to wait for the group to have shared its work, which takes a moment after each change. Milliseconds. */
const SOON_MS = 200
const LOOKS = 10

export interface KafkaBackfillsOptions {
  readonly url: string
  readonly sink: KafkaSinkOptions
  /** Unique among processes. */
  readonly member: string
  /** As for `kafkaCoordinator`. */
  readonly leaseMs: number
  readonly clock: Clock
}

/**
 * Backfills in Kafka alone.
 *
 * A consumer group, which shares nothing out, says which members live: a range is free when the member that its positions name is not one of
 * them. Who may write it, the transactional producer of the range says.
 */
export class KafkaBackfills implements BackfillPlace {
  private readonly options: KafkaBackfillsOptions
  private readonly kafka: KafkaClient
  private readonly address: KafkaAddress
  private readonly topics: BackfillTopics
  private readonly group: WorkGroup
  private readonly changes = new Changes()
  private readonly closing = new AbortController()
  /** Members that lived when last looked at. */
  private living: ReadonlySet<string> = new Set()
  /** Ranges that were claimed, by unit. */
  private readonly claimed = new Map<string, { readonly job: BackfillJob; readonly start: number }>()

  private constructor(kafka: KafkaClient, options: KafkaBackfillsOptions) {
    const { url, member, leaseMs, clock } = options
    this.options = options
    this.kafka = kafka
    const address = kafkaAddress(url)
    this.address = address
    this.topics = new BackfillTopics(kafka, address, clock, async (topic) => {
      await makeTopics(kafka, address, [positionsTopic(topic)], clock)
      return true
    })
    this.group = new WorkGroup({
      ...{ kafka, address, clock, member, sessionMs: leaseMs },
      ...{ topic: backfillsTopic(address).name, group: groupOf(address), count: () => 0 },
      onShare: () => this.changes.tell(),
    })
  }

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID`, `CT_PEER_MISSING`; as its methods. */
  static async open(options: KafkaBackfillsOptions): Promise<KafkaBackfills> {
    const address = kafkaAddress(options.url)
    memberName(options.member)
    const kafka = await loadKafka()
    await makeTopics(kafka, address, [backfillsTopic(address)], options.clock)
    return new KafkaBackfills(kafka, options)
  }

  async find(logId: string, start: number, end: number | undefined): Promise<BackfillJob | undefined> {
    const isSame = (job: BackfillJob) =>
      job.state === 'running' && job.log.id === logId && job.start === start && (end === undefined || job.end === end)
    return (await this.topics.jobs()).find(isSame)
  }

  add(job: NewBackfill): Promise<void> {
    return this.topics.add(job)
  }

  async job(id: string): Promise<BackfillJob | undefined> {
    return (await this.topics.jobs()).find((job) => job.id === id)
  }

  async claim(id: string): Promise<Lease | undefined> {
    const { member, leaseMs, clock } = this.options
    const living = await this.look()
    const job = await this.job(id)
    if (job === undefined || !living.has(member)) return undefined
    const at = clock.now()
    for (const range of await this.topics.ranges(job)) {
      if (!isFree(range, range.state, job, living, member)) continue
      const owner = await this.take(job, range, (state) => {
        if (!isFree(range, state, job, living, member)) return undefined
        const records = state.positions.has(job.log.id) ? [] : [rowRecord(rangeCheckpoint(job, range.start))]
        return { owner: { epoch: state.owner.epoch + 1, name: member }, records }
      })
      if (owner === undefined) continue
      this.claimed.set(range.unit, { job, start: range.start })
      return { unit: range.unit, epoch: owner.epoch, until: at + leaseMs }
    }
    return undefined
  }

  async renew({ unit, epoch }: Lease): Promise<boolean> {
    this.group.check()
    return (await this.rangeOf(unit))?.state.owner.epoch === epoch
  }

  async release({ unit, epoch }: Lease): Promise<void> {
    const range = await this.rangeOf(unit)
    const job = this.claimed.get(unit)?.job
    // Nobody takes one that is finished.
    if (job === undefined || range === undefined || range.position >= range.end) return
    await this.take(job, range, ({ owner }) => (owner.epoch === epoch ? { owner: { epoch, name: '' } } : undefined))
  }

  async range(unit: string): Promise<RangeState | undefined> {
    const claim = this.claimed.get(unit)
    if (claim === undefined) return undefined
    const ranges = await this.topics.ranges(claim.job)
    const range = ranges.find((one) => one.unit === unit)
    const readers = new Set(ranges.filter(({ position, end }) => position < end).map(({ state }) => state.owner.name))
    const count = [...readers].filter((name) => this.living.has(name)).length
    return range && { end: range.end, position: range.position, readers: count }
  }

  async parts(id: string): Promise<readonly ProvenPart[]> {
    const job = await this.job(id)
    if (job === undefined) return []
    return (await this.topics.ranges(job)).map(({ start, end, state }) => {
      const row = state.store.load().find(({ log }) => log.id === job.log.id)
      return {
        ...{ start, end, before: state.before && rangeBefore(start, state.before) },
        through: row?.range && new CompactRange(row.position, row.range),
      }
    })
  }

  async settle(id: string, reason: string | undefined): Promise<void> {
    const job = await this.job(id)
    if (job?.state === 'running') await this.topics.end(job, reason)
  }

  sink({ unit }: Lease): Sink {
    const { url, sink, clock } = this.options
    const claim = this.claimed.get(unit)
    if (claim === undefined) throw new TypeError('a lease of another member')
    const place = rangePlace(this.address, claim.job.id, unit)
    const read = () => this.topics.recordsOf(claim.job, unit)
    return new KafkaSink(url, { ...sink, clock }, { place, unit, start: claim.start, read })
  }

  async close(): Promise<void> {
    this.closing.abort()
    await this.group.close()
    await this.topics.close()
  }

  /** Sees which members live; none while the group shares its work anew, or does not know this one. */
  private async look(): Promise<ReadonlySet<string>> {
    const { clock, leaseMs } = this.options
    const { kafka, address, group, changes, closing } = this
    group.check()
    if (!group.isMember) await changes.wait(leaseMs / 3, closing.signal, clock)
    let members: readonly GroupMemberState[] | undefined
    for (let look = 0; look < LOOKS && members === undefined && group.isMember; look++) {
      if (look > 0) await changes.wait(SOON_MS, closing.signal, clock)
      const { name: topic } = backfillsTopic(address)
      members = await groupMembers(kafka, address, { group: groupOf(address), topic, clock })
    }
    this.living = new Set(members?.map(({ name }) => name))
    return this.living
  }

  private async rangeOf(unit: string): Promise<RangeOfBackfill | undefined> {
    const claim = this.claimed.get(unit)
    return claim && this.topics.range(claim.job, unit)
  }

  /** As `takeUnit`; `undefined` also where another member takes the range at this moment. */
  private async take(
    job: BackfillJob,
    { place, unit }: RangeOfBackfill,
    taking: Parameters<typeof takeUnit>[1],
  ): Promise<Owner | undefined> {
    const { kafka, address } = this
    const read = () => this.topics.recordsOf(job, unit)
    try {
      return await takeUnit({ kafka, address, place, clock: this.options.clock, read }, taking)
    } catch (error) {
      if (CtStreamError.is(error) && error.code === 'CT_LEASE_LOST') return undefined
      throw error
    }
  }
}

const groupOf = ({ prefix }: KafkaAddress): string => `${prefix}.backfill`

/** Whether a range has entries to read, and nobody else who lives reads it. */
function isFree(
  { start, end }: RangeOfBackfill,
  { owner, positions }: ShardState,
  { log }: BackfillJob,
  living: ReadonlySet<string>,
  member: string,
): boolean {
  if ((positions.get(log.id) ?? start) >= end) return false
  return owner.name === '' || owner.name === member || !living.has(owner.name)
}
