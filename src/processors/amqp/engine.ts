import { type AmqpAddress, type GroupQueues, groupQueues } from '../../amqp/address.js'
import type { Delivery } from '../../amqp/delivery.js'
import { GroupConsumer } from '../../amqp/group-consumer.js'
import { LOG_HEADER, logHeader } from '../../amqp/log-header.js'
import { PARKED_HEADER, parkedText } from '../../checkpoint/parked-record.js'
import { CtStreamError } from '../../errors.js'
import type { Watermark } from '../../types/queue.js'
import { quietController } from '../../util/abort.js'
import { elapsedOf } from '../../util/clock.js'
import { sha256Hex } from '../../util/hash.js'
import { Notifier } from '../../util/notifier.js'
import type { Parking, QueueClaim, QueuedPage, QueueEngine, ReplayedEntry } from '../engine.js'
import { ParkedMessages } from '../parked-messages.js'
import { isPassing, orAborted, patiently } from '../patiently.js'
import type { QueuedMessage } from '../queued-message.js'
import type { CheckedSettings } from '../source-settings.js'
import { type AmqpMarks, higherMarks, marksFrom, marksText } from './marks.js'
import { type AmqpClaim, AmqpSession } from './session.js'

export interface AmqpEngineSettings extends CheckedSettings {
  readonly address: AmqpAddress
}

/** Pages that the server sends ahead of what is acknowledged. */
const PAGES_AHEAD = 5
/** The protocol's limit. */
const MOST_AHEAD = 65_535
/** How long to wait before the queue counts as empty: what it has sent may be on its way. Milliseconds. */
const ON_ITS_WAY_MS = 100

/** The queue of a group in RabbitMQ, for one of its processors: one at a time gets the messages, the others stand by. */
export class AmqpEngine implements QueueEngine {
  setAside = 0
  private readonly settings: AmqpEngineSettings
  private readonly queues: GroupQueues
  private readonly closing = quietController()
  private readonly changed = new Notifier()
  private readonly messages = new ParkedMessages()
  private readonly elapsed: () => number
  private readonly prefetch: number
  private consumer: GroupConsumer | undefined
  private connecting: Promise<GroupConsumer> | undefined
  private session: AmqpSession | undefined
  /** What the consumer was sent; each has its own. */
  private arrived: Delivery[] = []
  private ready: (QueuedPage | ReplayedEntry)[] = []
  /** What this processor knows to be finished with, also when it could not be stored. */
  private known: AmqpMarks = new Map()
  /** Messages to leave out, of a group that begins now. */
  private skipped = 0
  /** When the server was last known to know this processor. */
  private heardAt = 0

  constructor(settings: AmqpEngineSettings) {
    this.settings = settings
    this.queues = groupQueues(settings.address, settings.group)
    this.elapsed = elapsedOf(settings.clock)
    this.prefetch = Math.min(MOST_AHEAD, PAGES_AHEAD * settings.pageEntries)
  }

  get claims(): readonly QueueClaim[] {
    return this.session?.claims ?? []
  }

  async open(): Promise<void> {
    await this.patiently(() => this.connected())
  }

  async next(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    const { end } = this.settings
    while (!signal.aborted && !this.closing.signal.aborted) {
      const change = this.changed.wait()
      const consumer = await this.patiently(() => this.connected(), signal)
      await this.patiently(() => this.confirm(consumer), signal)
      if (!consumer.isOpen) continue
      const next = this.ready.shift()
      if (next !== undefined) return next
      if (this.arrived.length > 0) await this.patiently(() => this.sortArrived(consumer), signal)
      else if (end === 'head' && (await this.patiently(() => this.isAtEnd(consumer), signal))) return undefined
      else if (end !== 'head') await orAborted(change, signal)
    }
    return undefined
  }

  async store(marks: ReadonlyMap<QueueClaim, Watermark>): Promise<readonly QueueClaim[]> {
    const all = [...(marks as ReadonlyMap<AmqpClaim, Watermark>)]
    const { session } = this
    for (const [claim, mark] of all) claim.session.finish(claim, mark)
    for (const each of new Set(all.map(([claim]) => claim.session))) this.known = higherMarks(this.known, each.state())
    await this.keep()
    return all.map(([claim]) => claim).filter((claim) => claim.session !== session || session !== this.session)
  }

  async park(items: readonly Parking[]): Promise<number> {
    let parked = 0
    for (const item of items) {
      const { by, message, logId, index, key } = item
      const known = key === undefined ? undefined : this.session?.byItself.get(key)
      // It comes again, to this processor or to another.
      if (key === undefined ? !this.has(logId) || index === undefined : known === undefined) continue
      const place = known ?? { logId, index }
      const said = { key: key ?? `${logId}:${index}`, by, message, logId: place.logId, index: place.index }
      const whole = known?.delivery ?? this.describedMessage(item)
      await this.patiently(() => this.putParked(said, (known?.facts?.failures ?? 0) + 1, whole))
      if (key !== undefined) await this.settle(key)
      parked++
    }
    return parked
  }

  async settle(key: string): Promise<void> {
    this.session?.settle(key)
    await this.keep()
  }

  /** A queue does not say what it has lost: there are none. */
  async addGap(): Promise<void> {}

  async close(): Promise<void> {
    this.closing.abort(new CtStreamError('CT_CLOSED', 'the queue source is closed'))
    this.changed.notify()
    this.drop()
    await this.connecting?.catch(() => {})
    if (this.consumer?.isOpen === true) await this.consumer.flush().catch(() => {})
    this.consumer?.close()
  }

  private has(logId: string | undefined): boolean {
    return this.claims.some(({ log }) => log.id === logId)
  }

  /** As the sink would write it: with what is said of its log. */
  private describedMessage(item: Parking): QueuedMessage {
    const message = this.messages.messageOf(item)
    const log = this.claims.find((claim) => claim.log.id === item.logId)?.log
    if (log === undefined || message.headers.some(([name]) => name === LOG_HEADER)) return message
    return { headers: [...message.headers, [LOG_HEADER, logHeader(log)]], body: message.body }
  }

  /** The consumer, another one when it has ended. One at a time: of two the server would send to one alone, which may be the other. */
  private async connected(): Promise<GroupConsumer> {
    if (this.connecting === undefined && this.consumer?.isOpen === true) return this.consumer
    this.connecting ??= this.connect().finally(() => {
      this.connecting = undefined
    })
    return this.connecting
  }

  private async connect(): Promise<GroupConsumer> {
    this.drop()
    const { address, clock, leaseMs } = this.settings
    const { queues, arrived } = this
    const consumer = await GroupConsumer.open({
      address,
      queues,
      clock,
      // A server gives up after two that it does not hear.
      heartbeatSeconds: Math.max(1, Math.ceil(leaseMs / 2000)),
      prefetch: this.prefetch,
      signal: this.closing.signal,
      onDelivery: (delivery) => {
        this.heardAt = this.elapsed()
        arrived.push(delivery)
        this.changed.notify()
      },
      onEnd: () => this.changed.notify(),
    })
    this.consumer = consumer
    this.heardAt = this.elapsed()
    if (!this.closing.signal.aborted) await this.begin(consumer)
    return consumer
  }

  /** So that a group that begins now is known to have begun. */
  private async begin(consumer: GroupConsumer): Promise<void> {
    if (this.settings.start !== 'now') return
    const isNew = !(await consumer.hasMarks())
    this.skipped = isNew ? consumer.waiting : 0
    if (isNew && this.skipped === 0) await consumer.writeMarks(marksText(this.known))
  }

  /** What was lost with the connection comes again. */
  private drop(): void {
    this.session = undefined
    this.arrived = []
    this.ready = []
  }

  /** A processor that was suspended may have been replaced, and would hand out what another one has. */
  private async confirm(consumer: GroupConsumer): Promise<void> {
    if (this.elapsed() - this.heardAt < this.settings.leaseMs || !consumer.isOpen) return
    await consumer.count()
    this.heardAt = this.elapsed()
  }

  private async sortArrived(consumer: GroupConsumer): Promise<void> {
    // Trying again with a connection that has ended would go on for ever: `next()` opens another.
    if (!consumer.isOpen) return
    // What another processor has stored before this one was given anything.
    const stored = this.session === undefined ? await consumer.readMarks() : undefined
    if (!consumer.isOpen) return
    if (this.session === undefined) {
      if (stored !== undefined) {
        this.skipped = 0
        this.known = higherMarks(this.known, marksFrom(stored))
      }
      this.session = new AmqpSession(consumer, this.known)
    }
    const { session, arrived } = this
    const skipped = arrived.splice(0, this.skipped)
    if (skipped.length > 0) {
      this.skipped -= skipped.length
      session.skip(skipped)
      if (this.skipped === 0) await this.keep()
      else session.acknowledge()
    }
    const { pages, foreign } = session.sort(arrived.splice(0, this.settings.pageEntries), arrived.length)
    for (const { delivery, found, done } of foreign) {
      const { logId, index, reason } = found
      // The same one when it is delivered again.
      const key = sha256Hex(Buffer.concat([Buffer.from(JSON.stringify(delivery.headers)), delivery.body]))
      await this.putParked({ key, by: 'queue', message: reason, logId, index }, 1, delivery)
      this.setAside++
      done()
    }
    // Another consumer has begun meanwhile: all of it comes again.
    if (session !== this.session) return
    this.ready.push(...pages)
    // Of repetitions alone nothing is handed out.
    session.acknowledge()
  }

  /** Stores what is finished with, then acknowledges it: a message that comes again is known then. */
  private async keep(): Promise<void> {
    const { session } = this
    if (session === undefined || !session.consumer.isOpen) return
    const marks = session.state()
    this.known = higherMarks(this.known, marks)
    try {
      await session.consumer.writeMarks(marksText(marks))
      session.acknowledge()
    } catch (error) {
      if (!isPassing(error)) throw error
      // It ended with that: its messages come again.
      this.changed.notify()
    }
  }

  private async isAtEnd(consumer: GroupConsumer): Promise<boolean> {
    if (!consumer.isOpen) return false
    const began = this.elapsed()
    let waiting = await consumer.count()
    do {
      await this.settings.clock.sleep(ON_ITS_WAY_MS, this.closing.signal).catch(() => {})
      if (this.arrived.length > 0 || this.closing.signal.aborted) return false
      const before = waiting
      waiting = await consumer.count()
      if (before === 0 && waiting === 0 && this.arrived.length === 0) return true
      // They wait for another processor, which has the queue; or for acknowledgements.
    } while (this.elapsed() - began < this.settings.leaseMs)
    return this.arrived.length === 0 && (this.session?.held ?? 0) < this.prefetch
  }

  private async putParked(
    said: { key: string; by: string; message: string; logId: string | undefined; index: number | undefined },
    failures: number,
    message: QueuedMessage,
  ): Promise<void> {
    const { clock, group } = this.settings
    const consumer = await this.connected()
    const parkedAt = new Date(clock.now())
    const text = parkedText({ ...said, group, failures, parkedAt, isReplayed: false })
    const headers = message.headers.map(([name, value]) => [name, String(value)] as const)
    await consumer.park({ headers: { ...Object.fromEntries(headers), [PARKED_HEADER]: text }, body: message.body })
  }

  private patiently<T>(work: () => Promise<T>, signal = this.closing.signal): Promise<T> {
    return patiently(this.settings, signal, work)
  }
}
