import { openGaps, readFrom } from '../checkpoint/open-gaps.js'
import { kafkaAddress } from '../kafka/address.js'
import { BackfillTopics } from '../kafka/backfills.js'
import { clientOptions, type KafkaClient, type KafkaConsumer, loadKafka } from '../kafka/client.js'
import { type GroupMemberState, groupMembers } from '../kafka/group-members.js'
import { GroupStates } from '../kafka/group-states.js'
import { ParkedTopic } from '../kafka/parked-topic.js'
import { RenewedClient } from '../kafka/renewed-client.js'
import { ShardDirectory } from '../kafka/shard-directory.js'
import { topicNames } from '../kafka/topic-names.js'
import { assignTopic, backfillsTopic, parkedTopic, SLOTS } from '../kafka/topics.js'
import { placeOf } from '../kafka/unit-place.js'
import { UnitStates } from '../kafka/unit-states.js'
import type { LogCoverage } from '../postgres/coverage.js'
import { type IndexRange, mergedRanges, rangesOutside } from '../postgres/intervals.js'
import type { BackfillJob } from '../types/backfill.js'
import type { Evidence, Gap, LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { MemberState, ShardState } from '../types/cluster.js'
import type { LogInfo } from '../types/log.js'
import type { ParkedEntry, QueueGroupLog, QueueGroupState } from '../types/queue.js'
import { systemClock } from '../util/clock.js'

/** How the names of the groups' topics go on behind the prefix. */
const MARKS = 'marks.'
/** Most parked entries that are listed, and most backfills. */
const MOST_LISTED = 1000

interface Opened {
  readonly kafka: KafkaClient
  readonly consumer: RenewedClient<KafkaConsumer>
  readonly directory: ShardDirectory
  readonly parked: ParkedTopic
  readonly backfills: BackfillTopics
}

/** A unit and what its topic of positions says. */
interface Unit {
  /** `''`: that of a process alone. */
  readonly name: string
  readonly epoch: number
  readonly rows: readonly LogCheckpoint[]
  readonly gaps: readonly Gap[]
  readonly evidence: readonly Evidence[]
}

/**
 * Reads the topics of a cluster on Kafka from outside: without being a member, and without writing or making a topic.
 *
 * A search for certificates is only in Postgres. Its methods throw `CT_SINK_FAILED` when no broker answers.
 */
export class KafkaClusterView {
  /** The last answer of {@link KafkaClusterView.shards}. */
  latest: readonly ShardState[] | undefined
  private readonly address
  private readonly clock: Clock
  private readonly states = new UnitStates()
  private readonly groupStates = new GroupStates()
  private opening: Promise<Opened> | undefined
  /** Runs reads one after another, as each goes on where the one before has ended. */
  private turn: Promise<unknown> = Promise.resolve()

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
  constructor(url: string, clock: Clock = systemClock) {
    this.address = kafkaAddress(url)
    this.clock = clock
  }

  /** All shards, by name. Owners are unknown while the group shares the work anew; when a lease ends, only the broker knows. */
  async shards(): Promise<readonly ShardState[]> {
    const members = await this.group()
    const units = await this.units()
    const { directory } = await this.open()
    const ownerOf = (name: string) => {
      const slot = directory.shards.indexOf(name) % SLOTS
      return members?.find(({ share }) => share.has(slot))?.name
    }
    const shards = units.map(({ name, epoch, rows }): ShardState => {
      const byId = new Map(rows.map((row) => [row.log.id, row]))
      const known = new Map(directory.logsOf(name).map((log) => [log.id, log]))
      for (const { log } of rows) known.set(log.id, log)
      const logs = [...known.values()].map(({ id, description, operator, url }) => {
        const row = byId.get(id)
        return { id, description, operator, url, position: row?.position, verifiedSize: row?.verifiedHead?.treeSize }
      })
      return { name, epoch, owner: ownerOf(name), until: undefined, logs: logs.sort(byText(({ id }) => id)) }
    })
    this.latest = shards
    return shards
  }

  /** Members that the broker has heard of within their session, by name; none while the group shares the work anew. */
  async members(): Promise<readonly MemberState[]> {
    const members = (await this.group()) ?? []
    const { directory } = await this.open()
    await directory.read()
    const count = (share: ReadonlySet<number>) => directory.shards.filter((_, n) => share.has(n % SLOTS)).length
    return members
      .map(({ name, share }) => ({ name, silentMs: 0, shards: count(share) }))
      .sort(byText(({ name }) => name))
  }

  /** Backfills, the newest first, 1,000 at most. */
  async backfills(): Promise<readonly BackfillJob[]> {
    const { name } = backfillsTopic(this.address)
    if (!(await this.topics('backfills')).includes(name)) return []
    const { backfills } = await this.open()
    return [...(await backfills.jobs())].reverse().slice(0, MOST_LISTED)
  }

  /** What was read of each log without a break up to its position, the gaps that are open before that, and what backfills have read. */
  async coverage(): Promise<readonly LogCoverage[]> {
    const units = await this.units()
    const backfilled = await this.backfilled()
    const covered = units.flatMap(({ rows, gaps }) => {
      const open = openGaps(gaps, rows)
      return rows.map((row) => coverageOf(row, open, backfilled.get(row.log.id)?.read ?? []))
    })
    const known = new Set(covered.map(({ log }) => log.id))
    const others = [...backfilled.values()].filter(({ log }) => !known.has(log.id))
    return [...covered, ...others.map(({ log, read }) => within(log, undefined, read))]
  }

  /** How far each group of processors is, by name. */
  async groups(): Promise<readonly QueueGroupState[]> {
    const topics = await this.topics(MARKS)
    if (topics.length === 0) return []
    const { consumer } = await this.open()
    const rows = (await this.units()).flatMap((unit) => unit.rows)
    const ends = new Map(rows.map(({ log, position }) => [log.id, position]))
    const read = this.turn.then(async () => {
      const groups = new Map<string, QueueGroupLog[]>()
      for (const topic of topics) {
        const { name = topic, logs } = await consumer.use('read watermarks', (client) =>
          this.groupStates.read(client, topic),
        )
        // A group that reads what is backfilled has two topics.
        const all = groups.get(name) ?? []
        groups.set(name, all)
        for (const { log, range, mark } of logs) {
          const { id, description, operator, url } = log
          const { next } = mark
          const end = Math.max(next, range?.end ?? ends.get(id) ?? 0)
          const isFinished = range !== undefined && next >= end
          if (!isFinished) all.push({ id, description, operator, url, next, end, lag: end - next })
        }
      }
      return [...groups]
        .map(([name, all]) => ({
          name,
          logs: all.sort(byText(({ id, next }) => `${id} ${String(next).padStart(16)}`)),
        }))
        .sort(byText(({ name }) => name))
    })
    this.turn = read.catch(() => {})
    return read
  }

  /** What processors have set aside, the newest first, 1,000 at most. */
  async parked(): Promise<readonly ParkedEntry[]> {
    const topic = parkedTopic(this.address).name
    if (!(await this.topics('parked')).includes(topic)) return []
    const { parked } = await this.open()
    const all = (await parked.list()).map(({ offset: _offset, partition: _partition, ...entry }): ParkedEntry => entry)
    return all.reverse().slice(0, MOST_LISTED)
  }

  /** Gaps that are still open. */
  async gaps(): Promise<readonly Gap[]> {
    return (await this.units()).flatMap(({ gaps, rows }) => openGaps(gaps, rows))
  }

  /** Evidence against logs: of each shard in the order stored. */
  async evidence(): Promise<readonly Evidence[]> {
    return (await this.units()).flatMap(({ evidence }) => evidence)
  }

  /** Disconnects. Idempotent. */
  async close(): Promise<void> {
    const opened = await this.opening?.catch(() => undefined)
    await Promise.all([
      opened?.consumer.close(),
      opened?.directory.close(),
      opened?.parked.close(),
      opened?.backfills.close(),
    ])
  }

  private open(): Promise<Opened> {
    this.opening ??= this.openNow().catch((error) => {
      this.opening = undefined
      throw error
    })
    return this.opening
  }

  private async openNow(): Promise<Opened> {
    const { address, clock } = this
    const kafka = await loadKafka()
    const options = { ...clientOptions(address), groupId: `${address.prefix}.reading` }
    return {
      kafka,
      consumer: new RenewedClient(address, clock, () => new kafka.Consumer(options)),
      directory: new ShardDirectory(kafka, address, assignTopic(address).name, clock),
      parked: new ParkedTopic(kafka, address, clock),
      backfills: new BackfillTopics(kafka, address, clock, async (topic) =>
        (await this.topics('backfill.')).includes(topic),
      ),
    }
  }

  /** What backfills have read, by log id: all of those that are done, and the ranges of those that run. */
  private async backfilled(): Promise<ReadonlyMap<string, { readonly log: LogInfo; readonly read: IndexRange[] }>> {
    const byLog = new Map<string, { log: LogInfo; read: IndexRange[] }>()
    const { backfills } = await this.open()
    for (const job of await this.backfills()) {
      if (job.state === 'failed') continue
      const known = byLog.get(job.log.id) ?? { log: job.log, read: [] }
      byLog.set(job.log.id, known)
      const ranges = job.state === 'done' ? [{ start: job.start, position: job.end }] : await backfills.ranges(job)
      for (const { start, position } of ranges) if (position > start) known.read.push({ start, end: position })
    }
    return byLog
  }

  private async topics(rest: string): Promise<readonly string[]> {
    return topicNames((await this.open()).kafka, this.address, this.clock, rest)
  }

  private async group(): Promise<readonly GroupMemberState[] | undefined> {
    const { address, clock } = this
    const group = `${address.prefix}.collectors`
    return groupMembers((await this.open()).kafka, address, { group, topic: assignTopic(address).name, clock })
  }

  /** Every shard of the directory, and the one of a process alone where there is one, by name. */
  private units(): Promise<readonly Unit[]> {
    const read = this.turn.then(async () => {
      const { consumer, directory } = await this.open()
      const topics = new Set(await this.topics(''))
      const isCluster = topics.has(assignTopic(this.address).name)
      if (isCluster) await directory.read()
      const names = [...(topics.has(placeOf(this.address, undefined).positions) ? [''] : []), ...directory.shards]
      const units: Unit[] = []
      for (const name of names.sort()) {
        const { positions } = placeOf(this.address, name === '' ? undefined : name)
        // A shard that nobody has taken yet has none.
        if (!topics.has(positions)) units.push({ name, epoch: 0, rows: [], gaps: [], evidence: [] })
        else
          units.push(
            await consumer.use('read the positions', async (client) => {
              const { owner, store } = await this.states.read(client, positions)
              return { name, epoch: owner.epoch, rows: store.load(), gaps: store.gaps(), evidence: store.evidence() }
            }),
          )
      }
      return units
    })
    this.turn = read.catch(() => {})
    return read
  }
}

function coverageOf(row: LogCheckpoint, gaps: readonly Gap[], backfilled: readonly IndexRange[]): LogCoverage {
  const start = readFrom(row) ?? row.position
  const first = Math.min(start, ...gaps.filter(({ log }) => log.id === row.log.id).map((gap) => gap.start))
  return within(row.log, { start: first, end: row.position }, [{ start, end: row.position }, ...backfilled])
}

/** @param least - What the range has in any case. */
function within(log: LogInfo, least: IndexRange | undefined, read: readonly IndexRange[]): LogCoverage {
  const covered = mergedRanges(read)
  const ends = [...covered, ...(least === undefined ? [] : [least])]
  const range =
    ends.length === 0
      ? { start: 0, end: 0 }
      : { start: Math.min(...ends.map(({ start }) => start)), end: Math.max(...ends.map(({ end }) => end)) }
  return { log, range, covered, missing: rangesOutside(covered, range) }
}

const byText =
  <T>(textOf: (item: T) => string) =>
  (a: T, b: T) =>
    textOf(a) < textOf(b) ? -1 : 1
