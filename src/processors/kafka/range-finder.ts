import { rangeUnit } from '../../checkpoint/backfill-ranges.js'
import { BackfillTopics } from '../../kafka/backfills.js'
import type { ParkedMessage } from '../../kafka/parked-topic.js'
import { topicNames } from '../../kafka/topic-names.js'
import type { BackfillJob } from '../../types/backfill.js'
import type { LogInfo } from '../../types/log.js'
import { readEntry, readParkedMessage } from '../queued-message.js'
import { WrittenCheck, type WrittenPlace } from '../written.js'
import type { KafkaContext } from './context.js'
import type { EntryFinder, EntryPlace, FoundEntry, PlaceEnd } from './finder.js'

/** A range that a message named. */
interface KnownRange {
  readonly job: BackfillJob
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** As of the last look. */
  written?: WrittenPlace
}

/**
 * Reads messages of the topic of backfills: each is of a range, which its key names. Which ranges there are, the list of backfills says; how far each
 * is, its positions.
 */
export class RangeFinder implements EntryFinder {
  private readonly context: KafkaContext
  private readonly backfills: BackfillTopics
  private jobs: ReadonlyMap<string, BackfillJob> = new Map()
  /** Logs of all backfills, by id. */
  private readonly logs = new Map<string, LogInfo>()
  /** By unit. */
  private readonly ranges = new Map<string, KnownRange>()
  /** Units that are of no backfill, as of a look since the last fetch. */
  private readonly unknown = new Set<string>()
  private readonly written: WrittenCheck

  constructor(context: KafkaContext) {
    const { kafka, patient, settings, closing } = context
    const { address, clock } = settings
    this.context = context
    this.backfills = new BackfillTopics(kafka, address, clock, async (topic) =>
      (await topicNames(kafka, address, clock, 'backfill.')).includes(topic),
    )
    this.written = new WrittenCheck(
      (unit) => this.ranges.get(unit)?.written,
      (unit) => patient(() => this.lookAt(unit)),
      clock,
      closing,
    )
  }

  async read(message: ParkedMessage, key?: Buffer | null): Promise<FoundEntry> {
    const logId = message.headers.find(([name]) => name === 'ct-log')?.[1]
    if (logId !== undefined && !this.logs.has(String(logId))) await this.listOnce(String(logId))
    const read = key === undefined ? readParkedMessage : readEntry
    const found = read('Kafka', message, (logId) => this.logs.get(logId), this.issuerOf)
    if (!('entry' in found)) return found
    const { index } = found
    const unit = key?.toString('utf8') ?? this.unitOf(found.logId, index) ?? ''
    const range = await this.rangeOf(unit)
    if (range?.job.log.id !== found.logId || index < range.start || index >= range.end)
      return { logId: found.logId, index, reason: 'its key names no range of a backfill that has this entry' }
    const checked = await this.written.check(found, -1, unit)
    if (!('entry' in checked)) return checked
    const { job, start, end } = range
    return { place: { log: job.log, range: { unit, start, end } }, index, entry: checked.entry }
  }

  private readonly issuerOf = (fingerprint: Uint8Array) => this.context.issuers.get(fingerprint)

  endOf({ range }: EntryPlace): number | undefined {
    return range && this.ranges.get(range.unit)?.written?.end
  }

  async look(): Promise<void> {
    await this.list()
    const running = new Set([...this.ranges.values()].map(({ job }) => job.id))
    for (const job of this.jobs.values()) {
      if (job.state !== 'running' || !running.has(job.id)) continue
      for (const { unit, position, state } of await this.backfills.ranges(job)) {
        const known = this.ranges.get(unit)
        if (known !== undefined) known.written = { end: position, epoch: state.owner.epoch }
      }
    }
  }

  async endSoFar(place: EntryPlace): Promise<PlaceEnd | undefined> {
    const { range } = place
    if (range === undefined || (await this.rangeOf(range.unit)) === undefined) return undefined
    await this.context.patient(() => this.lookAt(range.unit))
    const { end } = range
    // Where its last entry was, nobody says any more when its backfill has ended.
    return (this.endOf(place) ?? 0) >= end ? { end, written: end } : undefined
  }

  /** Ranges are short, and their ends are known. */
  async saysFollows(): Promise<boolean> {
    return false
  }

  fetched(): void {
    this.written.fetched()
    this.unknown.clear()
  }

  close(): Promise<void> {
    return this.backfills.close()
  }

  /** Sees how far a range is: one that is done has been written to its end. */
  private async lookAt(unit: string): Promise<void> {
    await this.list()
    const known = this.ranges.get(unit)
    if (known === undefined) return
    const job = this.jobs.get(known.job.id) ?? known.job
    // When a backfill has ended, the topic of its positions may be deleted.
    const range = job.state === 'done' ? undefined : await this.backfills.range(job, unit)
    if (range !== undefined) known.written = { end: range.position, epoch: range.state.owner.epoch }
    else known.written = { end: job.state === 'running' ? known.start : known.end }
  }

  private async list(): Promise<void> {
    const listed = await this.backfills.listed()
    this.jobs = new Map(listed.map((job) => [job.id, job]))
    for (const { log } of listed) this.logs.set(log.id, log)
  }

  /** Reads the list again for a name that is not in it; not for each of many messages. */
  private async listOnce(name: string): Promise<void> {
    if (this.unknown.has(name)) return
    this.unknown.add(name)
    await this.context.patient(() => this.list())
  }

  private async rangeOf(unit: string): Promise<KnownRange | undefined> {
    const known = this.ranges.get(unit)
    if (known !== undefined) return known
    const [, id = '', from] = /^backfill (\d{1,19}) from (\d{1,16})$/.exec(unit) ?? []
    if (!this.jobs.has(id)) await this.listOnce(id)
    const job = this.jobs.get(id)
    const start = Number(from)
    if (job === undefined || rangeUnit(id, start) !== unit) return undefined
    const range = rangeAt(job, start)
    if (range === undefined || range.start !== start) return undefined
    this.ranges.set(unit, { job, ...range })
    return this.ranges.get(unit)
  }

  /** Of an entry that was set aside, whose message alone is kept. */
  private unitOf(logId: string, index: number): string | undefined {
    for (const job of this.jobs.values()) {
      const range = job.log.id === logId ? rangeAt(job, index) : undefined
      if (range !== undefined) return rangeUnit(job.id, range.start)
    }
    return undefined
  }
}

/** The range of a backfill that has an index. */
function rangeAt({ start, end, step }: BackfillJob, index: number): { start: number; end: number } | undefined {
  if (!(index >= start && index < end)) return undefined
  const from = Math.floor(index / step) * step
  return { start: Math.max(start, from), end: Math.min(end, from + step) }
}
