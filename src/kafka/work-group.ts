import type { Clock } from '../types/clock.js'
import { ageFrom } from '../util/clock.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer } from './client.js'
import { closeClients } from './close-clients.js'
import { withDeadline } from './deadline.js'
import { kafkaError } from './errors.js'
import { groupMembers } from './group-members.js'
import { decodeMember, encodeMember, shareOut } from './share-out.js'

export interface WorkGroupOptions {
  readonly kafka: KafkaClient
  readonly address: KafkaAddress
  /** A topic with a partition for each shard. Its records are not consumed. */
  readonly topic: string
  readonly group: string
  /** The name that other members see: the client id. */
  readonly member: string
  /** How long a member may be silent before the broker gives its shards to others. Milliseconds. */
  readonly sessionMs: number
  readonly clock: Clock
  /** The number of shards that this member knows of. */
  readonly count: () => number
  /**
   * Called with the shards assigned to this member, each time it has joined.
   *
   * @param isNew - The group had removed this member, or did not know it before: others may have held its shards in between.
   */
  readonly onShare: (share: ReadonlySet<number>, isNew: boolean) => void
}

/** Interval of heartbeats, by which members learn of a hand-over. Milliseconds. */
const HEARTBEAT_MS = 500
/** How long joining may take beyond a session. Milliseconds. */
const JOIN_MS = 10_000
/** Two sessions, as joining waits until the session of a member that died has ended. */
const SESSIONS_TO_JOIN = 2
/** How often it is given twice as long. */
const MOST_DOUBLINGS = 2
const LEAVE_MS = 3000

/**
 * Decides which member works on which shard: a classic consumer group that consumes nothing.
 *
 * Its answer is only a hint: a member that was suspended believes for a moment that it still has its shards. `FencedProducer` decides who
 * may write. The newer group protocol is not used, because with this client a resumed member never learns that it lost its shards.
 */
export class WorkGroup {
  private readonly options: WorkGroupOptions
  private consumer: KafkaConsumer | undefined
  /** The broker's id of this member when its shards were assigned. */
  private joinedAs: string | null = null
  private share: ReadonlySet<number> = new Set()
  /** Released shards, which this member should not get back in the next round. */
  private readonly spared = new Set<number>()
  /** Milliseconds since the broker's last answer. */
  private sinceHeard: () => number
  private isClosed = false
  /** Clients in a row that were given up because joining took too long. */
  private givenUp = 0
  /** The last error of joining or of the client. */
  private failure: unknown

  constructor(options: WorkGroupOptions) {
    this.options = options
    this.sinceHeard = ageFrom(options.clock)
  }

  /** How long ago the broker's last answer is. Milliseconds. */
  get silentMs(): number {
    return this.sinceHeard()
  }

  /** Whether the broker has confirmed this member within the session time. */
  get isMember(): boolean {
    return this.joinedAs !== null && this.silentMs < this.options.sessionMs
  }

  /**
   * Joins the group when needed. Makes a new client when the old one has had no answer for long, because a client never asks again which
   * broker coordinates the group.
   *
   * @throws {@link CtStreamError} as `kafkaError` makes it, when the broker cannot be reached or refuses.
   */
  check(): void {
    const { address, sessionMs } = this.options
    const { failure, silentMs } = this
    this.failure = undefined
    const isLate = silentMs > this.patienceMs
    const isStuck = failure !== undefined || isLate
    if (isLate) this.givenUp++
    if (isStuck) void this.drop()
    if (isStuck || this.consumer === undefined) this.join()
    if (!isStuck && (silentMs < sessionMs || this.joinedAs === null)) return
    const silent = new Error(`no answer for ${Math.round(silentMs / 1000)} s`)
    throw kafkaError(failure ?? silent, 'share the work', address)
  }

  /** The shards of each member, as the broker reports them; only this member's own during a rebalance or after an error. */
  async shares(): Promise<readonly ReadonlySet<number>[]> {
    const { kafka, address } = this.options
    const members = await groupMembers(kafka, address, this.options).catch(() => undefined)
    const own = [this.share]
    return members === undefined || members.length === 0 ? own : members.map(({ share }) => share)
  }

  /** Marks a shard as released; `tell()` reports it to the group. */
  spare(number: number): void {
    this.spared.add(number)
  }

  /** Joins again, so that shards are assigned anew with what this member reports now. */
  tell(): void {
    if (this.consumer !== undefined) this.join()
  }

  /**
   * As {@link tell}, after partitions were added to the topic: the client of a member that is alone takes as many as it remembers.
   *
   * @throws {@link CtStreamError} as `withDeadline`.
   */
  async grow(): Promise<void> {
    const { address, clock, topic } = this.options
    const seen = this.consumer?.metadata({ topics: [topic], forceUpdate: true })
    await withDeadline(Promise.resolve(seen), { doing: 'see the partitions', address, clock, giveUp: () => {} })
    this.tell()
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.drop()
  }

  /** Each client that is given up leaves a member behind that the others wait for: on a slow broker all would give up before any has joined. */
  private get patienceMs(): number {
    return SESSIONS_TO_JOIN * this.options.sessionMs * 2 ** Math.min(this.givenUp, MOST_DOUBLINGS)
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
    this.sinceHeard = ageFrom(this.options.clock)
    const consumer: KafkaConsumer = new kafka.Consumer({
      // Joining waits until the session of a member that died has ended.
      ...clientOptions(address, sessionMs + JOIN_MS),
      clientId: member,
      groupId: group,
      groupProtocol: 'classic',
      sessionTimeout: sessionMs,
      rebalanceTimeout: sessionMs,
      heartbeatInterval: Math.min(HEARTBEAT_MS, Math.ceil(sessionMs / 3)),
      // A getter, since the client reads it each time it joins.
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
      if (consumer === this.consumer) this.sinceHeard = ageFrom(this.options.clock)
    })
    consumer.on('consumer:group:join', ({ memberId, assignments }) => {
      if (consumer !== this.consumer) return
      this.sinceHeard = ageFrom(this.options.clock)
      this.givenUp = 0
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

  /** What this member reports when it joins. One that the group removed owns nothing. */
  private readonly self = (): Buffer => {
    const memberId = this.consumer?.memberId ?? null
    const isKnown = memberId !== null && memberId === this.joinedAs
    return encodeMember(this.options.count(), {
      owned: isKnown ? [...this.share].filter((number) => !this.spared.has(number)) : [],
      spared: [...this.spared],
    })
  }

  /** Leaves the group and closes the client; on `close()` waits up to 3 seconds for the broker. */
  private async drop(): Promise<void> {
    const { consumer } = this
    const { clock } = this.options
    this.consumer = undefined
    if (consumer === undefined) return
    const timer = new AbortController()
    const late = clock.sleep(this.isClosed ? LEAVE_MS : 0, timer.signal).catch(() => undefined)
    await Promise.race([new Promise<void>((done) => consumer.leaveGroup(true, () => done())), late])
    timer.abort()
    await closeClients(clock, consumer)
  }
}
