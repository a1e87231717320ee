import { indexOfId } from '../../redis/entry-id.js'
import type { RedisGroup } from '../../redis/group.js'
import type { RedisLink } from '../../redis/link.js'
import { awaitEntries, isClosed, readStream, type StreamEntry, type StreamPage } from '../../redis/stream-reader.js'
import { harmless } from '../../util/harmless.js'
import { messageOf } from '../../util/message-of.js'
import type { ClaimKeeper } from '../claim-keeper.js'
import type { QueuedEntry, QueuedPage, ReplayedEntry } from '../engine.js'
import { followsOf } from '../follows.js'
import type { ClaimedPages } from '../leased-reader.js'
import { isPassing, patiently } from '../patiently.js'
import { readParkedMessage } from '../queued-message.js'
import type { CheckedSettings } from '../source-settings.js'
import { WrittenCheck } from '../written.js'
import { endOf, type RedisClaim } from './claims.js'
import { readMessage } from './messages.js'
import type { RedisParking } from './parking.js'

/** What the pages are read with: connections of their own, one of which only waits. */
export interface RedisReading {
  readonly reading: RedisLink
  readonly waiting: RedisLink
  readonly group: RedisGroup
  readonly parking: RedisParking
  /** The stream that is rung when claims or replays have changed. */
  readonly bell: string
}

/** Pages of the streams that a processor has, by their ids: no consumer groups are needed where ids are indexes. */
export class RedisPages implements ClaimedPages {
  private readonly keeper: ClaimKeeper<RedisClaim>
  private readonly reading: RedisReading
  private readonly settings: CheckedSettings
  private readonly signal: AbortSignal
  private lastRing = '0-0'
  private pending: Promise<void> | undefined
  /** Ends of logs as their collectors have stored them. */
  private readonly ends = new Map<string, number>()
  private readonly written: WrittenCheck

  /** @param signal - Aborts when the engine is closed. */
  constructor(keeper: ClaimKeeper<RedisClaim>, reading: RedisReading, settings: CheckedSettings, signal: AbortSignal) {
    this.keeper = keeper
    this.reading = reading
    this.settings = settings
    this.signal = signal
    this.written = new WrittenCheck(
      (logId) => ({ end: this.ends.get(logId) ?? 0 }),
      (logId) => this.look(logId),
      settings.clock,
      signal,
    )
  }

  async nextReplay(): Promise<ReplayedEntry | undefined> {
    const { parking, group } = this.reading
    const replay = await parking.nextReplay(this.settings.leaseMs * 10)
    if (replay === undefined) return undefined
    const { key, index, stream, message } = replay
    // It is reserved for this processor: given up here, it would wait for long.
    const logOf = (name: string) => patiently(this.settings, this.signal, () => group.logOf(name))
    const log = stream === undefined ? undefined : await logOf(stream)
    const entry =
      log === undefined
        ? ({ kind: 'refused', index, reason: 'its log is unknown', body: message.body } as const)
        : readMessage(message, log, index, readParkedMessage)
    if (entry.kind === 'refused') parking.remember(entry.body, message, '')
    return { kind: 'replay', key, entry }
  }

  async nextPage(): Promise<QueuedPage | undefined> {
    const { keeper } = this
    keeper.isStale = false
    for (;;) {
      const claim = keeper.held.find(({ isDrained, isLeaving }) => !isDrained && !isLeaving)
      if (claim === undefined) return undefined
      // Round robin: the other logs come first next time.
      keeper.putLast(claim)
      const page = await this.read(claim)
      if (page !== undefined) return page
    }
  }

  arrival(): Promise<void> {
    this.pending ??= this.await().finally(() => {
      this.pending = undefined
    })
    return this.pending
  }

  private async read(claim: RedisClaim): Promise<QueuedPage | undefined> {
    const { pageEntries } = this.settings
    const { readTo } = claim
    const found = await this.reading.reading.use((link) => readStream(link, claim.stream, claim.cursor, pageEntries))
    const end = endOf(found.lastId)
    this.sayWhenShort(claim, end ?? (found.lastId === undefined ? 0 : readTo))
    this.written.fetched()
    const ours: StreamEntry[] = []
    const entries: QueuedEntry[] = []
    for (const each of found.entries) {
      const { entry, isOurs } = await this.entryOf(each, claim, (indexOfId(ours.at(-1)?.id) ?? readTo - 1) + 1)
      entries.push(entry)
      if (isOurs) ours.push(each)
    }
    const gapEnd = endOfGap({ ...found, entries: ours }, end)
    const isHole = gapEnd !== undefined && gapEnd > readTo
    // All at once, when nothing can fail any more: the page is read again otherwise.
    claim.isDrained = found.isAll
    claim.cursor = found.entries.at(-1)?.id ?? claim.cursor
    claim.readTo = Math.max(readTo, isHole ? gapEnd : 0, (indexOfId(ours.at(-1)?.id) ?? -1) + 1)
    claim.head = ours.length < found.entries.length ? claim.readTo : (end ?? claim.head)
    if (entries.length === 0 && !isHole) return undefined
    const gap = { log: claim.log, start: readTo, end: gapEnd ?? readTo, reason: 'no longer in the queue' }
    return { kind: 'page', claim, entries, end: claim.readTo, missing: isHole ? [gap] : [], head: claim.head }
  }

  /** @param next - The index behind what was read. @returns Whether what is below it counts as read. */
  private async entryOf(message: StreamEntry, { log }: RedisClaim, next: number) {
    const index = indexOfId(message.id)
    let entry = readMessage(message, log, index)
    let isOurs = true
    if (index !== undefined) {
      const found = await this.written.check({ logId: log.id, index, entry }, next)
      isOurs = 'entry' in found
      if (!('entry' in found)) entry = { kind: 'refused', index, reason: found.reason, body: message.body }
    }
    if (entry.kind === 'refused') this.reading.parking.remember(entry.body, message, message.id)
    return { entry: entry.kind === 'refused' ? entry : { ...entry, epoch: EPOCH }, isOurs }
  }

  private async look(logId: string): Promise<void> {
    const claim = this.keeper.held.find(({ log }) => log.id === logId)
    const row = claim && (await this.reading.group.positionOf(claim.stream))
    if (row !== undefined) this.ends.set(logId, row.position)
  }

  /** A server that lost its last second has positions of that moment, too: what is missing is written again, and not read again. */
  private sayWhenShort(claim: RedisClaim, end: number): void {
    const isShort = end < claim.readTo
    if (isShort && !claim.isShort)
      this.settings.logger?.warn(
        `the server has ${claim.readTo - end} entries less of ${harmless(claim.log.url)} than were read: waiting until they are written again`,
      )
    claim.isShort = isShort
  }

  /** Waits for entries of logs of which everything was read, and for the bell. */
  private async await(): Promise<void> {
    const { keeper } = this
    const { waiting, bell } = this.reading
    const { clock, logger } = this.settings
    const drained = new Map(keeper.held.filter((each) => each.isDrained).map((each) => [each.stream, each]))
    const after = new Map([[bell, this.lastRing], ...[...drained].map(([key, { cursor }]) => [key, cursor] as const)])
    try {
      for (const [stream, id] of await awaitEntries(waiting, after)) {
        const claim = drained.get(stream)
        if (claim !== undefined) claim.isDrained = false
        if (stream !== bell) continue
        this.lastRing = id
        await keeper.turn()
      }
    } catch (error) {
      if (isClosed(error)) return
      if (!isPassing(error)) {
        keeper.failure ??= { error }
        return
      }
      logger?.warn(`the queue cannot be reached: ${messageOf(error)}`)
      // A server that was killed may have less than it had.
      for (const claim of drained.values()) claim.isDrained = false
      await clock.sleep(RETRY_MS).catch(() => {})
    }
  }
}

/**
 * Of all entries. A stream takes nothing of an owner that was replaced, and each index once, so their own say nothing; and those of a process
 * alone begin anew where the server has lost its last second: entries behind would pass for some of an owner before.
 */
const EPOCH = 0

/** Before another attempt to wait for entries. Milliseconds. */
const RETRY_MS = 200

/**
 * Index behind the last entry that may have been trimmed unread: that which the first of a page follows, where what is before it in the stream has
 * been trimmed; a filter has left out what is between them. A message of an earlier version does not say: all before it are missing. Of a stream that
 * is empty, the end.
 */
function endOfGap({ entries, firstId, lastId }: StreamPage, end: number | undefined): number | undefined {
  if (firstId === undefined) return lastId === undefined ? undefined : end
  const first = entries.find(({ id }) => indexOfId(id) !== undefined)
  const index = indexOfId(first?.id)
  if (first === undefined || index === undefined || (indexOfId(firstId) ?? 0) < index) return undefined
  return followsOf(first, index) ?? index
}
