import type { NatsAddress } from '../../nats/address.js'
import { GroupLink } from '../../nats/group-link.js'
import { REPLAY } from '../../nats/parked-records.js'
import type { QueueGap, Watermark } from '../../types/queue.js'
import { quietController } from '../../util/abort.js'
import { ClaimKeeper } from '../claim-keeper.js'
import type { Parking, QueueClaim, QueuedPage, QueueEngine, ReplayedEntry } from '../engine.js'
import { LeasedReader } from '../leased-reader.js'
import { patiently } from '../patiently.js'
import type { CheckedSettings } from '../source-settings.js'
import type { NatsClaim } from './claim.js'
import { NatsClaims } from './claims.js'
import { NatsPages } from './pages.js'
import { NatsParking } from './parking.js'

export interface NatsEngineSettings extends CheckedSettings {
  readonly address: NatsAddress
}

/** The streams of a `natsSink`, for one processor of a group, which has a stream of its own for its records. */
export class NatsEngine implements QueueEngine {
  private readonly settings: NatsEngineSettings
  private readonly link: GroupLink
  private readonly leases: NatsClaims
  private readonly keeper: ClaimKeeper<NatsClaim>
  private readonly parking: NatsParking
  private readonly pages: NatsPages
  private readonly reader: LeasedReader<NatsClaim>
  private readonly closing = quietController()
  private watching: Promise<void> | undefined
  private known: readonly NatsClaim[] = []

  constructor(settings: NatsEngineSettings) {
    const { address, group } = settings
    this.settings = settings
    this.link = new GroupLink(address, group, (key) => this.notice(key))
    this.leases = new NatsClaims(this.link, settings)
    this.keeper = new ClaimKeeper(this.leases, settings)
    this.parking = new NatsParking(this.link, group)
    this.pages = new NatsPages(this.link, this.keeper, this.parking, settings, this.closing.signal)
    this.reader = new LeasedReader(
      this.keeper,
      {
        nextReplay: () => this.nextReplay(),
        nextPage: () => this.pages.nextPage(),
        arrival: () => this.pages.arrival(),
      },
      settings,
    )
  }

  get claims(): readonly QueueClaim[] {
    return this.keeper.held
  }

  get setAside(): number {
    return this.parking.foreign
  }

  async open(): Promise<void> {
    const { signal } = this.closing
    await this.patiently(() => this.keeper.turn())
    this.watching = this.keeper.watch(signal)
  }

  next(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    return this.reader.next(signal)
  }

  async store(marks: ReadonlyMap<QueueClaim, Watermark>): Promise<readonly QueueClaim[]> {
    const lost: NatsClaim[] = []
    await Promise.all(
      [...(marks as ReadonlyMap<NatsClaim, Watermark>)].map(async ([claim, mark]) => {
        const isStored =
          this.keeper.held.includes(claim) && (await this.patiently(() => this.leases.store(claim, mark)))
        if (!isStored) lost.push(claim)
      }),
    )
    for (const claim of lost) this.keeper.lose(claim)
    await this.keeper.giveAway().catch(() => {})
    return lost
  }

  async park(items: readonly Parking[]): Promise<number> {
    let parked = 0
    for (const item of items) if (await this.patiently(() => this.parking.park(item, this.keeper.held))) parked++
    return parked
  }

  settle(key: string): Promise<void> {
    return this.patiently(() => this.parking.settle(key))
  }

  async addGap(gap: QueueGap): Promise<void> {
    const place = this.keeper.held.find(({ log }) => log.id === gap.log.id)?.entries.key
    if (place === undefined) return
    const subject = `${this.link.stream.base}.gap.${place}.${gap.start}.${gap.end}`
    const message = { subject, headers: {}, body: Buffer.from(JSON.stringify(gap)) }
    await this.patiently(() => this.link.use('record a gap', ({ connection }) => connection.put(message)))
  }

  async close(): Promise<void> {
    this.closing.abort()
    this.keeper.changed.notify()
    this.pages.close()
    await this.reader.settled()
    await this.watching
    this.pages.close()
    await this.keeper.leave()
  }

  private nextReplay(): Promise<ReplayedEntry | undefined> {
    const { held } = this.keeper
    // Entries of a log that is new here may be marked.
    if (held.some((claim) => !this.known.includes(claim))) this.parking.notice()
    this.known = held
    return this.parking.nextReplay(held)
  }

  private notice(key: string): void {
    if (key === REPLAY) this.parking.notice()
    this.leases.notice(key)
  }

  private patiently<T>(work: () => Promise<T>): Promise<T> {
    return patiently(this.settings, this.closing.signal, work)
  }
}
