import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer, type KafkaProducer, NEW_ID } from './client.js'
import { type CommittedRecord, committedRecords } from './committed-records.js'
import { RenewedClient } from './renewed-client.js'

/**
 * The first partition of a topic whose records are kept for ever.
 *
 * All who read it find the same records in the same order, and so agree on the first of several that were added at once: no lock is needed.
 */
export class RecordList {
  private readonly topic: string
  private readonly consumer: RenewedClient<KafkaConsumer>
  private readonly producer: RenewedClient<KafkaProducer>
  /** Runs steps one after another: the producer must have only one send in flight. */
  private turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: KafkaClient, address: KafkaAddress, topic: string, clock: Clock) {
    this.topic = topic
    const options = clientOptions(address)
    const reading = { ...options, groupId: `${address.prefix}.assign` }
    this.consumer = new RenewedClient(address, clock, () => new kafka.Consumer(reading))
    this.producer = new RenewedClient(
      address,
      clock,
      () => new kafka.Producer({ ...options, ...NEW_ID, idempotent: true }),
    )
  }

  /** @param doing - As for `withDeadline`. */
  read(doing: string): Promise<readonly CommittedRecord[]> {
    return this.next(() =>
      this.consumer.use(doing, async (consumer) => {
        const all: CommittedRecord[] = []
        for await (const record of committedRecords(consumer, this.topic)) all.push(record)
        return all
      }),
    )
  }

  /** @param doing - As for `withDeadline`. @param value - Written as JSON. */
  async append(doing: string, key: string, value: object): Promise<void> {
    const messages = [
      { topic: this.topic, partition: 0, key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)) },
    ]
    await this.next(() => this.producer.use(doing, (producer) => producer.send({ messages })))
  }

  async close(): Promise<void> {
    await Promise.all([this.producer.close(), this.consumer.close()])
  }

  private next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => undefined)
    return done
  }
}
