import type { KafkaConsumer } from './client.js'
import { CommittedTail } from './committed-records.js'
import { type LogMark, readMarks } from './group-marks.js'

/** What a group has stored, as its topic of watermarks says. */
export interface StoredGroup {
  /** `undefined`: written by a version that did not store it. */
  readonly name: string | undefined
  /** How far it is with each log. */
  readonly logs: readonly LogMark[]
}

/** Watermarks of groups, read again and again from outside: without shutting out the processors that move them. */
export class GroupStates {
  private readonly topics = new Map<string, { readonly tails: CommittedTail[]; readonly last: LastRecords }>()

  /** @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for a topic that another program has written; what the client throws. */
  async read(consumer: KafkaConsumer, topic: string): Promise<StoredGroup> {
    const known = this.topics.get(topic) ?? { tails: [], last: new Map() }
    this.topics.set(topic, known)
    const { topics } = await consumer.metadata({ topics: [topic] })
    const count = topics.get(topic)?.partitions.length ?? 0
    for (let partition = 0; partition < count; partition++) {
      const tail = (known.tails[partition] ??= new CommittedTail(topic, partition))
      for await (const { key, value } of tail.read(consumer))
        if (key !== null && value !== null) known.last.set(`${partition} ${key}`, { key, value })
    }
    const { logs, group } = readMarks(topic, known.last.values())
    return { name: group, logs: [...logs.values()] }
  }
}

type LastRecords = Map<string, { readonly key: Buffer; readonly value: Buffer }>
