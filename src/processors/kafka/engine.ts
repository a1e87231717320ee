import { CtStreamError } from '../../errors.js'
import { loadKafka } from '../../kafka/client.js'
import { marksName } from '../../kafka/group-marks.js'
import { KafkaIssuers } from '../../kafka/issuers.js'
import { ParkedTopic } from '../../kafka/parked-topic.js'
import { backfillsTopic, entriesTopic, issuersTopic, type NewTopic, parkedTopic } from '../../kafka/topics.js'
import { rangePlace } from '../../kafka/unit-place.js'
import type { QueueGap, Watermark } from '../../types/queue.js'
import { quietController } from '../../util/abort.js'
import { Notifier } from '../../util/notifier.js'
import type { Parking, QueueClaim, QueuedPage, QueueEngine, ReplayedEntry } from '../engine.js'
import { ParkedMessages } from '../parked-messages.js'
import { orAborted, patiently } from '../patiently.js'
import type { KafkaEngineSettings, LaneNames } from './context.js'
import { connectLane, KafkaLane } from './lane.js'
import { KafkaLogFinder } from './log-finder.js'
import { storeGap, storeMarks } from './marks.js'
import { KafkaParking } from './parking.js'
import type { KafkaClaim } from './partition.js'
import { RangeFinder } from './range-finder.js'

/** What is connected while an engine is open. */
interface Opened {
  /** That of the entries first, then that of backfills, where it is read. */
  readonly lanes: readonly KafkaLane[]
  readonly parked: ParkedTopic
  readonly issuers: KafkaIssuers
}

/** The topics of a `kafkaSink`, for one processor of a group: entries, and what backfills have written. */
export class KafkaEngine implements QueueEngine {
  private readonly settings: KafkaEngineSettings
  private readonly closing = quietController()
  /** Notified when a lane may be ready. */
  private readonly arrived = new Notifier()
  private opened: Opened | undefined
  /** Lanes, the one whose turn it is first. */
  private turns: readonly KafkaLane[] = []

  constructor(settings: KafkaEngineSettings) {
    this.settings = settings
  }

  get claims(): readonly QueueClaim[] {
    return this.lanes.flatMap(({ share }) => share.claims)
  }

  async open(): Promise<void> {
    const { settings, closing } = this
    const { address, clock, group } = settings
    const kafka = await loadKafka()
    const parked = new ParkedTopic(kafka, address, clock)
    const messages = new ParkedMessages()
    const issuers = new KafkaIssuers(kafka, address, clock)
    const onReady = () => this.arrived.notify()
    const connect = async (names: LaneNames, ...others: readonly NewTopic[]) => {
      const topics = [entriesTopic(names.topic, address), issuersTopic(address), parkedTopic(address), ...others]
      const context = await connectLane({ settings, kafka, issuers, closing: closing.signal }, names, topics)
      return { context, parking: new KafkaParking(parked, messages, group, clock), onReady }
    }
    const entries = await connect({
      topic: `${address.prefix}.entries`,
      marks: marksName(address, group),
      group: `${address.prefix}.processors.${group}`,
      numberOf: (partition) => partition,
    })
    const lanes = [new KafkaLane({ ...entries, finder: new KafkaLogFinder(entries.context) })]
    this.opened = { lanes, parked, issuers }
    if (address.backfilled) {
      const names = {
        topic: rangePlace(address, '', '').entries,
        marks: marksName(address, group, 'backfilled'),
        group: `${address.prefix}.backfill-processors.${group}`,
        numberOf: (partition: number) => -1 - partition,
      }
      const backfilled = await connect(names, backfillsTopic(address))
      lanes.push(new KafkaLane({ ...backfilled, finder: new RangeFinder(backfilled.context) }))
    }
    this.turns = lanes
    for (const lane of lanes) lane.begin()
  }

  async next(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    this.connected()
    const ended = new Set<KafkaLane>()
    for (;;) {
      const arrival = this.arrived.wait()
      const lanes = this.turns.filter((lane) => !ended.has(lane))
      if (lanes.length === 0) return undefined
      for (const lane of lanes) lane.readAhead(signal)
      const ready = lanes.find(({ isReady }) => isReady)
      if (ready === undefined) {
        await orAborted(arrival, signal)
        if (signal.aborted || this.closing.signal.aborted) return undefined
        continue
      }
      const next = await ready.take()
      if (next === undefined) ended.add(ready)
      if (next === undefined || next === 'lost') continue
      ready.readAhead(signal)
      this.turns = [...this.turns.filter((lane) => lane !== ready), ready]
      return next
    }
  }

  get setAside(): number {
    return this.lanes.reduce((sum, { parking }) => sum + parking.foreign, 0)
  }

  headOf(claim: QueueClaim): number {
    return this.laneOf(claim as KafkaClaim)?.ends.headOf(claim as KafkaClaim) ?? 0
  }

  async store(marks: ReadonlyMap<QueueClaim, Watermark>): Promise<readonly QueueClaim[]> {
    const byLane = new Map<KafkaLane, Map<KafkaClaim, Watermark>>()
    const lost: QueueClaim[] = []
    for (const [claim, mark] of marks as ReadonlyMap<KafkaClaim, Watermark>) {
      const lane = this.laneOf(claim)
      if (lane === undefined) lost.push(claim)
      else byLane.set(lane, (byLane.get(lane) ?? new Map()).set(claim, mark))
    }
    for (const [{ share }, ours] of byLane) lost.push(...(await storeMarks(share, ours)))
    return lost
  }

  async park(items: readonly Parking[]): Promise<number> {
    const { lanes } = this.connected()
    let parked = 0
    for (const item of items) {
      const { logId, index, key } = item
      const of = logId === undefined ? undefined : this.find((lane) => lane.partitionOf(logId, index))
      if ((await this.patient(async () => lanes[0]?.parking.park(item, of))) === true) parked++
      for (const lane of lanes) lane.parking.forget(key)
    }
    return parked
  }

  async settle(key: string): Promise<void> {
    const { lanes, parked } = this.connected()
    await this.patient(() => parked.delete({ group: this.settings.group, key }))
    for (const { parking } of lanes) parking.forget(key)
  }

  async addGap(gap: QueueGap): Promise<void> {
    const lane = this.lanes.find((each) => each.share.partitionOf(gap.log.id, gap.start) !== undefined)
    if (lane !== undefined) await storeGap(lane.share, gap)
  }

  async close(): Promise<void> {
    this.closing.abort()
    this.arrived.notify()
    const { opened } = this
    await Promise.all((opened?.lanes ?? []).map((lane) => lane.close()))
    this.opened = undefined
    await Promise.all([opened?.parked.close(), opened?.issuers.close()])
  }

  private get lanes(): readonly KafkaLane[] {
    return this.opened?.lanes ?? []
  }

  private laneOf(claim: KafkaClaim): KafkaLane | undefined {
    return this.lanes.find(({ share }) => share.isOurs(claim))
  }

  /** What the first lane has that has it. */
  private find<T>(of: (lane: KafkaLane) => T | undefined): T | undefined {
    for (const lane of this.lanes) {
      const found = of(lane)
      if (found !== undefined) return found
    }
    return undefined
  }

  private connected(): Opened {
    if (this.opened === undefined) throw new CtStreamError('CT_CLOSED', 'the queue source is closed')
    return this.opened
  }

  private patient<T>(work: () => Promise<T>): Promise<T> {
    return patiently(this.settings, this.closing.signal, work)
  }
}
