import type { CommittedRecord } from '../../kafka/committed-records.js'
import type { QueueGap, Watermark } from '../../types/queue.js'
import type { QueuedEntry, QueuedPage } from '../engine.js'
import type { KafkaContext } from './context.js'
import { KafkaFetcher } from './fetcher.js'
import type { KafkaLogFinder } from './log-finder.js'
import { messageOfRecord } from './messages.js'
import type { KafkaParking } from './parking.js'
import type { KafkaClaim, KafkaPartition } from './partition.js'
import type { KafkaShare } from './share.js'

export interface PagesOptions {
  readonly context: KafkaContext
  readonly share: KafkaShare
  readonly parking: KafkaParking
  readonly logs: KafkaLogFinder
}

/** Pages of what was fetched, each of one log. */
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
    for (const { partition, fetched } of await this.fetcher.next()) {
      try {
        await this.add(partition, partition.take(fetched))
      } catch (error) {
        // What was taken is not read again: this processor cannot go on.
        this.failure ??= { error }
        throw error
      }
    }
    if (this.pages.length > 0) this.fetcher.goAhead()
  }

  private async add(partition: KafkaPartition, records: readonly CommittedRecord[]): Promise<void> {
    const { context, parking, logs } = this.options
    const { pageEntries } = context.settings
    const open = new Map<KafkaClaim, { first: bigint; end: number; entries: QueuedEntry[] }>()
    const finish = (claim: KafkaClaim) => {
      const page = open.get(claim)
      if (page === undefined) return
      open.delete(claim)
      partition.handOut(claim, page.first, page.end)
      const { entries, end } = page
      this.pages.push({ kind: 'page', claim, entries, end, missing: missing(partition, claim, entries), head: end })
    }
    for (const record of records) {
      const message = messageOfRecord(record)
      const found = await logs.read(message)
      if (!('entry' in found)) {
        await context.patient(() => parking.parkForeign(partition.number, record, found))
        continue
      }
      const { logId, index, entry } = found
      const log = logs.get(logId)
      if (log === undefined) continue
      if (entry.kind === 'refused') parking.messages.remember(entry.body, message)
      const claim = partition.claims.get(logId) ?? partition.claim(log, beginning(entry))
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
  if (!partition.mayMiss.delete(claim.log.id)) return []
  const [first] = entries
  const start = claim.mark.next
  const end =
    first === undefined ? start : first.kind === 'certificate' ? first.certificate.index : (first.index ?? start)
  return end > start ? [{ log: claim.log, start, end, reason: 'no longer in the queue' }] : []
}
