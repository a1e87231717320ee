import { randomUUID } from 'node:crypto'
import { CtStreamError } from '../../errors.js'
import type { RedisAddress } from '../../redis/address.js'
import { RedisGroup } from '../../redis/group.js'
import { type GroupKeys, groupKeys } from '../../redis/group-keys.js'
import { RedisLink } from '../../redis/link.js'
import type { QueueGap, Watermark } from '../../types/queue.js'
import { quietController } from '../../util/abort.js'
import { ClaimKeeper } from '../claim-keeper.js'
import type { Parking, QueueClaim, QueuedPage, QueueEngine, ReplayedEntry } from '../engine.js'
import { LeasedReader } from '../leased-reader.js'
import { patiently } from '../patiently.js'
import type { CheckedSettings } from '../source-settings.js'
import { type RedisClaim, RedisClaims } from './claims.js'
import { RedisPages } from './pages.js'
import { RedisParking } from './parking.js'

export interface RedisEngineSettings extends CheckedSettings {
  readonly address: RedisAddress
}

/** The streams of a `redisSink`, for one processor of a group: each is leased to one of them. */
export class RedisEngine implements QueueEngine {
  private readonly settings: RedisEngineSettings
  private readonly keys: GroupKeys
  /** So that neither a page nor a wait delays a renewal. */
  private readonly reading: RedisLink
  private readonly waiting: RedisLink
  private readonly writing: RedisLink
  private readonly group: RedisGroup
  private readonly parking: RedisParking
  private readonly keeper: ClaimKeeper<RedisClaim>
  private readonly reader: LeasedReader<RedisClaim>
  private readonly closing = quietController()
  private watching: Promise<void> | undefined

  constructor(settings: RedisEngineSettings) {
    this.settings = settings
    const { address, clock, group, leaseMs, start } = settings
    this.keys = groupKeys(address, group)
    const link = () => new RedisLink(address, clock)
    this.reading = link()
    this.waiting = link()
    this.writing = link()
    const member = { group, name: randomUUID(), leaseMs, start }
    this.group = new RedisGroup(this.writing, this.keys, member)
    this.parking = new RedisParking(this.writing, this.keys, group)
    const renewing = link()
    this.keeper = new ClaimKeeper(new RedisClaims(renewing, new RedisGroup(renewing, this.keys, member)), settings)
    const { reading, waiting, parking, keys } = this
    const pages = { reading, waiting, group: this.group, parking, bell: keys.bell }
    this.reader = new LeasedReader(
      this.keeper,
      new RedisPages(this.keeper, pages, settings, this.closing.signal),
      settings,
    )
  }

  get claims(): readonly QueueClaim[] {
    return this.keeper.held
  }

  async open(): Promise<void> {
    const { signal } = this.closing
    await patiently(this.settings, signal, () => this.keeper.turn())
    this.watching = this.keeper.watch(signal)
  }

  next(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    return this.reader.next(signal)
  }

  async store(marks: ReadonlyMap<QueueClaim, Watermark>): Promise<readonly QueueClaim[]> {
    const all = [...(marks as ReadonlyMap<RedisClaim, Watermark>)]
    const kept = await this.write(() => this.group.storeMarks(all))
    const lost: RedisClaim[] = []
    for (const [claim, { next }] of all)
      if (kept.has(claim.stream)) claim.storedNext = Math.max(claim.storedNext, next)
      else lost.push(claim)
    for (const claim of lost) this.keeper.lose(claim)
    await this.keeper.giveAway().catch(() => {})
    return lost
  }

  async park(items: readonly Parking[]): Promise<number> {
    let parked = 0
    const streamOf = (logId: string) => this.keeper.held.find(({ log }) => log.id === logId)?.stream
    for (const item of items) if (await this.write(() => this.parking.park(item, streamOf))) parked++
    return parked
  }

  async settle(key: string): Promise<void> {
    await this.write(() => this.parking.settle(key))
  }

  async addGap(gap: QueueGap): Promise<void> {
    await this.write(() => this.group.addGap(gap))
  }

  async close(): Promise<void> {
    this.closing.abort(new CtStreamError('CT_CLOSED', 'the queue source is closed'))
    this.keeper.changed.notify()
    await this.waiting.close()
    await this.reader.settled()
    await this.watching
    await this.keeper.leave()
    await Promise.all([this.reading.close(), this.writing.close()])
  }

  private write<T>(work: () => Promise<T>): Promise<T> {
    return patiently(this.settings, this.closing.signal, work)
  }
}
