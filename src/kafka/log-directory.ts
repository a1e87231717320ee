import { checkpointFromJSON } from '../checkpoint/checkpoint-json.js'
import type { LogInfo } from '../types/log.js'
import type { KafkaConsumer } from './client.js'
import { CommittedTail } from './committed-records.js'

/** A log as whoever writes its entries describes it. */
interface WrittenLog {
  readonly log: LogInfo
  /** Index behind the last entry that is committed, or was left out by a filter. */
  readonly end: number
}

/** The logs of a prefix, and how far each has been written: what stands in the topics of positions. */
export class LogDirectory {
  private readonly logs = new Map<string, WrittenLog>()
  private readonly tails = new Map<string, CommittedTail>()
  private reading: Promise<void> | undefined

  get(logId: string): LogInfo | undefined {
    return this.logs.get(logId)?.log
  }

  /** Exclusive end of a log when it was read last; `undefined` for one that is not known. */
  endOf(logId: string): number | undefined {
    return this.logs.get(logId)?.end
  }

  /** Reads what was written since to these topics of positions. @throws what the client throws. */
  read(topics: readonly string[], consumer: KafkaConsumer): Promise<void> {
    // One at a time, as each goes on where the one before has ended.
    this.reading ??= this.readNow(topics, consumer).finally(() => {
      this.reading = undefined
    })
    return this.reading
  }

  private async readNow(topics: readonly string[], consumer: KafkaConsumer): Promise<void> {
    for (const topic of topics) {
      const tail = this.tails.get(topic) ?? new CommittedTail(topic)
      this.tails.set(topic, tail)
      for await (const { key, value } of tail.read(consumer)) this.take(String(key), value)
    }
  }

  private take(key: string, value: Buffer | null): void {
    if (!key.startsWith('log:') || value === null) return
    try {
      const { log, position } = checkpointFromJSON(JSON.parse(value.toString('utf8')))
      this.logs.set(log.id, { log, end: position })
    } catch {
      // Whoever writes there says so, more loudly.
    }
  }
}
