import type { CommittedRecord } from '../../kafka/committed-records.js'
import { markKey } from '../../kafka/group-marks.js'
import type { QueueGap } from '../../types/queue.js'
import type { QueuedEntry, QueuedPage } from '../engine.js'
import { followsOf } from '../follows.js'
import type { QueuedMessage } from '../queued-message.js'
import type { KafkaContext } from './context.js'
import { KafkaFetcher } from './fetcher.js'
import type { EntryFinder, PlaceEnd } from './finder.js'
import { messageOfRecord } from './messages.js'
import type { KafkaParking } from './parking.js'
import type { KafkaClaim, KafkaPartition } from './partition.js'
import type { KafkaShare } from './share.js'

export interface PagesOptions {
  readonly context: KafkaContext
  readonly share: KafkaShare
  readonly parking: KafkaParking
  readonly finder: EntryFinder
}

/** Pages of what was fetched, each of one log, or of one backfilled range. */
export class KafkaPages {
  private readonly options: PagesOptions
  private readonly fetcher: KafkaFetcher
  private readonly pages: QueuedPage[] = []
  private failure: { readonly error: unknown } | undefined

  constructor(options: PagesOptions) {
    this.options = options
    this.fetcher = new KafkaFetcher(options.context, options.share)
  }

  get isEmpty(): boolean {
    return this.pages.length === 0
  }

  /** The next page of a log that this processor still has. */
  shift(): QueuedPage | undefined {
    for (let page = this.pages.shift(); page !== undefined; page = this.pages.shift())
      if (this.options.share.isOurs(page.claim as KafkaClaim)) return page
    return undefined
  }

  /** Fetches more; waits a moment where there is nothing. */
  async fetch(): Promise<void> {
    if (this.failure !== undefined) throw this.failure.error
    const { finder, share } = this.options
    const all = await this.fetcher.next()
    finder.fetched()
    for (const { partition, fetched } of all) {
      try {
        await this.add(partition, partition.take(fetched))
      } catch (error) {
        // What was taken is not read again: this processor cannot go on.
        this.failure ??= { error }
        throw error
      }
    }
    for (const partition of share.taken.values()) await this.addLost(partition)
    if (this.pages.length > 0) this.fetcher.goAhead()
  }

  /**
   * Logs and ranges of which retention has taken the last messages, so that no further one shows what is missing: one that has ended has none. What a
   * log that has moved to another partition has there counts as missing here.
   */
  private async addLost(partition: KafkaPartition): Promise<void> {
    if (!partition.isRead || partition.mayMiss.size === 0) return
    const ends = new Map<KafkaClaim, PlaceEnd>()
    for (const [key, claim] of partition.claims) {
      const end = partition.mayMiss.has(key) ? await this.options.finder.endSoFar(claim) : undefined
      if (end !== undefined) ends.set(claim, end)
    }
    // In this order: the messages of what was written by then are before this end.
    if (!(await this.seesEnd(partition))) return
    for (const [claim, { end, written }] of ends) {
      partition.mayMiss.delete(markKey(claim))
      const missing = gapOf(claim, claim.readTo, written)
      if (missing.length === 0 && claim.range === undefined) continue
      partition.handOutLost(claim, end)
      this.pages.push({ kind: 'page', claim, entries: [], end, missing, head: end })
    }
  }

  /** Whether all that is in a partition at this moment is read. */
  private async seesEnd(partition: KafkaPartition): Promise<boolean> {
    const { looking, patient } = this.options.context
    const ends = await patient(() => looking.ends([partition.number]))
    partition.sawEnd(ends.get(partition.number) ?? 0n)
    return partition.isRead
  }

  private async add(partition: KafkaPartition, records: readonly CommittedRecord[]): Promise<void> {
    const { context, parking, finder } = this.options
    const { pageEntries } = context.settings
    const open = new Map<KafkaClaim, OpenPage>()
    const finish = (claim: KafkaClaim) => {
      const page = open.get(claim)
      if (page === undefined) return
      open.delete(claim)
      const { first, entries, end, missing } = page
      partition.handOut(claim, first, end, missing.length > 0)
      this.pages.push({ kind: 'page', claim, entries, end, missing, head: end })
    }
    const setAside = (record: CommittedRecord, facts: Parameters<KafkaParking['parkForeign']>[2]) =>
      context.patient(() => parking.parkForeign(context.numberOf(partition.number), record, facts))
    for (const record of records) {
      const message = messageOfRecord(record)
      const found = await finder.read(message, record.key)
      if (!('entry' in found)) {
        await setAside(record, found)
        continue
      }
      const { place, index, entry } = found
      const known = partition.claims.get(markKey(place))
      if (entry.kind === 'refused') {
        if (index < (open.get(known as KafkaClaim)?.end ?? known?.readTo ?? 0)) continue
        if (known !== undefined) passDamaged(known, message, index)
        await setAside(record, { logId: place.log.id, index, reason: entry.reason })
        continue
      }
      const claim = known ?? partition.claim(place, { epoch: 0, next: index })
      const page = open.get(claim) ?? { first: record.offset, end: claim.readTo, entries: [], missing: [] }
      const gap = await this.gapBefore(claim, page.end, message, index)
      if (gap === 'stray') {
        await setAside(record, { logId: place.log.id, index, reason: STRAY })
        continue
      }
      open.set(claim, page)
      page.missing.push(...gap)
      page.entries.push(entry)
      page.end = Math.max(page.end, index + 1)
      if (page.entries.length >= pageEntries) finish(claim)
    }
    for (const claim of [...open.keys()]) finish(claim)
    partition.taken()
  }

  /**
   * What is missing before an entry, from what was read before: retention has taken it, or the topic was cut back.
   *
   * @param start - Index behind what was read.
   * @returns `stray`: a collector would have said which entry it follows.
   */
  private async gapBefore(
    claim: KafkaClaim,
    start: number,
    message: QueuedMessage,
    index: number,
  ): Promise<readonly QueueGap[] | 'stray'> {
    const { mayMiss } = claim.partition
    const key = markKey(claim)
    const { tail = index } = claim
    const follows = followsOf(message, index)
    // A repetition. Of messages of a version that did not say more, the first one that is left shows that there is none missing before it.
    if (index < start) {
      if (follows === undefined) mayMiss.delete(key)
      return []
    }
    if (follows === undefined && index > tail && (await this.options.finder.saysFollows(claim, index))) return 'stray'
    const isKnown = claim.tail !== undefined && (follows !== undefined || mayMiss.has(key))
    mayMiss.delete(key)
    claim.tail = index + 1
    const end = follows ?? index
    return isKnown && end > tail ? gapOf(claim, start, end) : []
  }
}

/** Of one log or range. */
interface OpenPage {
  /** Offset. */
  readonly first: bigint
  /** Index behind what was read. */
  end: number
  readonly entries: QueuedEntry[]
  readonly missing: QueueGap[]
}

const STRAY = 'it does not say which entry it follows, as those of its collector do'

/** A message that cannot be read does not count as read: with a wrong index it would have all before it count. It may come in order all the same. */
function passDamaged(claim: KafkaClaim, message: QueuedMessage, index: number): void {
  const { tail } = claim
  if (tail !== undefined && (followsOf(message, index) ?? index) <= tail) claim.tail = Math.max(tail, index + 1)
}

const gapOf = ({ log }: KafkaClaim, start: number, end: number): readonly QueueGap[] =>
  end > start ? [{ log, start, end, reason: 'no longer in the queue' }] : []
