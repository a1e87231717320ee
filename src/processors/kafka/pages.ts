import type { CommittedRecord } from '../../kafka/committed-records.js'
import { markKey } from '../../kafka/group-marks.js'
import type { QueueGap, Watermark } from '../../types/queue.js'
import type { QueuedEntry, QueuedPage } from '../engine.js'
import type { KafkaContext } from './context.js'
import { KafkaFetcher } from './fetcher.js'
import type { EntryFinder } from './finder.js'
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
    const ends = new Map<KafkaClaim, number>()
    for (const [key, claim] of partition.claims) {
      const end = partition.mayMiss.has(key) ? await this.options.finder.endSoFar(claim) : undefined
      if (end !== undefined) ends.set(claim, end)
    }
    // In this order: the messages of what was written by then are before this end.
    if (!(await this.seesEnd(partition))) return
    for (const [claim, end] of ends) {
      partition.mayMiss.delete(markKey(claim))
      const missing = gapOf(claim, end)
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
    const open = new Map<KafkaClaim, { first: bigint; end: number; entries: QueuedEntry[] }>()
    const finish = (claim: KafkaClaim) => {
      const page = open.get(claim)
      if (page === undefined) return
      open.delete(claim)
      const { first, entries, end } = page
      const gaps = missing(partition, claim, entries)
      partition.handOut(claim, first, end)
      this.pages.push({ kind: 'page', claim, entries, end, missing: gaps, head: end })
    }
    for (const record of records) {
      const message = messageOfRecord(record)
      const found = await finder.read(message, record.key)
      if (!('entry' in found)) {
        await context.patient(() => parking.parkForeign(context.numberOf(partition.number), record, found))
        continue
      }
      const { place, index, entry } = found
      if (entry.kind === 'refused') parking.messages.remember(entry.body, message)
      const claim = partition.claims.get(markKey(place)) ?? partition.claim(place, beginning(entry))
      const page = open.get(claim) ?? { first: record.offset, end: 0, entries: [] }
      open.set(claim, page)
      page.entries.push(entry)
      page.end = Math.max(page.end, index + 1)
      if (page.entries.length >= pageEntries) finish(claim)
    }
    for (const claim of [...open.keys()]) finish(claim)
    partition.taken()
  }
}

/** The mark of a group that has read nothing of a log: it begins with the first entry that it meets. */
function beginning(entry: QueuedEntry): Watermark {
  // A message that cannot be read may have any index.
  if (entry.kind === 'refused') return { epoch: 0, next: 0 }
  return { epoch: 0, next: entry.kind === 'omitted' ? entry.index : entry.certificate.index }
}

/** What retention has taken before the first entry of a log since the claim began. */
function missing(partition: KafkaPartition, claim: KafkaClaim, entries: readonly QueuedEntry[]): readonly QueueGap[] {
  if (!partition.mayMiss.delete(markKey(claim))) return []
  const [first] = entries
  if (first === undefined) return []
  return gapOf(claim, first.kind === 'certificate' ? first.certificate.index : (first.index ?? claim.readTo))
}

/** From what was read before. */
function gapOf({ log, readTo: start }: KafkaClaim, end: number): readonly QueueGap[] {
  return end > start ? [{ log, start, end, reason: 'no longer in the queue' }] : []
}
