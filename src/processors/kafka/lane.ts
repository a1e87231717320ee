import { EntriesReader } from '../../kafka/entries-reader.js'
import { makeTopics, marksTopic, type NewTopic, widenTopic } from '../../kafka/topics.js'
import { messageOf } from '../../util/message-of.js'
import type { QueuedPage, ReplayedEntry } from '../engine.js'
import { isPassing, orAborted, patiently } from '../patiently.js'
import type { KafkaContext, LaneNames } from './context.js'
import { KafkaEnds } from './ends.js'
import type { EntryFinder } from './finder.js'
import { KafkaPages } from './pages.js'
import type { KafkaParking } from './parking.js'
import type { KafkaClaim } from './partition.js'
import { KafkaShare } from './share.js'

/** How often replays are looked for, and whether the group knows this processor. Milliseconds. */
const LOOK_MS = 2000

type Next = QueuedPage | ReplayedEntry

interface LaneOptions {
  readonly context: KafkaContext
  readonly finder: EntryFinder
  readonly parking: KafkaParking
  /** Called when {@link KafkaLane.isReady} may have become true. */
  readonly onReady: () => void
}

/**
 * One topic of entries, for one processor of a group.
 *
 * A consumer group says who reads which partition; who may move its watermarks, the transactional producer of the partition says.
 */
export class KafkaLane {
  readonly context: KafkaContext
  readonly share: KafkaShare
  readonly ends: KafkaEnds
  readonly parking: KafkaParking
  private readonly finder: EntryFinder
  private readonly pages: KafkaPages
  private readonly onReady: () => void
  private ahead: Promise<Next | undefined> | undefined
  /** What `ahead` is. */
  private state: 'none' | 'reading' | 'found' | 'over' = 'none'
  private watching: Promise<void> | undefined
  private failure: { readonly error: unknown } | undefined

  constructor({ context, finder, parking, onReady }: LaneOptions) {
    this.context = context
    this.finder = finder
    this.parking = parking
    this.onReady = onReady
    this.share = new KafkaShare(context)
    this.pages = new KafkaPages({ context, share: this.share, parking, finder })
    this.ends = new KafkaEnds(context, this.share, finder)
  }

  /** Joins the group. @throws as `WorkGroup.check`. */
  begin(): void {
    this.share.check()
    this.watching = this.watch()
    void this.ends.watch()
    void this.watchPartitions()
  }

  /** Whether `take()` returns without waiting, and what it returns is this processor's. */
  get isReady(): boolean {
    return this.state === 'over' || (this.state === 'found' && this.share.isConfirmed)
  }

  /** Has something read, unless that is under way, or done. */
  readAhead(signal: AbortSignal): void {
    if (this.state === 'none') {
      this.state = 'reading'
      this.ahead = this.readNext(signal)
      const done = (state: 'found' | 'over') => {
        this.state = state
        this.onReady()
      }
      this.ahead.then(
        (next) => done(next === undefined ? 'over' : 'found'),
        () => done('over'),
      )
    } else if (this.state === 'found' && !this.isReady) void this.share.confirmed(signal).then(this.onReady)
  }

  /** What was read ahead: `lost` where it is another processor's by now, `undefined` at the end. @throws what reading it did. */
  async take(): Promise<Next | 'lost' | undefined> {
    const { ahead } = this
    this.ahead = undefined
    this.state = 'none'
    const next = await ahead
    return next?.kind === 'page' && !this.share.isOurs(next.claim as KafkaClaim) ? 'lost' : next
  }

  /** Of an entry that this processor has: by which its partition is known among those of all topics. */
  partitionOf(logId: string, index: number | undefined): number | undefined {
    const partition = this.share.partitionOf(logId, index)
    return partition && this.context.numberOf(partition.number)
  }

  /** Leaves the group, after the engine's signal has aborted. */
  async close(): Promise<void> {
    this.share.changed.notify()
    await this.ahead?.catch(() => {})
    await this.watching
    await this.share.close()
    const { reader, looking } = this.context
    await Promise.all([this.finder.close(), reader.close(), looking.close()])
  }

  /** Keeps this processor in the group, and looks for replays. */
  private async watch(): Promise<void> {
    const { share, parking } = this
    const { settings, closing: signal } = this.context
    const { clock, leaseMs, logger } = settings
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

  /** Sees whether partitions were added: logs have moved to them. */
  private async watchPartitions(): Promise<void> {
    const { settings, closing: signal, topic, looking, reader } = this.context
    const { clock, logger } = settings
    let { partitions } = this.context
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal).catch(() => {})
      if (signal.aborted) return
      try {
        const count = await looking.partitions()
        if (count <= partitions) continue
        await makeMarks(this.context, this.context, count)
        // It, too, remembers how many there were.
        await reader.partitions()
        await this.share.grow(count)
        partitions = count
        logger?.info(`${topic} has ${count} partitions now`)
      } catch (error) {
        // What may pass, what reads entries meets, too, and says so.
        if (!isPassing(error) && !signal.aborted) logger?.warn(`partitions were added: ${messageOf(error)}`)
      }
    }
  }

  private async readNext(signal: AbortSignal): Promise<Next | undefined> {
    const { share, pages, parking } = this
    const { settings, closing } = this.context
    const endsAtHead = settings.end === 'head'
    while (!signal.aborted && !closing.aborted) {
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
      await patiently(settings, signal, () => pages.fetch())
      const isAtEnd = isComplete && pages.isEmpty && [...share.taken.values()].every((each) => each.isAtEnd)
      if (endsAtHead && isAtEnd) return undefined
    }
    return undefined
  }

  private async nextReplay(): Promise<ReplayedEntry | undefined> {
    const { share, parking, finder, context } = this
    if (share.taken.size === 0) return undefined
    const ours = new Set([...share.taken.keys()].map(context.numberOf))
    const due = await context.patient(() => parking.nextReplay((partition) => ours.has(partition)))
    if (due === undefined) return undefined
    const { entry, message } = due
    const found = await finder.read(message)
    const { key, index } = entry
    if ('entry' in found) return { kind: 'replay', key, entry: found.entry }
    return { kind: 'replay', key, entry: { kind: 'refused', index, reason: found.reason, body: message.body } }
  }
}

/** Makes the topics that are missing, as soon as there is a broker. */
export async function connectLane(
  shared: Pick<KafkaContext, 'settings' | 'kafka' | 'issuers' | 'closing'>,
  names: LaneNames,
  topics: readonly NewTopic[],
): Promise<KafkaContext> {
  const { settings, kafka, closing } = shared
  const { address, clock } = settings
  const [reader, looking] = [0, 1].map(() => new EntriesReader(kafka, address, names.topic, clock)) as [
    EntriesReader,
    EntriesReader,
  ]
  const patient = <T>(work: () => Promise<T>) => patiently(settings, closing, work)
  try {
    const partitions = await patient(async () => {
      await makeTopics(kafka, address, topics, clock)
      const count = await reader.partitions()
      await makeMarks(shared, names, count)
      return count
    })
    return { ...names, ...shared, reader, looking, partitions, patient }
  } catch (error) {
    await reader.close()
    throw error
  }
}

/** Has the group have watermarks of so many partitions. */
async function makeMarks(
  { settings, kafka }: Pick<KafkaContext, 'settings' | 'kafka'>,
  { marks }: Pick<LaneNames, 'marks'>,
  count: number,
): Promise<void> {
  const { address, clock } = settings
  const topic = marksTopic(marks, count)
  await makeTopics(kafka, address, [topic], clock)
  await widenTopic(kafka, address, topic, clock)
}
