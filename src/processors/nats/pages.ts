import { CtStreamError } from '../../errors.js'
import { describedLog, findEntry, sequenceOf, streamBounds } from '../../nats/entry-subjects.js'
import type { GroupLink, LinkedGroup } from '../../nats/group-link.js'
import { SubjectReader } from '../../nats/subject-reader.js'
import type { QueueGap } from '../../types/queue.js'
import { elapsedOf } from '../../util/clock.js'
import { Notifier } from '../../util/notifier.js'
import type { ClaimKeeper } from '../claim-keeper.js'
import type { QueuedEntry, QueuedPage } from '../engine.js'
import { followsOf } from '../follows.js'
import { readEntry } from '../queued-message.js'
import type { CheckedSettings } from '../source-settings.js'
import { WrittenCheck } from '../written.js'
import type { Anchor, NatsClaim } from './claim.js'
import type { NatsParking } from './parking.js'

/** Most entries asked for and not handed out, of all logs. */
const MAX_AHEAD = 8192
const LEAST_AHEAD = 64
/** How often the last message of a log is looked at while its reader says that there is nothing more. Milliseconds. */
const END_CHECK_MS = 10_000
/**
 * Of all entries. The stream has taken none of an owner that was replaced, so their own say nothing; and those of a process alone begin anew
 * where the server has lost its tail: entries behind would pass for some of an owner before.
 */
const EPOCH = 0

/** Reads the logs that a processor has claimed, each by a reader of its own. */
export class NatsPages {
  private readonly link: GroupLink
  private readonly keeper: ClaimKeeper<NatsClaim>
  private readonly parking: NatsParking
  private readonly settings: CheckedSettings
  private readonly signal: AbortSignal
  private readonly readers = new Map<NatsClaim, SubjectReader>()
  /** When the end that a reader has come to was compared with the stream. Elapsed milliseconds. */
  private readonly endSeenAt = new WeakMap<SubjectReader, number>()
  private readonly arrived = new Notifier()
  private readonly elapsed: () => number
  /** Ends of logs as their collectors have stored them. */
  private readonly ends = new Map<string, number>()
  private readonly written: WrittenCheck

  /** @param signal - Aborts when the engine is closed. */
  constructor(
    link: GroupLink,
    keeper: ClaimKeeper<NatsClaim>,
    parking: NatsParking,
    settings: CheckedSettings,
    signal: AbortSignal,
  ) {
    this.link = link
    this.keeper = keeper
    this.parking = parking
    this.settings = settings
    this.signal = signal
    this.elapsed = elapsedOf(settings.clock)
    this.written = new WrittenCheck(
      (logId) => ({ end: this.ends.get(logId) ?? 0 }),
      (logId) => this.look(logId),
      settings.clock,
      signal,
    )
  }

  /** Resolves when there is more to read. */
  arrival(): Promise<void> {
    return this.arrived.wait()
  }

  /** Of the logs in turn; waits for what has been asked for. `undefined`: there is nothing more. */
  async nextPage(): Promise<QueuedPage | undefined> {
    const { keeper, signal } = this
    while (!signal.aborted) {
      keeper.isStale = false
      const more = Promise.race([this.arrived.wait(), keeper.changed.wait()])
      this.closeLost()
      for (const claim of keeper.held) {
        if (claim.isLeaving) continue
        const page = await this.link.use('read entries', (linked) => this.readPage(linked, claim))
        if (page !== undefined) return page
      }
      const readers = [...this.readers.values()]
      if (readers.every((reader) => reader.isAtEnd)) {
        if (!keeper.held.some(({ mayMiss, isLeaving }) => mayMiss && !isLeaving)) return undefined
        continue
      }
      if (!readers.some((reader) => reader.isReady)) await more
    }
    return undefined
  }

  close(): void {
    this.arrived.notify()
    for (const reader of this.readers.values()) reader.close()
    this.readers.clear()
  }

  private async readPage(linked: LinkedGroup, claim: NatsClaim): Promise<QueuedPage | undefined> {
    const reader = await this.readerOf(linked, claim)
    const seen = reader.isAtEnd ? await this.seeEnd(linked, claim, reader) : undefined
    if (seen === 'more') {
      reader.close()
      const another = await this.readerOf(linked, claim)
      another.expectMore()
      another.ask(LEAST_AHEAD)
      return undefined
    }
    if (seen !== undefined) return seen
    const { pageEntries } = this.settings
    const share = Math.floor(MAX_AHEAD / Math.max(1, this.keeper.held.length))
    const count = Math.min(pageEntries, Math.max(LEAST_AHEAD, share))
    const page = reader.isReady ? await this.takePage(linked, claim, reader) : undefined
    reader.ask(count)
    // Round robin: the other logs come first next time.
    if (page !== undefined) this.keeper.putLast(claim)
    return page
  }

  private async readerOf(linked: LinkedGroup, claim: NatsClaim): Promise<SubjectReader> {
    const known = this.readers.get(claim)
    if (known?.isUsable === true && known.connection === linked.connection) return known
    known?.close()
    this.readers.delete(claim)
    const from = await this.startOf(linked, claim)
    const { stream, subject } = claim.entries
    const onReady = () => this.arrived.notify()
    const reader = await SubjectReader.open(linked.connection, { stream, subject, from }, onReady, this.elapsed)
    this.readers.set(claim, reader)
    return reader
  }

  /**
   * Looks at the end that a reader has come to. Of several servers one that comes back may read for us before it has caught up, and never notice
   * when it has: then the stream has `'more'`. Where retention has taken all that was left of a log, no further message shows what is missing, as
   * of a log that has ended none comes: its record does, which says where its last entry was.
   */
  private async seeEnd(
    { connection }: LinkedGroup,
    claim: NatsClaim,
    reader: SubjectReader,
  ): Promise<QueuedPage | 'more' | undefined> {
    const { entries, log, readTo: start } = claim
    const now = this.elapsed()
    const isDue = now - (this.endSeenAt.get(reader) ?? Number.NEGATIVE_INFINITY) >= END_CHECK_MS
    if (!isDue && !claim.mayMiss) return undefined
    this.endSeenAt.set(reader, now)
    const hasMore = async () => {
      const last = await findEntry(connection, entries, 'last')
      return last !== undefined && last.sequence > claim.position.sequence
    }
    if (await hasMore()) return 'more'
    const { first, last } = await streamBounds(connection, entries.stream)
    const isTaken = claim.mayMiss || claim.position.sequence + 1 < first
    const end = isTaken ? ((await describedLog(connection, this.link.address, entries))?.written ?? 0) : 0
    // In this order: entries are written before the record that counts them.
    if (isTaken && (await hasMore())) return 'more'
    claim.mayMiss = false
    if (end <= start) return undefined
    claim.position = { sequence: last, index: undefined }
    claim.readTo = claim.head = end
    claim.pages.push({ end, last: claim.position })
    const missing = [{ log, start, end, reason: 'no longer in the queue' }]
    return { kind: 'page', claim, entries: [], end, missing, head: end }
  }

  /** Number of the first message to read: that behind the last one, if the stream still has that one, or had it. */
  private async startOf({ connection }: LinkedGroup, claim: NatsClaim): Promise<number> {
    const { entries, position, readTo } = claim
    const bounds = await streamBounds(connection, entries.stream)
    if (position.sequence <= bounds.last && position.sequence < bounds.first) {
      claim.mayMiss = position.sequence + 1 < bounds.first
      return bounds.first
    }
    const isSame =
      position.sequence <= bounds.last &&
      (position.index === undefined ||
        (await findEntry(connection, entries, { at: position.sequence }))?.index === position.index)
    if (isSame) return position.sequence + 1
    // The server has lost its tail, and has it again in another order, or less of it.
    return sequenceOf(connection, entries, readTo, bounds)
  }

  /** The server sends nothing twice to one reader: after a failure another one begins behind the last page. */
  private async takePage(linked: LinkedGroup, claim: NatsClaim, reader: SubjectReader): Promise<QueuedPage> {
    try {
      return await this.pageOf(linked, claim, reader)
    } catch (error) {
      reader.close()
      throw error
    }
  }

  private async pageOf({ connection }: LinkedGroup, claim: NatsClaim, reader: SubjectReader): Promise<QueuedPage> {
    const { log } = claim
    const messages = reader.take()
    const entries: QueuedEntry[] = []
    let missing: QueueGap[] = []
    let end = claim.readTo
    let last: Anchor = claim.position
    this.written.fetched()
    for (const [at, message] of messages.entries()) {
      const read = readEntry('NATS', message, (logId) => (logId === log.id ? log : undefined))
      const skipsNothing = 'entry' in read && read.entry.kind !== 'refused' && read.index <= end
      if (!skipsNothing) await refusePassedOver(connection, claim, last, message.sequence)
      // One that skips nothing need not wait for the position, which is written behind the entries.
      const found = await this.written.check(read, end)
      if (!('entry' in found)) {
        await this.parking.parkForeign(claim, message, found)
        last = { sequence: message.sequence, index: undefined }
        continue
      }
      const { logId, index, entry } = found
      // What cannot be read does not count as read: its entry may still come, and with a wrong index all those before it.
      if (entry.kind === 'refused') {
        await this.parking.parkForeign(claim, message, { logId, index, reason: entry.reason })
        last = { sequence: message.sequence, index: undefined }
        continue
      }
      if (index > end && (await this.isTaken(connection, claim, last))) {
        // Where a message of an earlier version does not say: all before it are missing.
        const until = followsOf(message, index) ?? index
        // A page has its gap before its entries.
        if (until > end && entries.length > 0) {
          reader.giveBack(messages.slice(at))
          break
        }
        if (until > end) missing = [{ log, start: end, end: until, reason: 'no longer in the queue' }]
      }
      claim.mayMiss = false
      entries.push({ ...entry, epoch: EPOCH })
      end = Math.max(end, index + 1)
      last = { sequence: message.sequence, index }
    }
    claim.position = last
    claim.readTo = end
    claim.head = end + reader.left
    claim.pages.push({ end, last })
    return { kind: 'page', claim, entries, end, missing, head: claim.head }
  }

  /** Whether retention may have taken entries behind a message, rather than that the writer has left them out. */
  private async isTaken(connection: LinkedGroup['connection'], claim: NatsClaim, last: Anchor): Promise<boolean> {
    if (claim.mayMiss) return true
    const { first } = await streamBounds(connection, claim.entries.stream)
    return last.sequence + 1 < first
  }

  private async look(logId: string): Promise<void> {
    const claim = this.keeper.held.find(({ log }) => log.id === logId)
    if (claim === undefined) return
    const row = await this.link.use('read how far a log was written', ({ connection }) =>
      describedLog(connection, this.link.address, claim.entries),
    )
    if (row !== undefined) this.ends.set(logId, row.position)
  }

  private closeLost(): void {
    for (const [claim, reader] of this.readers)
      if (claim.isLeaving || !this.keeper.held.includes(claim)) {
        reader.close()
        this.readers.delete(claim)
      }
  }
}

/**
 * Of several servers one that was away may read for us before it has caught up, and pass over messages. What is not between two of them in the
 * stream either was left out by the writer, or taken by retention.
 *
 * @throws {@link CtStreamError} `CT_SINK_FAILED`, retryable: another reader begins behind the last page.
 */
async function refusePassedOver(
  connection: LinkedGroup['connection'],
  { entries }: NatsClaim,
  last: Anchor,
  sequence: number,
): Promise<void> {
  if (sequence <= last.sequence + 1) return
  const next = await findEntry(connection, entries, { from: last.sequence + 1 })
  if (next === undefined || next.sequence >= sequence) return
  throw new CtStreamError(
    'CT_SINK_FAILED',
    `a server of NATS passed over the message ${next.sequence} of ${entries.stream}`,
    {
      retryable: true,
    },
  )
}
