import type { Delivery } from '../../amqp/delivery.js'
import type { GroupConsumer } from '../../amqp/group-consumer.js'
import { LOG_HEADER, logFromHeader } from '../../amqp/log-header.js'
import { PARKED_HEADER, type ParkedFacts, parkedFacts } from '../../checkpoint/parked-record.js'
import type { LogInfo } from '../../types/log.js'
import type { Watermark } from '../../types/queue.js'
import type { QueueClaim, QueuedEntry, QueuedPage, ReplayedEntry } from '../engine.js'
import { type MessageEntry, readEntry, readParkedMessage, withoutWhole } from '../queued-message.js'
import { SeenIndexes, type SeenState } from '../seen-indexes.js'
import type { AmqpMarks } from './marks.js'

/** A log of which this processor has had messages, while it was the one that gets them. */
export interface AmqpClaim extends QueueClaim {
  readonly session: AmqpSession
}

/** A message that is not acknowledged. */
interface Unfinished {
  readonly tag: number
  /** Finished with when the mark of its log is behind it; without: when `isDone`. */
  readonly log?: LogState
  readonly index?: number
  isDone: boolean
}

interface LogState {
  readonly claim: AmqpClaim
  readonly seen: SeenIndexes
  readonly late: Set<number>
  finished: number
}

/** An entry that was handed out by itself, and must be settled or set aside. */
export interface ByItself {
  readonly delivery: Delivery
  readonly unfinished: Unfinished
  /** What was said of it when it was set aside; `undefined`: it never was. */
  readonly facts: ParkedFacts | undefined
  readonly logId: string | undefined
  readonly index: number | undefined
}

/** A message that is no entry, to be set aside. */
export interface ForeignMessage {
  readonly delivery: Delivery
  readonly found: { readonly logId: string | undefined; readonly index: number | undefined; readonly reason: string }
  /** It is set aside. */
  done(): void
}

/** What came of messages. */
export interface Sorted {
  readonly pages: readonly (QueuedPage | ReplayedEntry)[]
  readonly foreign: readonly ForeignMessage[]
}

/** One connection of a processor: which messages it has had, and how far they are finished with, in the order of the queue. */
export class AmqpSession {
  readonly consumer: GroupConsumer
  /** By key. */
  readonly byItself = new Map<string, ByItself>()
  private readonly infos = new Map<string, LogInfo>()
  private readonly logs = new Map<string, LogState>()
  private readonly marks: AmqpMarks
  private readonly unfinished: Unfinished[] = []

  /** @param marks - What is known to be finished with. */
  constructor(consumer: GroupConsumer, marks: AmqpMarks) {
    this.consumer = consumer
    this.marks = marks
  }

  get claims(): readonly AmqpClaim[] {
    return [...this.logs.values()].map(({ claim }) => claim)
  }

  /** Messages that are neither waiting nor acknowledged. */
  get held(): number {
    return this.unfinished.length
  }

  /** Takes messages without handing them out: who begins now has no use for them. */
  skip(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      const found = this.read(delivery)
      const unfinished: Unfinished = { tag: delivery.tag, isDone: true }
      this.unfinished.push(unfinished)
      const log = 'entry' in found ? this.logOf(found.logId) : undefined
      if (log === undefined || !('entry' in found)) continue
      log.seen.take(found.index)
      log.finished = Math.max(log.finished, found.index + 1)
    }
  }

  /**
   * Makes pages of messages, each of one log; entries that come late, or again, by themselves.
   *
   * @throws {@link CtStreamError} `CT_SINK_FAILED` for an entry of a log that is not described, where nothing shows that others are whole.
   */
  sort(deliveries: readonly Delivery[], head: number): Sorted {
    const pages: (QueuedPage | ReplayedEntry)[] = []
    const foreign: ForeignMessage[] = []
    const open = new Map<LogState, QueuedEntry[]>()
    for (const delivery of deliveries) {
      const parked = delivery.headers.find(([name]) => name === PARKED_HEADER)?.[1]
      const found = this.read(delivery)
      if (parked !== undefined) {
        const facts = parkedFacts(parked)
        if (facts !== undefined) {
          const replay = this.alone(delivery, found, facts.key, facts)
          if (replay !== undefined) pages.push(replay)
          continue
        }
      }
      const log = 'entry' in found ? this.logOf(found.logId) : undefined
      // What cannot be read does not count as seen: its entry may still come, and with a wrong index all those before it.
      if (log === undefined || !('entry' in found) || found.entry.kind === 'refused') {
        const unfinished: Unfinished = { tag: delivery.tag, isDone: this.isFinished(found) }
        this.unfinished.push(unfinished)
        if (unfinished.isDone) continue
        if ('otherBody' in found && found.otherBody !== undefined && this.isNew(deliveries))
          throw withoutWhole(found.otherBody)
        const why = 'entry' in found ? { ...found, reason: reasonOf(found.entry) } : found
        const done = () => {
          unfinished.isDone = true
        }
        foreign.push({ delivery, found: why, done })
        continue
      }
      const { index, entry } = found
      const place = log.seen.take(index)
      if (place === 'late') {
        const late = this.alone(delivery, found, `${found.logId}:${index}`, undefined)
        if (late !== undefined) pages.push(late)
        log.late.add(index)
        continue
      }
      this.unfinished.push({ tag: delivery.tag, log, index, isDone: place === 'repeated' })
      const entries = open.get(log) ?? []
      open.set(log, entries)
      entries.push({ ...entry, epoch: EPOCH })
    }
    for (const [{ claim }, entries] of open) {
      const end = Math.max(...entries.map((entry) => indexOf(entry) + 1))
      pages.push({ kind: 'page', claim, entries, end, missing: [], head: end + head })
    }
    return { pages, foreign }
  }

  /** Everything of the log below is finished with. */
  finish(claim: AmqpClaim, { next }: Watermark): void {
    const log = this.logs.get(claim.log.id)
    if (log !== undefined) log.finished = Math.max(log.finished, next)
  }

  /** An entry that was handed out by itself is finished with, or set aside. */
  settle(key: string): void {
    const found = this.byItself.get(key)
    if (found === undefined) return
    this.byItself.delete(key)
    found.unfinished.isDone = true
    if (found.facts === undefined) this.logs.get(found.logId ?? '')?.late.delete(found.index ?? -1)
  }

  /** What can be stored now. */
  state(): AmqpMarks {
    const found = new Map<string, SeenState>(this.marks)
    for (const [logId, { seen, finished, late }] of this.logs) found.set(logId, seen.state(finished, [...late]))
    return found
  }

  /** Acknowledges the messages up to the first one that is not finished with. */
  acknowledge(): void {
    const first = this.unfinished.findIndex((message) => !isFinished(message))
    // All at once: an array moves what is left at each removal from its front.
    const last = this.unfinished.splice(0, first === -1 ? this.unfinished.length : first).at(-1)
    if (last !== undefined) this.consumer.acknowledge(last.tag)
  }

  private alone(
    delivery: Delivery,
    found: MessageEntry,
    key: string,
    facts: ParkedFacts | undefined,
  ): ReplayedEntry | undefined {
    const unfinished: Unfinished = { tag: delivery.tag, isDone: this.byItself.has(key) }
    this.unfinished.push(unfinished)
    if (unfinished.isDone) return undefined
    const { logId, index } = facts ?? found
    this.byItself.set(key, { delivery, unfinished, facts, logId, index })
    if ('entry' in found) return { kind: 'replay', key, entry: found.entry }
    return { kind: 'replay', key, entry: { kind: 'refused', index, reason: found.reason, body: delivery.body } }
  }

  private read(delivery: Delivery): MessageEntry {
    const info = (logId: string) => {
      const said = delivery.headers.find(([name]) => name === LOG_HEADER)?.[1]
      const log = said === undefined ? undefined : logFromHeader(logId, said)
      const known = this.infos.get(logId) ?? log
      if (known !== undefined) this.infos.set(logId, known)
      return known
    }
    const isParked = delivery.headers.some(([name]) => name === PARKED_HEADER)
    return (isParked ? readParkedMessage : readEntry)('RabbitMQ', delivery, info)
  }

  /** Whether the group has finished with an entry whose log is not described again. */
  private isFinished(found: MessageEntry): boolean {
    const { logId, index } = found
    const state = logId === undefined ? undefined : this.marks.get(logId)
    if ('entry' in found || found.otherBody === undefined || state === undefined || index === undefined) return false
    return new SeenIndexes(state).take(index) === 'repeated'
  }

  /** Whether the group has finished with nothing, and has met no log. */
  private isNew(deliveries: readonly Delivery[]): boolean {
    const describes = ({ headers }: Delivery) => headers.some(([name]) => name === LOG_HEADER)
    return this.marks.size === 0 && this.infos.size === 0 && !deliveries.some(describes)
  }

  private logOf(logId: string): LogState | undefined {
    const known = this.logs.get(logId)
    const log = this.infos.get(logId)
    if (known !== undefined || log === undefined) return known
    const state = this.marks.get(logId)
    const finished = state?.next ?? 0
    const isNew = this.marks.size === 0
    const claim: AmqpClaim = { log, mark: { epoch: EPOCH, next: finished }, isNew, session: this }
    const made = { claim, seen: new SeenIndexes(state), late: new Set<number>(), finished }
    this.logs.set(logId, made)
    return made
  }
}

/** Of all entries: what a writer that was replaced sends late is as good, and is told apart by its index. */
const EPOCH = 0

const indexOf = (entry: QueuedEntry): number =>
  entry.kind === 'certificate' ? entry.certificate.index : (entry.index ?? -1)

const isFinished = ({ isDone, log, index = Number.POSITIVE_INFINITY }: Unfinished) =>
  isDone || (log !== undefined && index < log.finished)

const reasonOf = (entry: QueuedEntry): string =>
  entry.kind === 'refused' ? entry.reason : 'it does not describe its log'
