import { KeptIssuers } from '../checkpoint/kept-issuers.js'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { copyBytes, toHex } from '../util/bytes.js'
import { elapsedOf } from '../util/clock.js'
import { sha256Hex } from '../util/hash.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer } from './client.js'
import {
  type CommittedRecord,
  CommittedTail,
  committedRecords,
  EARLIEST,
  fetchFrom,
  LATEST,
  offsetOf,
} from './committed-records.js'
import { recordsOf } from './decided-records.js'
import { RenewedClient } from './renewed-client.js'
import { issuersTopic } from './topics.js'

/** Offsets that are remembered, the last ones: 20 MB. Public logs name a few thousand issuers, but a hostile log can name any number. */
const REMEMBERED = 2 ** 17
/**
 * How long all of the topic is not read again for an issuer that is not found, milliseconds: where some were forgotten, and where only a broker
 * that went back unseen can have it. A log could name any number that nobody has written.
 */
const REREAD_MS = { forgotten: 60_000, known: 3_600_000 }

/**
 * The issuers that entries name, from their topic: read when one is asked for first, and on from there. One that is in memory no more is fetched
 * again from its offset.
 */
export class KafkaIssuers {
  private readonly topic: string
  private readonly consumer: RenewedClient<KafkaConsumer>
  private readonly tail: CommittedTail
  private readonly kept = new KeptIssuers()
  /** Of the last record of each issuer. Writers know one partition. */
  private readonly offsets = new Map<string, bigint>()
  private readonly elapsed: () => number
  /** When all of the topic was read last, elapsed time. */
  private readAllAt = Number.NEGATIVE_INFINITY
  /** Whether the topic may have what is in no offset: some were forgotten, or one was wrong. */
  private hasForgotten = false
  private turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: KafkaClient, address: KafkaAddress, clock: Clock) {
    const options = { ...clientOptions(address), groupId: `${address.prefix}.reading` }
    this.topic = issuersTopic(address).name
    this.elapsed = elapsedOf(clock)
    this.consumer = new RenewedClient(address, clock, () => new kafka.Consumer(options))
    this.tail = new CommittedTail(this.topic)
  }

  /**
   * @param fingerprint - SHA-256 of the certificate, 32 bytes.
   * @returns The certificate (DER).
   * @throws {@link CtStreamError} `CT_SINK_FAILED` where the topic does not have it; retryable where no broker answers.
   */
  async get(fingerprint: Uint8Array): Promise<Uint8Array> {
    const name = toHex(fingerprint)
    const found = this.kept.get(name) ?? (await this.inTurn(() => this.lookFor(name)))
    if (found !== undefined) return found
    throw new CtStreamError('CT_SINK_FAILED', `Kafka does not have the issuer ${name}`)
  }

  async close(): Promise<void> {
    await this.consumer.close()
  }

  private async lookFor(name: string): Promise<Uint8Array | undefined> {
    // Another call may have read it meanwhile.
    return (
      this.kept.get(name) ?? (await this.fetchAgain(name)) ?? (await this.readOn(name)) ?? (await this.readAll(name))
    )
  }

  /** What was read and is in memory no more. Compaction leaves the last record of a key where it is. */
  private async fetchAgain(name: string): Promise<Uint8Array | undefined> {
    const offset = this.offsets.get(name)
    if (offset === undefined) return undefined
    const found = await this.fetch(name, offset)
    if (found !== undefined) return found
    // It was written again since, or the topic was cut back.
    this.offsets.delete(name)
    this.hasForgotten = true
    this.readAllAt = Math.min(this.readAllAt, this.elapsed() - REREAD_MS.forgotten)
    return undefined
  }

  private fetch(name: string, offset: bigint): Promise<Uint8Array | undefined> {
    const { topic } = this
    return this.consumer.use('read an issuer', async (consumer) => {
      // A broker that went back, or deletes what is old, would refuse the offset.
      if (offset < (await offsetOf(consumer, topic, 0, EARLIEST))) return undefined
      if (offset >= (await offsetOf(consumer, topic, 0, LATEST))) return undefined
      const [fetched] = await fetchFrom(consumer, topic, new Map([[0, offset]]))
      for (const batch of fetched?.batches ?? [])
        for (const record of recordsOf(batch))
          if (record.offset === offset && this.take(record) === name) return copyOf(record)
      return undefined
    })
  }

  private async readOn(name: string): Promise<Uint8Array | undefined> {
    const isFirst = this.readAllAt === Number.NEGATIVE_INFINITY
    const found = await this.look(name, (consumer) => this.tail.read(consumer))
    if (isFirst) this.readAllAt = this.elapsed()
    return found
  }

  /** For what is remembered neither in memory nor by its offset. */
  private async readAll(name: string): Promise<Uint8Array | undefined> {
    const waitMs = this.hasForgotten ? REREAD_MS.forgotten : REREAD_MS.known
    if (this.elapsed() - this.readAllAt < waitMs) return undefined
    this.hasForgotten = false
    this.offsets.clear()
    const found = await this.look(name, (consumer) => committedRecords(consumer, this.topic))
    this.readAllAt = this.elapsed()
    return found
  }

  /** Reads to the end: what is read is kept. */
  private look(
    name: string,
    read: (consumer: KafkaConsumer) => AsyncIterable<CommittedRecord>,
  ): Promise<Uint8Array | undefined> {
    return this.consumer.use('read issuers', async (consumer) => {
      let found: Uint8Array | undefined
      for await (const record of read(consumer)) if (this.take(record) === name) found = copyOf(record)
      return found
    })
  }

  /** @returns The issuer's name; `undefined` for a record of none: anybody who may write to the topic could name another certificate. */
  private take({ key, value, offset }: CommittedRecord): string | undefined {
    const name = String(key)
    if (value === null || sha256Hex(value) !== name) return undefined
    this.kept.put(name, value)
    this.offsets.delete(name)
    this.offsets.set(name, offset)
    this.forgetFirst()
    return name
  }

  private forgetFirst(): void {
    if (this.offsets.size <= REMEMBERED) return
    const [first] = this.offsets.keys()
    this.offsets.delete(first as string)
    this.hasForgotten = true
  }

  /** One at a time, as each goes on where the one before has ended. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => {})
    return done
  }
}

const copyOf = ({ value }: CommittedRecord) => copyBytes(value ?? new Uint8Array())
