import { randomUUID } from 'node:crypto'
import { CtStreamError } from '../errors.js'
import type { KafkaAddress } from '../kafka/address.js'
import { type KafkaClient, loadKafka } from '../kafka/client.js'
import type { CommittedRecord, FetchedPartition } from '../kafka/committed-records.js'
import { EntriesReader } from '../kafka/entries-reader.js'
import { apiIds } from '../kafka/errors.js'
import { GroupMarks, type LogMark, marksName } from '../kafka/group-marks.js'
import { LogDirectory } from '../kafka/log-directory.js'
import { type ParkedMessage, ParkedTopic } from '../kafka/parked-topic.js'
import { entriesTopic, makeTopics, marksTopic, parkedTopic } from '../kafka/topics.js'
import { WorkGroup } from '../kafka/work-group.js'
import type { QueueGap, Watermark } from '../types/queue.js'
import { quietController } from '../util/abort.js'
import { messageOf } from '../util/message-of.js'
import { Notifier } from '../util/notifier.js'
import type { Parking, QueueClaim, QueuedEntry, QueuedPage, QueueEngine, ReplayedEntry } from './engine.js'
import { type KafkaEntry, messageOfRecord, readEntry } from './kafka-messages.js'
import { KafkaParking } from './kafka-parking.js'
import { type KafkaClaim, KafkaPartition } from './kafka-partition.js'
import { isPassing, orAborted, patiently } from './patiently.js'
import type { CheckedSettings } from './source-settings.js'

export interface KafkaEngineSettings extends CheckedSettings {
  readonly address: KafkaAddress
}

/** Longest wait of a fetch for something to come. Milliseconds. */
const FETCH_MS = 500
/** How long to wait between looks at what a transaction of a moment ago has not shown yet. Milliseconds. */
const SOON_MS = 50
/** How often replays are looked for, and whether the group knows this processor. Milliseconds. */
const LOOK_MS = 2000
/** Looks for the description of a log that is new, before its messages are set aside. */
const LOOKS = 20

/** What is connected while an engine is open. */
interface Opened {
  readonly kafka: KafkaClient
  readonly group: WorkGroup
  readonly reader: EntriesReader
  readonly parked: ParkedTopic
  readonly parking: KafkaParking
}

/** A fetch that is on its way. */
interface FetchAhead {
  readonly of: ReadonlyMap<number, KafkaPartition>
  readonly from: ReadonlyMap<number, bigint>
  readonly fetched: Promise<readonly FetchedPartition[]>
}

/**
 * The entries' topic of a `kafkaSink`, for one processor of a group.
 *
 * A consumer group says who reads which partition; who may move its watermarks, the transactional producer of the partition says.
 */
export class KafkaEngine implements QueueEngine {
  private readonly settings: KafkaEngineSettings
  private readonly topic: string
  private readonly marksTopic: string
  private readonly closing = quietController()
  private readonly changed = new Notifier()
  private readonly logs = new LogDirectory()
  /** Logs that were looked for, and not found, a moment ago. */
  private readonly unknown = new Set<string>()
  private opened: Opened | undefined
  /** Partitions that the group has given to this processor; `undefined` until it has joined. */
  private share: ReadonlySet<number> | undefined
  private owned = new Map<number, KafkaPartition>()
  private readonly pages: QueuedPage[] = []
  private fetchedAhead: FetchAhead | undefined
  private ahead: Promise<QueuedPage | ReplayedEntry | undefined> | undefined
  private watching: Promise<void> | undefined
  private failure: { readonly error: unknown } | undefined

  constructor(settings: KafkaEngineSettings) {
    this.settings = settings
    this.topic = `${settings.address.prefix}.entries`
    this.marksTopic = marksName(settings.address, settings.group)
  }

  get claims(): readonly QueueClaim[] {
    return [...this.owned.values()].flatMap(({ claims }) => [...claims.values()])
  }

  async open(): Promise<void> {
    const { address, clock, group, leaseMs } = this.settings
    const { signal } = this.closing
    const kafka = await loadKafka()
    const reader = new EntriesReader(kafka, address, this.topic, clock)
    const partitions = await this.patiently(async () => {
      await makeTopics(kafka, address, [entriesTopic(this.topic, address), parkedTopic(address)], clock)
      const count = await reader.partitions()
      await makeTopics(kafka, address, [marksTopic(this.marksTopic, count)], clock)
      return count
    }, signal).catch(async (error) => {
      await reader.close()
      throw error
    })
    const work = new WorkGroup({
      kafka,
      address,
      topic: this.topic,
      group: `${address.prefix}.processors.${group}`,
      member: `ct-stream-${randomUUID()}`,
      sessionMs: leaseMs,
      clock,
      count: () => partitions,
      onShare: (share, isNew) => {
        // Others may have had what this one believes to have.
        if (isNew) this.dropAll()
        this.share = share
        this.changed.notify()
      },
    })
    const parked = new ParkedTopic(kafka, address, clock)
    this.opened = { kafka, group: work, reader, parked, parking: new KafkaParking(parked, group, clock) }
    work.check()
    this.watching = this.watch(signal)
  }

  async next(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    for (;;) {
      this.ahead ??= this.readNext(signal)
      const next = await this.ahead
      this.ahead = undefined
      if (next === undefined) return undefined
      await this.confirmed(signal)
      // Read ahead, but the claim was lost meanwhile: another processor handles it.
      if (next.kind === 'page' && !this.isOurs(next.claim as KafkaClaim)) continue
      this.ahead = this.readNext(signal)
      // Not unhandled: the next call awaits this promise and throws its error.
      this.ahead.catch(() => {})
      return next
    }
  }

  async store(marks: ReadonlyMap<QueueClaim, Watermark>): Promise<readonly QueueClaim[]> {
    const byPartition = new Map<KafkaPartition, LogMark[]>()
    const lost: QueueClaim[] = []
    for (const [claim, mark] of marks as ReadonlyMap<KafkaClaim, Watermark>) {
      if (!this.isOurs(claim)) lost.push(claim)
      else byPartition.set(claim.partition, [...(byPartition.get(claim.partition) ?? []), { log: claim.log, mark }])
    }
    await Promise.all(
      [...byPartition].map(async ([partition, logs]) => {
        if (!(await this.inPartition(partition, () => partition.store(logs)))) lost.push(...partition.claims.values())
      }),
    )
    return lost
  }

  async park(items: readonly Parking[]): Promise<void> {
    const { parking } = this.connected()
    for (const item of items) await this.patient(() => parking.park(item, (logId) => this.partitionOf(logId)))
  }

  async settle(key: string): Promise<void> {
    await this.patient(() => this.connected().parking.settle(key))
  }

  async addGap(gap: QueueGap): Promise<void> {
    for (const partition of this.owned.values())
      if (partition.claims.has(gap.log.id)) await this.inPartition(partition, () => partition.marks.addGap(gap))
  }

  async close(): Promise<void> {
    this.closing.abort()
    this.changed.notify()
    await this.ahead?.catch(() => {})
    await this.watching
    const { opened } = this
    this.opened = undefined
    // Before it leaves: whoever is next takes the partitions at once.
    await Promise.all([...this.owned.values()].map(({ marks }) => marks.close()))
    this.owned.clear()
    await opened?.group.close()
    await Promise.all([opened?.parked.close(), opened?.reader.close()])
  }

  private connected(): Opened {
    if (this.opened === undefined) throw new CtStreamError('CT_CLOSED', 'the queue source is closed')
    return this.opened
  }

  private isOurs({ partition }: KafkaClaim): boolean {
    return this.owned.get(partition.number) === partition
  }

  private partitionOf(logId: string): number | undefined {
    for (const { number, claims } of this.owned.values()) if (claims.has(logId)) return number
    return undefined
  }

  /** Keeps this processor in the group, and looks for replays. */
  private async watch(signal: AbortSignal): Promise<void> {
    const { clock, leaseMs, logger } = this.settings
    while (!signal.aborted) {
      await clock.sleep(Math.min(leaseMs / 3, LOOK_MS), signal).catch(() => {})
      if (signal.aborted) return
      try {
        this.opened?.group.check()
      } catch (error) {
        if (!isPassing(error)) this.failure ??= { error }
        logger?.warn(`the queue cannot be reached: ${messageOf(error)}`)
      }
      this.unknown.clear()
      if (this.opened !== undefined) this.opened.parking.mayReplay = true
      this.changed.notify()
    }
  }

  /**
   * Waits until the group knows this processor: one that was suspended may have lost what it believes to have, and would hand out again what
   * others work on.
   */
  private async confirmed(signal: AbortSignal): Promise<void> {
    while (this.opened?.group.isMember === false && !signal.aborted && !this.closing.signal.aborted)
      await orAborted(this.changed.wait(), signal)
  }

  private async readNext(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    const { end } = this.settings
    while (!signal.aborted && !this.closing.signal.aborted) {
      if (this.failure !== undefined) throw this.failure.error
      await this.confirmed(signal)
      const change = this.changed.wait()
      await this.takeShare(signal)
      for (let page = this.pages.shift(); page !== undefined; page = this.pages.shift())
        if (this.isOurs(page.claim as KafkaClaim)) return page
      const replayed = await this.nextReplay()
      if (replayed !== undefined) return replayed
      const isSettled = this.share !== undefined && [...this.share].every((number) => this.owned.has(number))
      if (this.owned.size === 0) {
        if (end === 'head' && isSettled) return undefined
        await orAborted(change, signal)
        continue
      }
      await this.patiently(() => this.fetch(), signal)
      const isAtEnd = isSettled && this.pages.length === 0 && [...this.owned.values()].every((each) => each.isAtEnd)
      if (end === 'head' && isAtEnd) return undefined
    }
    return undefined
  }

  /** Takes the partitions that the group has assigned, and drops the others. */
  private async takeShare(signal: AbortSignal): Promise<void> {
    const share = this.share ?? new Set<number>()
    for (const [number, partition] of this.owned)
      if (!share.has(number)) {
        this.owned.delete(number)
        await partition.marks.close()
      }
    for (const number of share) {
      if (this.owned.has(number) || this.opened?.group.isMember !== true || this.share !== share) continue
      await this.patiently(() => this.takePartition(number), signal)
    }
  }

  private async takePartition(number: number): Promise<void> {
    const { address, clock, start, logger } = this.settings
    const { kafka, reader } = this.connected()
    const marks = new GroupMarks(kafka, address, this.marksTopic, number, clock)
    try {
      const stored = await marks.take()
      const { earliest, latest } = await reader.bounds(number)
      const begin = stored.offset ?? (start === 'now' ? latest : earliest)
      const from = begin < earliest || begin > latest ? earliest : begin
      const partition = new KafkaPartition(number, marks, stored, earliest, from)
      // So that a group that begins now is known to have begun.
      if (stored.offset === undefined) await partition.store([])
      this.owned.set(number, partition)
      this.connected().parking.mayReplay = true
      logger?.info(`works on ${this.owned.size} partitions`)
    } catch (error) {
      await marks.close()
      // Another processor is taking it; the group will say whose it is.
      if (!isLost(error)) throw error
    }
  }

  private async fetch(): Promise<void> {
    const { of, from, fetched } = this.fetchedAhead ?? this.beginFetch()
    this.fetchedAhead = undefined
    let found: readonly FetchedPartition[]
    try {
      found = await fetched
    } catch (error) {
      if (CtStreamError.is(error) && [...apiIds(error.cause)].includes('OFFSET_OUT_OF_RANGE')) return this.restart()
      throw error
    }
    for (const each of found) {
      const partition = this.owned.get(each.partition)
      // Another one where it was lost, and taken again, meanwhile.
      if (partition === undefined || partition !== of.get(each.partition)) continue
      if (partition.position === from.get(each.partition)) await this.addPagesOf(partition, each)
    }
    // The broker works while these pages are worked on.
    if (this.pages.length > 0) this.fetchedAhead = this.beginFetch()
  }

  private async addPagesOf(partition: KafkaPartition, fetched: FetchedPartition): Promise<void> {
    try {
      await this.addPages(partition, partition.take(fetched))
    } catch (error) {
      // What was taken is not read again: this processor cannot go on.
      this.failure ??= { error }
      throw error
    }
  }

  private beginFetch(): FetchAhead {
    const of = new Map(this.owned)
    const from = new Map([...of].map(([number, { position }]) => [number, position]))
    const waitMs = this.settings.end === 'head' ? SOON_MS : FETCH_MS
    const fetched = this.connected().reader.fetch(from, waitMs)
    // Not unhandled: the next fetch throws its error.
    fetched.catch(() => {})
    return { of, from, fetched }
  }

  /** Retention was faster than this processor. */
  private async restart(): Promise<void> {
    for (const partition of this.owned.values()) {
      const { earliest, latest } = await this.connected().reader.bounds(partition.number)
      if (partition.position < earliest || partition.position > latest) partition.restart(earliest)
    }
  }

  /** Makes pages of records, each of one log. */
  private async addPages(partition: KafkaPartition, records: readonly CommittedRecord[]): Promise<void> {
    const { pageEntries } = this.settings
    const open = new Map<KafkaClaim, { first: bigint; end: number; entries: QueuedEntry[] }>()
    const finish = (claim: KafkaClaim) => {
      const page = open.get(claim)
      if (page === undefined) return
      open.delete(claim)
      partition.handOut(claim, page.first, page.end)
      const { entries, end } = page
      this.pages.push({
        kind: 'page',
        claim,
        entries,
        end,
        missing: this.missing(partition, claim, entries),
        head: end,
      })
    }
    for (const record of records) {
      const message = messageOfRecord(record)
      const found = await this.readMessage(message)
      if (!('entry' in found)) {
        const { parking } = this.connected()
        await this.patient(() => parking.parkForeign(partition.number, record, found))
        continue
      }
      const { logId, index, entry } = found
      const log = this.logs.get(logId)
      if (log === undefined) continue
      if (entry.kind === 'refused') this.connected().parking.remember(entry.body, record)
      const claim = partition.claims.get(logId) ?? partition.claim(log)
      const page = open.get(claim) ?? { first: record.offset, end: 0, entries: [] }
      open.set(claim, page)
      page.entries.push(entry)
      page.end = Math.max(page.end, index + 1)
      if (page.entries.length >= pageEntries) finish(claim)
    }
    for (const claim of [...open.keys()]) finish(claim)
    partition.taken()
  }

  private async readMessage(message: ParkedMessage): Promise<KafkaEntry> {
    const { reader } = this.connected()
    const { clock } = this.settings
    const read = () => readEntry(message, (logId) => this.logs.get(logId))
    const found = read()
    if ('entry' in found || found.logId === undefined || this.unknown.has(found.logId)) return found
    // A log that is new: the topic of its positions may show it a moment later than its entries are there.
    for (let look = 0; look < LOOKS && this.logs.get(found.logId) === undefined; look++) {
      if (look > 0) await clock.sleep(SOON_MS, this.closing.signal).catch(() => {})
      await this.patient(() => reader.readLogs(this.logs))
    }
    if (this.logs.get(found.logId) === undefined) this.unknown.add(found.logId)
    return read()
  }

  private missing(partition: KafkaPartition, claim: KafkaClaim, entries: readonly QueuedEntry[]): readonly QueueGap[] {
    if (!partition.mayMiss.delete(claim.log.id)) return []
    const [first] = entries
    const start = claim.mark.next
    const end =
      first === undefined ? start : first.kind === 'certificate' ? first.certificate.index : (first.index ?? start)
    return end > start ? [{ log: claim.log, start, end, reason: 'no longer in the queue' }] : []
  }

  private async nextReplay(): Promise<ReplayedEntry | undefined> {
    const { parking } = this.connected()
    if (this.owned.size === 0) return undefined
    const due = await this.patient(() => parking.nextReplay((partition) => this.owned.has(partition)))
    if (due === undefined) return undefined
    const { entry, message } = due
    const found = await this.readMessage(message)
    const { key, index } = entry
    if ('entry' in found) return { kind: 'replay', key, entry: found.entry }
    return { kind: 'replay', key, entry: { kind: 'refused', index, reason: found.reason, body: message.body } }
  }

  /** @returns Whether the partition is still this processor's. */
  private async inPartition(partition: KafkaPartition, work: () => Promise<void>): Promise<boolean> {
    try {
      await this.patient(work)
      return true
    } catch (error) {
      if (!isLost(error)) throw error
      if (this.owned.get(partition.number) === partition) this.owned.delete(partition.number)
      await partition.marks.close()
      this.changed.notify()
      return false
    }
  }

  private dropAll(): void {
    for (const { marks } of this.owned.values()) void marks.close()
    this.owned = new Map()
  }

  private patient<T>(work: () => Promise<T>): Promise<T> {
    return this.patiently(work, this.closing.signal)
  }

  private patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return patiently(this.settings, signal, work)
  }
}

const isLost = (error: unknown): boolean => CtStreamError.is(error) && error.code === 'CT_LEASE_LOST'
