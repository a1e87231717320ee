import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer } from './client.js'
import { withDeadline } from './deadline.js'
import { kafkaError } from './errors.js'
import { decodeMember, encodeMember, shareOut } from './share-out.js'

export interface WorkGroupOptions {
  readonly kafka: KafkaClient
  readonly address: KafkaAddress
  /** A topic with a partition for each shard; nothing is read from it. */
  readonly topic: string
  readonly group: string
  /** As others see it: the client id. */
  readonly member: string
  /** After how much silence the broker gives the shards of a member to the others. Milliseconds. */
  readonly sessionMs: number
  readonly clock: Clock
  /** How many shards there are, as far as this member knows. */
  readonly count: () => number
  /**
   * What this member has by now.
   *
   * @param isNew - It had been removed in between, as one that was silent for too long: what it had may have been another's.
   */
  readonly onShare: (share: ReadonlySet<number>, isNew: boolean) => void
}

/** How often the broker hears of a member: what a hand-over waits for. Milliseconds. */
const HEARTBEAT_MS = 500
const LEAVE_MS = 3000
const DESCRIBE_MS = 3000

/**
 * Says which member works on which shard: a classic consumer group, in which nothing is consumed.
 *
 * Only a hint, as a member that stopped and woke up believes for a moment that it has what it had. Who may write, the fencing of
 * `FencedProducer` says. The newer group protocol is not used: with this client a resumed member believes it for ever.
 */
export class WorkGroup {
  private readonly options: WorkGroupOptions
  private consumer: KafkaConsumer | undefined
  /** Under which name the broker knew this member when it got its share. */
  private joinedAs: string | null = null
  private share: ReadonlySet<number> = new Set()
  /** Given back: not to be had again in the next round. */
  private readonly spared = new Set<number>()
  /** When the broker was heard last, epoch milliseconds. */
  heardAt: number
  private isClosed = false
  /** Why joining failed last. */
  private failure: unknown

  constructor(options: WorkGroupOptions) {
    this.options = options
    this.heardAt = options.clock.now()
  }

  /** Whether the broker has counted this member in within the time of its session. */
  get isMember(): boolean {
    return this.joinedAs !== null && this.silentMs < this.options.sessionMs
  }

  /**
   * Joins, or tells the group anew what this member knows and has. With a client of its own when the old one has heard nothing for long: it
   * never asks again which broker leads the group.
   *
   * @throws {@link CtStreamError} as `kafkaError` has it, when the broker cannot be reached or refuses.
   */
  check(): void {
    const { address, sessionMs } = this.options
    const { failure, silentMs } = this
    this.failure = undefined
    // Who joins waits until the session of one that died has ended.
    const isStuck = failure !== undefined || silentMs > 2 * sessionMs
    if (isStuck) void this.drop()
    if (isStuck || this.consumer === undefined) this.join()
    if (!isStuck && (silentMs < sessionMs || this.joinedAs === null)) return
    const silent = new Error(`no answer for ${Math.round(silentMs / 1000)} s`)
    throw kafkaError(failure ?? silent, 'share the work', address)
  }

  /** What each member has, as the broker says while nothing changes; else what is known here. */
  async shares(): Promise<readonly ReadonlySet<number>[]> {
    const { kafka, address, group, topic, clock } = this.options
    const admin = new kafka.Admin(clientOptions(address, 10_000))
    const giveUp = () => void admin.close().catch(() => {})
    try {
      const work = admin.describeGroups({ groups: [group] })
      const groups = await withDeadline(work, {
        doing: 'see who works',
        address,
        clock,
        giveUp,
        timeoutMs: DESCRIBE_MS,
      })
      const found = groups.get(group)
      if (found?.state !== 'STABLE') return [this.share]
      return [...found.members.values()].map(({ assignments }) => new Set(assignments?.get(topic)?.partitions))
    } catch {
      return [this.share]
    } finally {
      giveUp()
    }
  }

  /** Gives a shard back to the group; `tell()` says so. */
  spare(number: number): void {
    this.spared.add(number)
  }

  /** Has the shards shared out anew, with what this member says of itself now. */
  tell(): void {
    if (this.consumer !== undefined) this.join()
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.drop()
  }

  private get silentMs(): number {
    return this.options.clock.now() - this.heardAt
  }

  private join(): void {
    const consumer = (this.consumer ??= this.connect())
    consumer.joinGroup({}).catch((error) => {
      if (consumer === this.consumer) this.failure = error
    })
  }

  private connect(): KafkaConsumer {
    const { kafka, address, group, topic, member, sessionMs } = this.options
    const { self } = this
    this.heardAt = this.options.clock.now()
    const consumer: KafkaConsumer = new kafka.Consumer({
      ...clientOptions(address, 10_000),
      clientId: member,
      groupId: group,
      groupProtocol: 'classic',
      sessionTimeout: sessionMs,
      rebalanceTimeout: sessionMs,
      heartbeatInterval: Math.min(HEARTBEAT_MS, Math.ceil(sessionMs / 3)),
      // Read each time the client joins.
      protocols: [
        {
          name: 'ct-stream',
          version: 0,
          get metadata() {
            return self()
          },
        },
      ],
      partitionAssigner: (_current, members) => {
        const said = [...members.values()].map(({ memberId, metadata }) => decodeMember(memberId, metadata))
        const shares = shareOut(said, Math.max(...said.map(({ count }) => count)))
        return [...shares].map(([memberId, partitions]) => ({
          memberId,
          assignments: new Map([[topic, { topic, partitions: [...partitions] }]]),
        }))
      },
    })
    consumer.topics.track(topic)
    consumer.on('consumer:heartbeat:end', () => {
      if (consumer === this.consumer) this.heardAt = this.options.clock.now()
    })
    consumer.on('consumer:group:join', ({ memberId, assignments }) => {
      if (consumer !== this.consumer) return
      this.heardAt = this.options.clock.now()
      this.spared.clear()
      const isNew = memberId !== this.joinedAs
      this.joinedAs = memberId
      this.share = new Set(assignments?.find((each) => each.topic === topic)?.partitions)
      this.options.onShare(this.share, isNew)
    })
    consumer.on('error', (error) => {
      if (consumer === this.consumer) this.failure = error
    })
    return consumer
  }

  /** What it says of itself. One that was removed has nothing. */
  private readonly self = (): Buffer => {
    const memberId = this.consumer?.memberId ?? null
    const isKnown = memberId !== null && memberId === this.joinedAs
    return encodeMember(this.options.count(), {
      owned: isKnown ? [...this.share].filter((number) => !this.spared.has(number)) : [],
      spared: [...this.spared],
    })
  }

  /** Leaves, if the broker can be told within a moment. */
  private async drop(): Promise<void> {
    const { consumer } = this
    const { clock } = this.options
    this.consumer = undefined
    if (consumer === undefined) return
    const timer = new AbortController()
    const late = clock.sleep(this.isClosed ? LEAVE_MS : 0, timer.signal).catch(() => undefined)
    await Promise.race([new Promise<void>((done) => consumer.leaveGroup(true, () => done())), late])
    timer.abort()
    await new Promise<void>((done) => consumer.close(true, () => done()))
  }
}
