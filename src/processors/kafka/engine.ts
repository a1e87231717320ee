import { CtStreamError } from '../../errors.js'
import { loadKafka } from '../../kafka/client.js'
import { EntriesReader } from '../../kafka/entries-reader.js'
import { marksName } from '../../kafka/group-marks.js'
import { ParkedTopic } from '../../kafka/parked-topic.js'
import { entriesTopic, makeTopics, marksTopic, parkedTopic } from '../../kafka/topics.js'
import type { QueueGap, Watermark } from '../../types/queue.js'
import { quietController } from '../../util/abort.js'
import { messageOf } from '../../util/message-of.js'
import type { Parking, QueueClaim, QueuedPage, QueueEngine, ReplayedEntry } from '../engine.js'
import { isPassing, orAborted, patiently } from '../patiently.js'
import type { KafkaContext, KafkaEngineSettings } from './context.js'
import { KafkaEnds } from './ends.js'
import { KafkaLogFinder } from './log-finder.js'
import { storeGap, storeMarks } from './marks.js'
import { KafkaPages } from './pages.js'
import { KafkaParking } from './parking.js'
import type { KafkaClaim } from './partition.js'
import { KafkaShare } from './share.js'

/** How often replays are looked for, and whether the group knows this processor. Milliseconds. */
const LOOK_MS = 2000

/** What is connected while an engine is open. */
interface Opened {
  readonly share: KafkaShare
  readonly pages: KafkaPages
  readonly logs: KafkaLogFinder
  readonly ends: KafkaEnds
  readonly readers: readonly EntriesReader[]
  readonly parked: ParkedTopic
  readonly parking: KafkaParking
}

/**
 * The entries' topic of a `kafkaSink`, for one processor of a group.
 *
 * A consumer group says who reads which partition; who may move its watermarks, the transactional producer of the partition says.
 */
export class KafkaEngine implements QueueEngine {
  private readonly settings: KafkaEngineSettings
  private readonly closing = quietController()
  private opened: Opened | undefined
  private ahead: Promise<QueuedPage | ReplayedEntry | undefined> | undefined
  private watching: Promise<void> | undefined
  private failure: { readonly error: unknown } | undefined

  constructor(settings: KafkaEngineSettings) {
    this.settings = settings
  }

  get claims(): readonly QueueClaim[] {
    return this.opened?.share.claims ?? []
  }

  async open(): Promise<void> {
    const { address, clock, group } = this.settings
    const context = await this.connect()
    const { kafka, reader, looking } = context
    const share = new KafkaShare(context)
    const parked = new ParkedTopic(kafka, address, clock)
    const parking = new KafkaParking(parked, group, clock)
    const logs = new KafkaLogFinder(context)
    const pages = new KafkaPages({ context, share, parking, logs })
    const ends = new KafkaEnds(context, share, logs)
    this.opened = { share, pages, logs, ends, readers: [reader, looking], parked, parking }
    share.check()
    this.watching = this.watch(this.opened)
    void ends.watch()
  }

  async next(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    const { share } = this.connected()
    for (;;) {
      this.ahead ??= this.readNext(signal)
      const next = await this.ahead
      this.ahead = undefined
      if (next === undefined) return undefined
      await share.confirmed(signal)
      // Read ahead, but the claim was lost meanwhile: another processor handles it.
      if (next.kind === 'page' && !share.isOurs(next.claim as KafkaClaim)) continue
      this.ahead = this.readNext(signal)
      // Not unhandled: the next call awaits this promise and throws its error.
      this.ahead.catch(() => {})
      return next
    }
  }

  get setAside(): number {
    return this.opened?.parking.foreign ?? 0
  }

  headOf(claim: QueueClaim): number {
    return this.opened?.ends.headOf(claim as KafkaClaim) ?? 0
  }

  async store(marks: ReadonlyMap<QueueClaim, Watermark>): Promise<readonly QueueClaim[]> {
    const { opened } = this
    return opened === undefined
      ? [...marks.keys()]
      : storeMarks(opened.share, marks as ReadonlyMap<KafkaClaim, Watermark>)
  }

  async park(items: readonly Parking[]): Promise<void> {
    const { parking, share } = this.connected()
    for (const item of items) await this.patient(() => parking.park(item, (logId) => share.partitionOf(logId)?.number))
  }

  async settle(key: string): Promise<void> {
    await this.patient(() => this.connected().parking.settle(key))
  }

  async addGap(gap: QueueGap): Promise<void> {
    if (this.opened !== undefined) await storeGap(this.opened.share, gap)
  }

  async close(): Promise<void> {
    this.closing.abort()
    this.opened?.share.changed.notify()
    await this.ahead?.catch(() => {})
    await this.watching
    const { opened } = this
    this.opened = undefined
    await opened?.share.close()
    await Promise.all([opened?.parked.close(), ...(opened?.readers ?? []).map((reader) => reader.close())])
  }

  private connected(): Opened {
    if (this.opened === undefined) throw new CtStreamError('CT_CLOSED', 'the queue source is closed')
    return this.opened
  }

  /** Makes the topics that are missing, as soon as there is a broker. */
  private async connect(): Promise<KafkaContext> {
    const { settings } = this
    const { address, clock, group } = settings
    const kafka = await loadKafka()
    const topic = `${address.prefix}.entries`
    const marks = marksName(address, group)
    const [reader, looking] = [0, 1].map(() => new EntriesReader(kafka, address, topic, clock)) as [
      EntriesReader,
      EntriesReader,
    ]
    const patient = <T>(work: () => Promise<T>) => this.patient(work)
    try {
      const partitions = await patient(async () => {
        await makeTopics(kafka, address, [entriesTopic(topic, address), parkedTopic(address)], clock)
        const count = await reader.partitions()
        await makeTopics(kafka, address, [marksTopic(marks, count)], clock)
        return count
      })
      return {
        settings,
        kafka,
        reader,
        looking,
        topic,
        marksTopic: marks,
        partitions,
        closing: this.closing.signal,
        patient,
      }
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  /** Keeps this processor in the group, and looks for replays. */
  private async watch({ share, parking }: Opened): Promise<void> {
    const { clock, leaseMs, logger } = this.settings
    const { signal } = this.closing
    while (!signal.aborted) {
      await clock.sleep(Math.min(leaseMs / 3, LOOK_MS), signal).catch(() => {})
      if (signal.aborted) return
      try {
        share.check()
      } catch (error) {
        if (!isPassing(error)) this.failure ??= { error }
        logger?.warn(`the queue cannot be reached: ${messageOf(error)}`)
      }
      parking.mayReplay = true
      share.changed.notify()
    }
  }

  private async readNext(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    const { share, pages, parking } = this.connected()
    const endsAtHead = this.settings.end === 'head'
    while (!signal.aborted && !this.closing.signal.aborted) {
      if (this.failure !== undefined) throw this.failure.error
      await share.confirmed(signal)
      const change = share.changed.wait()
      if (await share.take(signal)) parking.mayReplay = true
      const next = pages.shift() ?? (await this.nextReplay())
      if (next !== undefined) return next
      const { isComplete } = share
      if (share.taken.size === 0) {
        if (endsAtHead && isComplete) return undefined
        await orAborted(change, signal)
        continue
      }
      await patiently(this.settings, signal, () => pages.fetch())
      const isAtEnd = isComplete && pages.isEmpty && [...share.taken.values()].every((each) => each.isAtEnd)
      if (endsAtHead && isAtEnd) return undefined
    }
    return undefined
  }

  private async nextReplay(): Promise<ReplayedEntry | undefined> {
    const { share, parking, logs } = this.connected()
    if (share.taken.size === 0) return undefined
    const due = await this.patient(() => parking.nextReplay((partition) => share.taken.has(partition)))
    if (due === undefined) return undefined
    const { entry, message } = due
    const found = await logs.read(message)
    const { key, index } = entry
    if ('entry' in found) return { kind: 'replay', key, entry: found.entry }
    return { kind: 'replay', key, entry: { kind: 'refused', index, reason: found.reason, body: message.body } }
  }

  private patient<T>(work: () => Promise<T>): Promise<T> {
    return patiently(this.settings, this.closing.signal, work)
  }
}
