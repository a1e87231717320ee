import { randomUUID } from 'node:crypto'
import { type KeyedRecord, KeyedState, type Owner, ownerRecord, sinkClosed } from '../checkpoint/keyed-records.js'
import { FOLLOWS, readLog } from '../checkpoint/log-record.js'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { Lease } from '../types/cluster.js'
import { sha256Hex } from '../util/hash.js'
import { Slot } from '../util/slot.js'
import type { NatsAddress } from './address.js'
import { type LastMessage, NatsConnection, type NatsMessage } from './connection.js'
import { isOvertaken, natsError } from './errors.js'
import { KeptRecords } from './kept-records.js'
import { ensureStream } from './stream.js'
import { subjectToken } from './subject-token.js'

/** An entry for the subject of its log. */
export interface NewEntry {
  readonly logId: string
  readonly index: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Most messages sent and not acknowledged. */
const MAX_IN_FLIGHT = 512
const MAX_BYTES_IN_FLIGHT = 2 ** 23
/** After so much of one commit, which may carry any amount, the records are looked at again. Bytes. */
const LOOK_BYTES = 2 ** 20
/** What the server stores of a message beside its subject, body and our headers: those of the client, two ids and lengths. Bytes. */
const MESSAGE_BYTES = 300
const MAX_CLAIMS = 10

/**
 * One shard in NATS: a stream of its own, and the right to write it.
 *
 * Every message names the id of the message before it, and only its owner knows that id. So the server refuses messages of an earlier owner
 * once the next one has written its name, and when one message of a page fails, all behind it are refused too. (Sequence numbers would not
 * do: messages in flight expect the numbers that follow, which the next owner's messages would provide.)
 */
export class NatsShard {
  private readonly address: NatsAddress
  private readonly lease: Lease | undefined
  private readonly name: string
  private readonly clock: Clock
  private readonly stream: string
  private readonly subjects: string
  private readonly slot: Slot<NatsConnection>
  private current: KeyedState | undefined
  private kept = new KeptRecords()
  /** Number of the last message that was acknowledged. */
  private sequence = 0
  /** Unique to this opening; with the number of messages sent it makes their ids. */
  private session = ''
  private sent = 0
  /** Index of the last entry of each log that the stream has. */
  private last = new Map<string, number>()
  /** Index behind the last entry of each log that was written, as its record said at opening: the stream may have it no more. */
  private before = new Map<string, number>()

  /** @param name - Of the sink; the same when it is opened again under the same lease. */
  constructor(address: NatsAddress, lease: Lease | undefined, name: string, clock: Clock) {
    const unit = lease === undefined ? 'alone' : sha256Hex(Buffer.from(lease.unit)).slice(0, 16)
    this.address = address
    this.lease = lease
    this.name = name
    this.clock = clock
    this.stream = `${address.prefix}_${unit}`
    this.subjects = `${address.prefix}.${unit}`
    this.slot = new Slot(() => NatsConnection.open(address), sinkClosed)
  }

  /** What the stream has, as of opening or the last write. */
  get state(): KeyedState {
    if (this.current === undefined) throw sinkClosed()
    return this.current
  }

  get epoch(): number {
    return this.state.owner.epoch
  }

  get maxMessageBytes(): number {
    return this.slot.current?.maxMessageBytes ?? 2 ** 20
  }

  /** Whether a write would reach the server without opening the stream anew. */
  get isConnected(): boolean {
    return this.slot.current?.isOpen === true
  }

  /** Whether the stream lacks the entry; it has it when a write reported as failed took effect. */
  lacks(logId: string, index: number): boolean {
    return index > (this.last.get(logId) ?? -1)
  }

  /**
   * @throws {@link CtStreamError} `CT_LEASE_LOST`, `CT_CHECKPOINT_CONFLICT`, `CT_CHECKPOINT_UNUSABLE`, `CT_SINK_FAILED`, `CT_SINK_ROLLED_BACK`.
   */
  async open(): Promise<void> {
    try {
      await this.slot.renew((connection) => this.claim(connection))
    } catch (error) {
      throw natsError(error, 'open the stream', this.address)
    }
  }

  /**
   * Writes entries, then those records that the stream does not have as they are: each takes space in it. Called again after an error, it first
   * reads what the stream has.
   *
   * @param records - Given the index behind the last entry that was written of a log, these included; 0: none was.
   * @param entries - Called when it is known what the stream lacks; returns the lacking entries, in the order of their logs' indexes.
   */
  async write(
    records: (written: (logId: string) => number) => readonly KeyedRecord[],
    entries: () => Iterable<NewEntry>,
  ): Promise<void> {
    if (this.slot.current?.isOpen !== true) await this.open()
    const connection = this.slot.get()
    try {
      const last = new Map(this.last)
      const toWrite = () => {
        const all = records((logId) => this.written(logId, last))
        const changed = all.filter((one) => !this.kept.has(one))
        // Never nothing: only to a message the server says that another owner has taken over.
        return changed.length > 0 ? changed : all.slice(0, 1)
      }
      // No need to wait before the records: the server refuses a position when an entry before it failed.
      await this.send(connection, this.messages(entries(), last, toWrite))
      this.last = last
    } catch (error) {
      // Unknown how much took effect: the next write opens a new connection and looks.
      const why = isOvertaken(error) ? await this.overtaken(connection).catch((other) => other) : error
      await connection.close()
      throw natsError(why, 'write entries', this.address)
    }
  }

  async close(): Promise<void> {
    this.current = undefined
    this.last = new Map()
    await this.slot.close()
  }

  private written(logId: string, last: ReadonlyMap<string, number>): number {
    return Math.max((last.get(logId) ?? -1) + 1, this.before.get(logId) ?? 0)
  }

  /** @param last - Receives the last index of each log. @param records - Called behind the entries. */
  private *messages(
    entries: Iterable<NewEntry>,
    last: Map<string, number>,
    records: () => readonly KeyedRecord[],
  ): Generator<NatsMessage> {
    yield* this.recordsDue()
    let bytes = 0
    for (const { logId, index, headers, body } of entries) {
      const follows = { [FOLLOWS]: String(this.written(logId, last)) }
      const subject = `${this.subjects}.entries.${subjectToken(logId)}`
      const message = { subject, headers: { ...headers, ...follows }, body }
      yield message
      last.set(logId, index)
      bytes += sizeOf(message)
      if (bytes < LOOK_BYTES) continue
      bytes = 0
      yield* this.recordsDue()
    }
    yield* this.records(records())
  }

  /** Before what is written next: each message may delete the oldest ones. */
  private recordsDue(): Iterable<NatsMessage> {
    return this.records(this.kept.due(this.sequence, this.clock.now()))
  }

  /** Where sending fails, the stream is opened anew, and what it has is read again. */
  private *records(records: readonly KeyedRecord[]): Generator<NatsMessage> {
    for (const record of records) {
      yield this.message(record)
      this.kept.keep(record, this.sequence, this.clock.now())
    }
  }

  private message({ key, value }: KeyedRecord): NatsMessage {
    const subject = `${this.subjects}.state.${subjectToken(key)}`
    return { subject, headers: { 'ct-key': key }, body: Buffer.from(value) }
  }

  /** Sends without waiting for each acknowledgement: the server refuses a message when the one before it is missing. */
  private async send(connection: NatsConnection, messages: Iterable<NatsMessage>): Promise<void> {
    let window: Promise<number>[] = []
    let bytes = 0
    const settle = async () => {
      const all = window
      window = []
      bytes = 0
      // All settle before the first failure is thrown: those behind it fail too, and would be unhandled.
      const results = await Promise.allSettled(all)
      for (const result of results) {
        if (result.status === 'rejected') throw result.reason
        this.sequence = result.value
      }
    }
    for (const message of messages) {
      window.push(this.publish(connection, message, this.id()))
      bytes += message.body.length
      if (window.length >= MAX_IN_FLIGHT || bytes >= MAX_BYTES_IN_FLIGHT) await settle()
    }
    await settle()
  }

  private async publish(connection: NatsConnection, message: NatsMessage, before: string | number): Promise<number> {
    this.sent++
    this.kept.grow(sizeOf(message))
    return (await connection.publish(message, this.id(), before)).seq
  }

  private id(): string {
    return `${this.session}.${this.sent}`
  }

  /** Becomes the writer, and reads what the stream has. */
  private async claim(connection: NatsConnection): Promise<void> {
    const { lease, name, current: before } = this
    for (let attempt = 0; attempt < MAX_CLAIMS; attempt++) {
      const info = await ensureStream(connection.manager, this.address, this.stream, `${this.subjects}.>`)
      const sequence = info.state.last_seq
      const records = await connection.lastMessages(this.stream, `${this.subjects}.state.>`)
      const state = this.stateOf(records)
      if (sequence > 0 && state.owner.epoch === 0) throw this.lost()
      this.refuse(state.owner)
      const last = await this.lastIndexes(connection)
      for (const [logId, index] of last) state.refuseFar(`the NATS stream ${this.stream}`, logId, index)
      if (before !== undefined)
        for (const [logId, index] of this.last) if ((last.get(logId) ?? -1) < index) throw this.rolledBack()
      const isOurs = state.owner.name === name && (lease === undefined || state.owner.epoch === lease.epoch)
      const owner: Owner = isOurs ? state.owner : { epoch: lease?.epoch ?? state.owner.epoch + 1, name }
      try {
        // Written even when we are the owner: our own earlier messages that are still in flight are refused from now on.
        this.session = randomUUID()
        this.sequence = await this.publish(connection, this.message(ownerRecord(owner)), sequence)
      } catch (error) {
        if (isOvertaken(error)) continue
        throw error
      }
      state.owner = owner
      this.current = state
      this.last = last
      this.before = writtenBefore(records, last)
      this.kept = new KeptRecords(info.config.max_age / 1e6, info.state.bytes)
      for (const { header, body, sequence: at, time } of records)
        this.kept.keepFound({ key: header('ct-key'), value: Buffer.from(body).toString('utf8') }, at, time)
      this.kept.keep(ownerRecord(owner), this.sequence, this.clock.now())
      return
    }
    throw new CtStreamError('CT_SINK_FAILED', `other processes keep publishing into the NATS stream ${this.stream}`)
  }

  private stateOf(records: readonly LastMessage[]): KeyedState {
    const keyed = records.map(({ header, body }) => ({
      key: header('ct-key'),
      value: Buffer.from(body).toString('utf8'),
    }))
    return new KeyedState(`the NATS stream ${this.stream}`, keyed)
  }

  private async lastIndexes(connection: NatsConnection): Promise<Map<string, number>> {
    const last = new Map<string, number>()
    for (const { header } of await connection.lastMessages(this.stream, `${this.subjects}.entries.>`)) {
      const index = Number(header('ct-index') || Number.NaN)
      if (!Number.isSafeInteger(index)) throw this.foreign()
      last.set(header('ct-log'), index)
    }
    return last
  }

  private refuse(owner: Owner): void {
    const { lease, name, current: before } = this
    if (owner.name === name && (lease === undefined || owner.epoch <= lease.epoch)) return
    const epoch = lease?.epoch ?? before?.owner.epoch
    const facts = { expected: epoch ?? 0, actual: owner.epoch }
    if (before !== undefined && owner.epoch < before.owner.epoch) throw this.rolledBack()
    if (lease !== undefined && owner.epoch >= lease.epoch)
      throw new CtStreamError('CT_LEASE_LOST', 'another owner has this lease now', facts)
    if (lease === undefined && before !== undefined)
      throw new CtStreamError('CT_CHECKPOINT_CONFLICT', 'another process took over writing to this NATS stream', facts)
  }

  /** Finds out why the last message of the stream is not ours. */
  private async overtaken(connection: NatsConnection): Promise<CtStreamError> {
    const info = await connection.manager.streams.info(this.stream)
    this.refuse(this.stateOf(await connection.lastMessages(this.stream, `${this.subjects}.state.>`)).owner)
    if (info.state.last_seq < this.sequence) return this.rolledBack()
    return new CtStreamError('CT_SINK_FAILED', `something else publishes into the NATS stream ${this.stream}, too`, {
      retryable: true,
    })
  }

  private rolledBack(): CtStreamError {
    return new CtStreamError('CT_SINK_ROLLED_BACK', `the NATS stream ${this.stream} has less than it acknowledged`)
  }

  private lost(): CtStreamError {
    return new CtStreamError(
      'CT_CHECKPOINT_UNUSABLE',
      `the NATS stream ${this.stream} has had messages, but has no positions of ct-stream: either another program uses it, or its limits (max_age, max_msgs, max_bytes) deleted them; use another prefix in the URL, or delete the stream to start again`,
    )
  }

  private foreign(): CtStreamError {
    return new CtStreamError(
      'CT_CHECKPOINT_UNUSABLE',
      `the NATS stream ${this.stream} has messages that are not of ct-stream: use another prefix in the URL`,
    )
  }
}

/** Index behind the last entry of each log that was written before, for what the stream may have no more. */
function writtenBefore(records: readonly LastMessage[], last: ReadonlyMap<string, number>): Map<string, number> {
  const before = new Map<string, number>()
  for (const { header, body } of records) {
    if (!header('ct-key').startsWith('log:')) continue
    const { log, written, position } = readLog(Buffer.from(body).toString('utf8'))
    // Of a version that did not say: the last entry does, if it is there.
    if (written < position || !last.has(log.id)) before.set(log.id, written)
  }
  return before
}

/** At least what the server stores. Bytes. */
function sizeOf({ subject, headers, body }: NatsMessage): number {
  let bytes = MESSAGE_BYTES + subject.length + body.length
  for (const name of Object.keys(headers)) bytes += name.length + (headers[name]?.length ?? 0) + ': \r\n'.length
  return bytes
}
