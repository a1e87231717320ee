import { KeyedState } from '../checkpoint/keyed-records.js'
import type { KafkaConsumer } from './client.js'
import { CommittedTail } from './committed-records.js'

/** Owners, positions, gaps and evidence of units, read again and again from outside: without shutting out whoever writes. */
export class UnitStates {
  private readonly topics = new Map<string, { readonly tail: CommittedTail; readonly last: Map<string, string> }>()

  /**
   * @param topic - Of the positions of a unit.
   * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for a topic that another program has written; what the client throws.
   */
  async read(consumer: KafkaConsumer, topic: string): Promise<KeyedState> {
    const known = this.topics.get(topic) ?? { tail: new CommittedTail(topic), last: new Map() }
    this.topics.set(topic, known)
    for await (const { key, value } of known.tail.read(consumer))
      if (key !== null && value !== null) known.last.set(key.toString('utf8'), value.toString('utf8'))
    return new KeyedState(
      `the Kafka topic ${topic}`,
      [...known.last].map(([key, value]) => ({ key, value })),
    )
  }
}
