import { PARKED_HEADER, parkedFacts, parkedText } from '../checkpoint/parked-record.js'
import type { Clock } from '../types/clock.js'
import type { ParkedEntry } from '../types/queue.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer, type KafkaProducer, NEW_ID } from './client.js'
import { closeClients } from './close-clients.js'
import { type CommittedRecord, committedRecords } from './committed-records.js'
import { withDeadline } from './deadline.js'
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
  private readonly address: KafkaAddress
  private readonly clock: Clock
  private readonly consumer: KafkaConsumer
  private readonly producer: KafkaProducer
  private readonly found = new Map<string, ParkedRecord>()
  private next = 0n
  private turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: KafkaClient, address: KafkaAddress, clock: Clock) {
    this.topic = parkedTopic(address).name
    this.address = address
    this.clock = clock
    this.consumer = new kafka.Consumer({ ...clientOptions(address, 30_000), groupId: `${address.prefix}.parked` })
    this.producer = new kafka.Producer({ ...clientOptions(address, 30_000), ...NEW_ID, idempotent: true })
  }

  /** All that is set aside at this moment, in the order in which it was. */
  async list(group?: string): Promise<readonly ParkedRecord[]> {
    await this.inTurn('read what is parked', async () => {
      for await (const record of committedRecords(this.consumer, this.topic, 0, this.next)) this.take(record)
    })
    return [...this.found.values()].filter((each) => group === undefined || each.group === group)
  }

  /** The message itself; `undefined` when it was replaced or deleted meanwhile. */
  async read({ offset }: ParkedRecord): Promise<ParkedMessage | undefined> {
    let message: ParkedMessage | undefined
    await this.inTurn('read what is parked', async () => {
      for await (const record of committedRecords(this.consumer, this.topic, 0, offset)) {
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
    await closeClients(this.clock, this.producer, this.consumer)
  }

  private async send(
    { group, key }: Pick<ParkedEntry, 'group' | 'key'>,
    value: Buffer | undefined,
    headers: Map<Buffer, Buffer>,
  ): Promise<void> {
    const record = { topic: this.topic, partition: 0, key: Buffer.from(keyOf(group, key)), headers }
    const messages = [value === undefined ? record : { ...record, value }]
    await this.inTurn('park an entry', () => this.producer.send({ messages, acks: -1 }))
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

  private inTurn<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const { address, clock } = this
    const done = this.turn.then(() => withDeadline(work(), { doing, address, clock, giveUp: () => void this.close() }))
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
