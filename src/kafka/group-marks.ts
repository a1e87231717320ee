import { randomUUID } from 'node:crypto'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { LogInfo } from '../types/log.js'
import type { QueueGap, Watermark } from '../types/queue.js'
import { sha256Hex } from '../util/hash.js'
import { messageOf } from '../util/message-of.js'
import { Slot } from '../util/slot.js'
import type { KafkaAddress } from './address.js'
import type { KafkaClient } from './client.js'
import type { CommittedRecord } from './committed-records.js'
import { FencedProducer, type NewRecord } from './fenced-producer.js'

/** A range of a backfill, which has a watermark of its own: its entries are not in order with those of its log. */
export interface MarkedRange {
  /** As the ranges of backfills are named. */
  readonly unit: string
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

/** How far a group is with one log, or with a range of it that was backfilled. */
export interface LogMark {
  readonly log: LogInfo
  readonly mark: Watermark
  readonly range?: MarkedRange | undefined
}

/** By what watermarks are known in a partition: the id of a log, or the name of a range. */
export const markKey = ({ log, range }: Pick<LogMark, 'log' | 'range'>): string => range?.unit ?? log.id

/** What a group has stored for one partition of the entries. */
export interface StoredMarks {
  /** By {@link markKey}. */
  readonly logs: ReadonlyMap<string, LogMark>
  /** Everything before this offset is finished with; `undefined`: nothing was stored. */
  readonly offset: bigint | undefined
  /** Id of the topic of entries in which that offset is; `undefined` where an earlier version wrote it. */
  readonly entriesId: string | undefined
  readonly owner: string
  /** Its name; `undefined` where an earlier version wrote them. */
  readonly group: string | undefined
}

/**
 * The topic of a group's watermarks.
 *
 * @param of - Of what its partitions are: those of the entries' topic (default), or of that of backfills.
 */
export const marksName = ({ prefix }: KafkaAddress, group: string, of: 'entries' | 'backfilled' = 'entries'): string =>
  `${prefix}.marks.${sha256Hex(Buffer.from(group)).slice(0, 16)}${of === 'entries' ? '' : '.backfilled'}`

/**
 * The watermarks of one partition, and the right to move them: taking them shuts out the processor that had them, whose stores are refused
 * by the broker from then on.
 */
export class GroupMarks {
  private readonly slot: Slot<FencedProducer>
  /** Settles when what was written last is. */
  private turn: Promise<unknown> = Promise.resolve()
  private readonly owner = randomUUID()
  private readonly group: string
  private readonly topic: string
  private readonly partition: number

  /** @param topic - As {@link marksName} names it. */
  constructor(
    kafka: KafkaClient,
    address: KafkaAddress,
    { group, topic }: { readonly group: string; readonly topic: string },
    partition: number,
    clock: Clock,
  ) {
    this.group = group
    this.topic = topic
    this.partition = partition
    const make = () => new FencedProducer(kafka, address, `${topic}.${partition}`, clock)
    this.slot = new Slot(make, () => this.lost('this processor has given up'))
  }

  /** Shuts out whoever had them. @throws {@link CtStreamError} as `kafkaError` makes it. */
  async take(): Promise<StoredMarks> {
    return this.slot.renew(async (producer) => {
      await this.begin(producer)
      const stored = await this.read(producer)
      // The topic is named after a hash of the group: whoever looks from outside learns its name here.
      await producer.commit([this.record('owner', this.owner), this.record('group', this.group)])
      return stored
    })
  }

  /**
   * Stores watermarks, and the offset before which nothing is left to do.
   *
   * @param entriesId - Id of the topic in which that offset is.
   *
   * @throws {@link CtStreamError} `CT_LEASE_LOST` when another processor has taken them, or they are closed; `CT_SINK_FAILED`: may be called again.
   */
  async store(logs: readonly LogMark[], offset: bigint | undefined, entriesId = ''): Promise<void> {
    const records = logs.map((each) =>
      this.record(`${each.range === undefined ? 'log' : 'range'}:${markKey(each)}`, each),
    )
    if (offset !== undefined) records.push(this.record('offset', String(offset)), this.record('entries', entriesId))
    await this.write(records)
  }

  async addGap(gap: QueueGap): Promise<void> {
    await this.write([this.record(`gap:${gap.log.id} ${gap.start} ${gap.end}`, gap)])
  }

  async close(): Promise<void> {
    await this.slot.close()
  }

  /** One at a time: a producer has one transaction, and two of them would shut each other out. */
  private write(records: readonly NewRecord[]): Promise<void> {
    const written = this.turn.then(() => this.writeNow(records))
    this.turn = written.catch(() => {})
    return written
  }

  private async writeNow(records: readonly NewRecord[]): Promise<void> {
    try {
      await (this.slot.current ?? (await this.reopen())).commit(records)
    } catch (error) {
      // It is not known how much took effect.
      await this.slot.drop()
      throw error
    }
  }

  /** After an error: looks first, so as not to shut out a processor that has taken over meanwhile. */
  private async reopen(): Promise<FencedProducer> {
    return this.slot.renew(async (producer) => {
      this.refuse((await this.read(producer)).owner)
      await this.begin(producer)
      this.refuse((await this.read(producer)).owner)
      return producer
    })
  }

  /** Watermarks that the broker left open count: what they cover was finished with before they were written. */
  private async begin(producer: FencedProducer): Promise<void> {
    await producer.begin()
    await producer.end('commit', await producer.leftOpen([this.topic]))
  }

  private refuse(owner: string): void {
    if (owner !== this.owner) throw this.lost('another processor has taken')
  }

  private lost(how: string): CtStreamError {
    return new CtStreamError('CT_LEASE_LOST', `${how} the watermarks of partition ${this.partition} in ${this.topic}`)
  }

  private async read(producer: FencedProducer): Promise<StoredMarks> {
    return readMarks(this.topic, await producer.read(this.topic, this.partition))
  }

  private record(key: string, value: unknown): NewRecord {
    const { topic, partition } = this
    return { topic, partition, key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)) }
  }
}

/** @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for what another program has written. */
export function readMarks(topic: string, records: Iterable<Pick<CommittedRecord, 'key' | 'value'>>): StoredMarks {
  const logs = new Map<string, LogMark>()
  let offset: bigint | undefined
  let entriesId: string | undefined
  let owner = ''
  let group: string | undefined
  for (const { key, value } of records) {
    const name = String(key)
    try {
      const found: unknown = JSON.parse(String(value))
      if (name === 'owner') owner = String(found)
      else if (name === 'group') group = String(found)
      else if (name === 'offset') offset = BigInt(String(found))
      else if (name === 'entries') entriesId = String(found)
      else if (/^(?:log|range):/.test(name)) {
        const mark = logMark(found)
        logs.set(markKey(mark), mark)
      }
    } catch (cause) {
      throw new CtStreamError(
        'CT_CHECKPOINT_UNUSABLE',
        `the Kafka topic ${topic} has a record that is no watermark of ct-stream (${messageOf(cause)}): use another prefix in the URL`,
        { cause },
      )
    }
  }
  return { logs, offset, entriesId, owner, group }
}

function logMark(value: unknown): LogMark {
  const { log, mark, range } = value as LogMark
  if (typeof log.id !== 'string' || !Number.isSafeInteger(mark.next) || !Number.isSafeInteger(mark.epoch))
    throw new TypeError('a log without a watermark')
  if (range !== undefined && (typeof range.unit !== 'string' || !Number.isSafeInteger(range.end)))
    throw new TypeError('a range without an end')
  return { log, mark, ...(range !== undefined && { range }) }
}
