import { PARKED_HEADER, parkedFacts, parkedText } from '../checkpoint/parked-record.js'
import type { Clock } from '../types/clock.js'
import type { ParkedEntry } from '../types/queue.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer, type KafkaProducer, NEW_ID } from './client.js'
import { type CommittedRecord, committedRecords } from './committed-records.js'
import { RenewedClient } from './renewed-client.js'
import { parkedTopic } from './topics.js'

/** An entry that is set aside: what the record says of it, and where it is. */
export interface ParkedRecord extends ParkedEntry {
  /** Of the entries' topic: whose processor replays it. */
  readonly partition: number
  /** Of the record that has it. */
  readonly offset: bigint
}

/** The message that is set aside, as it was or would have been written. */
export interface ParkedMessage {
  readonly headers: readonly (readonly [string, string | Buffer])[]
  readonly body: Uint8Array
}

/**
 * What groups have set aside, in a topic of one partition: the last record of a key counts, and one without a value deletes it.
 *
 * One send at a time, as with every producer of this client.
 */
export class ParkedTopic {
  private readonly topic: string
  private readonly consumer: RenewedClient<KafkaConsumer>
  private readonly producer: RenewedClient<KafkaProducer>
  private readonly found = new Map<string, ParkedRecord>()
  private next = 0n
  private turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: KafkaClient, address: KafkaAddress, clock: Clock) {
    this.topic = parkedTopic(address).name
    const options = clientOptions(address)
    const reading = { ...options, groupId: `${address.prefix}.parked` }
    this.consumer = new RenewedClient(address, clock, () => new kafka.Consumer(reading))
    this.producer = new RenewedClient(
      address,
      clock,
      () => new kafka.Producer({ ...options, ...NEW_ID, idempotent: true }),
    )
  }

  /** All that is set aside at this moment, in the order in which it was. */
  async list(group?: string): Promise<readonly ParkedRecord[]> {
    await this.reading(async (consumer) => {
      for await (const record of committedRecords(consumer, this.topic, 0, this.next)) this.take(record)
    })
    return [...this.found.values()].filter((each) => group === undefined || each.group === group)
  }

  /** The message itself; `undefined` when it was replaced or deleted meanwhile. */
  async read({ offset }: ParkedRecord): Promise<ParkedMessage | undefined> {
    let message: ParkedMessage | undefined
    await this.reading(async (consumer) => {
      for await (const record of committedRecords(consumer, this.topic, 0, offset)) {
        if (record.offset !== offset) continue
        message = {
          headers: namedHeaders(record).filter(([name]) => name !== PARKED_HEADER),
          body: record.value ?? EMPTY,
        }
        break
      }
    })
    return message
  }

  async put(entry: Omit<ParkedRecord, 'offset' | 'bytes'>, { headers, body }: ParkedMessage): Promise<void> {
    const { group, key, by, message, logId, index, failures, parkedAt, isReplayed, partition } = entry
    const said = parkedText({ group, key, by, message, logId, index, failures, parkedAt, isReplayed, partition })
    const all = [...headers, [PARKED_HEADER, said] as const].map(
      ([name, text]) => [Buffer.from(name), Buffer.from(text)] as const,
    )
    await this.send(entry, Buffer.from(body.buffer, body.byteOffset, body.length), new Map(all))
  }

  async delete(entry: Pick<ParkedEntry, 'group' | 'key'>): Promise<void> {
    await this.send(entry, undefined, new Map())
  }

  async close(): Promise<void> {
    await Promise.all([this.producer.close(), this.consumer.close()])
  }

  private async send(
    { group, key }: Pick<ParkedEntry, 'group' | 'key'>,
    value: Buffer | undefined,
    headers: Map<Buffer, Buffer>,
  ): Promise<void> {
    const record = { topic: this.topic, partition: 0, key: Buffer.from(keyOf(group, key)), headers }
    const messages = [value === undefined ? record : { ...record, value }]
    await this.inTurn(() => this.producer.use('park an entry', (producer) => producer.send({ messages, acks: -1 })))
  }

  private take(record: CommittedRecord): void {
    this.next = record.offset + 1n
    const name = String(record.key)
    this.found.delete(name)
    if (record.value === null) return
    const said = namedHeaders(record).find(([header]) => header === PARKED_HEADER)?.[1]
    const entry = said === undefined ? undefined : entryFrom(String(said))
    if (entry === undefined || keyOf(entry.group, entry.key) !== name) return
    this.found.set(name, { ...entry, bytes: record.value.length, offset: record.offset })
  }

  private reading(work: (consumer: KafkaConsumer) => Promise<void>): Promise<void> {
    return this.inTurn(() => this.consumer.use('read what is parked', work))
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => {})
    return done
  }
}

const EMPTY = new Uint8Array(0)
const keyOf = (group: string, key: string) => JSON.stringify([group, key])

const namedHeaders = ({ headers }: CommittedRecord) =>
  headers.map(([name, text]) => [String(name), text ?? ''] as const)

/** `undefined` for a record that is not of this library: it is left where it is. */
function entryFrom(text: string): Omit<ParkedRecord, 'bytes' | 'offset'> | undefined {
  const facts = parkedFacts(text)
  return facts && { ...facts, partition: Number(JSON.parse(text).partition) }
}
