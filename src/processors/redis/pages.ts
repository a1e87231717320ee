import { indexOfId } from '../../redis/entry-id.js'
import type { RedisGroup } from '../../redis/group.js'
import type { RedisLink } from '../../redis/link.js'
import { awaitEntries, isClosed, readStream, type StreamPage } from '../../redis/stream-reader.js'
import { harmless } from '../../util/harmless.js'
import { messageOf } from '../../util/message-of.js'
import type { ClaimKeeper } from '../claim-keeper.js'
import type { QueuedPage, ReplayedEntry } from '../engine.js'
import type { ClaimedPages } from '../leased-reader.js'
import { isPassing } from '../patiently.js'
import type { CheckedSettings } from '../source-settings.js'
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
  private lastRing = '0-0'
  private pending: Promise<void> | undefined

  constructor(keeper: ClaimKeeper<RedisClaim>, reading: RedisReading, settings: CheckedSettings) {
    this.keeper = keeper
    this.reading = reading
    this.settings = settings
  }

  async nextReplay(): Promise<ReplayedEntry | undefined> {
    const { parking, group } = this.reading
    const replay = await parking.nextReplay(this.settings.leaseMs * 10)
    if (replay === undefined) return undefined
    const { key, index, stream, message } = replay
    const log = stream === undefined ? undefined : await group.logOf(stream)
    const entry =
      log === undefined
        ? ({ kind: 'refused', index, reason: 'its log is unknown', body: message.body } as const)
        : readMessage(message, log, index)
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
    claim.head = end ?? claim.head
    claim.isDrained = found.entries.length < pageEntries
    const first = firstOf(found, end)
    const isHole = first !== undefined && first > readTo
    const entries = found.entries.map((each) => {
      const entry = readMessage(each, claim.log, indexOfId(each.id))
      if (entry.kind === 'refused') this.reading.parking.remember(entry.body, each, each.id)
      return entry.kind === 'refused' ? entry : { ...entry, epoch: EPOCH }
    })
    claim.cursor = found.entries.at(-1)?.id ?? claim.cursor
    claim.readTo = Math.max(readTo, isHole ? first : 0, (indexOfId(found.entries.at(-1)?.id) ?? -1) + 1)
    if (entries.length === 0 && !isHole) return undefined
    const gap = { log: claim.log, start: readTo, end: first ?? readTo, reason: 'no longer in the queue' }
    return { kind: 'page', claim, entries, end: claim.readTo, missing: isHole ? [gap] : [], head: claim.head }
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
 * The index that comes first of what was not read before: the first of a page, where what is before it in the stream has been trimmed. Of a
 * stream that is empty, the end.
 */
function firstOf({ entries, firstId, lastId }: StreamPage, end: number | undefined): number | undefined {
  if (firstId === undefined) return lastId === undefined ? undefined : end
  const first = entries.map(({ id }) => indexOfId(id)).find((index) => index !== undefined)
  return first === undefined || (indexOfId(firstId) ?? 0) < first ? undefined : first
}
