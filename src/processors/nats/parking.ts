import type { GroupLink } from '../../nats/group-link.js'
import { listParked, type NatsParkedEntry, putParked, readParked, removeParked } from '../../nats/parked-records.js'
import type { StreamMessage } from '../../nats/received.js'
import type { LogInfo } from '../../types/log.js'
import type { Parking, ReplayedEntry } from '../engine.js'
import { ParkedMessages } from '../parked-messages.js'
import { type QueuedMessage, readParkedMessage } from '../queued-message.js'
import type { NatsClaim } from './claim.js'

/** What is set aside for one group in NATS, as one processor sees it. */
export class NatsParking {
  /** Messages that were set aside here, being no entries. */
  foreign = 0
  /** Entries may be marked for replay, or logs were taken whose entries are. */
  private mayReplay = true
  private readonly link: GroupLink
  private readonly group: string
  private readonly messages = new ParkedMessages()
  private due: NatsParkedEntry[] = []
  /** Replayed entries that were handed out: they can be again when they are settled or parked. */
  private readonly replaying = new Set<string>()

  constructor(link: GroupLink, group: string) {
    this.link = link
    this.group = group
  }

  /** Something is to be replayed. */
  notice(): void {
    this.mayReplay = true
  }

  /**
   * @param held - An entry of another log is left out: whose processor has it meets it again.
   * @returns Whether it is set aside.
   */
  async park(item: Parking, held: readonly NatsClaim[]): Promise<boolean> {
    const { by, message, logId, index, key } = item
    const known = key === undefined ? undefined : await this.read(key)
    const claim = held.find(({ log }) => log.id === logId)
    const place = known?.entry.place ?? claim?.entries.key
    if (place === undefined || (key === undefined && index === undefined)) return false
    const whole = known?.message ?? this.messages.messageOf(item)
    const facts = known?.entry ?? { key: `${logId}:${index}`, logId, index }
    await this.put(
      { key: facts.key, by, message, logId: facts.logId, index: facts.index, place },
      (known?.entry.failures ?? 0) + 1,
      whole,
    )
    if (key !== undefined) this.replaying.delete(key)
    return true
  }

  /** Sets aside a message that cannot be read as an entry of the log whose subject it has: once, however often it is read. */
  async parkForeign(
    claim: NatsClaim,
    message: StreamMessage,
    found: { readonly logId: string | undefined; readonly index: number | undefined; readonly reason: string },
  ): Promise<void> {
    const place = claim.entries.key
    const key = `${place}:${message.sequence}`
    if ((await this.read(key)) !== undefined) return
    const { logId, index, reason } = found
    await this.put({ key, by: 'queue', message: reason, logId, index, place }, 1, message)
    this.foreign++
  }

  async settle(key: string): Promise<void> {
    await this.link.use('forget what was parked', ({ connection }) => removeParked(connection, this.link.stream, key))
    this.replaying.delete(key)
  }

  /** The next entry of these logs that somebody asked to replay. */
  async nextReplay(held: readonly NatsClaim[]): Promise<ReplayedEntry | undefined> {
    if (this.due.length === 0 && this.mayReplay) await this.list()
    for (let [entry] = this.due; entry !== undefined; [entry] = this.due) {
      const { key, index, place } = entry
      const claim = held.find(({ entries }) => entries.key === place)
      const known = claim && (await this.read(key))
      // Not before it was read: after a failure it is the next one again.
      this.due.shift()
      if (claim === undefined || known === undefined) continue
      this.replaying.add(key)
      return replayed(key, index, known.message, claim.log)
    }
    return undefined
  }

  private async list(): Promise<void> {
    // Before the request: what is marked meanwhile may not be in its answer.
    this.mayReplay = false
    try {
      const all = await this.link.use('read what is parked', ({ connection }) =>
        listParked(connection, this.link.stream),
      )
      this.due = all.filter(({ isReplayed, key }) => isReplayed && !this.replaying.has(key))
    } catch (error) {
      this.mayReplay = true
      throw error
    }
  }

  private read(key: string) {
    return this.link.use('read what is parked', ({ connection }) => readParked(connection, this.link.stream, key))
  }

  private put(
    entry: Pick<NatsParkedEntry, 'key' | 'by' | 'message' | 'logId' | 'index' | 'place'>,
    failures: number,
    message: QueuedMessage,
  ): Promise<void> {
    const { group } = this
    return this.link.use('park an entry', ({ connection }) =>
      putParked(
        connection,
        this.link.stream,
        { ...entry, group, failures, parkedAt: undefined, isReplayed: false },
        message,
      ),
    )
  }
}

function replayed(key: string, index: number | undefined, message: QueuedMessage, log: LogInfo): ReplayedEntry {
  const found = readParkedMessage('NATS', message, (logId) => (logId === log.id ? log : undefined))
  if ('entry' in found) return { kind: 'replay', key, entry: found.entry }
  return { kind: 'replay', key, entry: { kind: 'refused', index, reason: found.reason, body: message.body } }
}
