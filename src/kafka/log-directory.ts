import { readLog, type WrittenEntries } from '../checkpoint/log-record.js'
import type { LogInfo } from '../types/log.js'
import type { KafkaConsumer } from './client.js'
import { CommittedTail } from './committed-records.js'

/** A log as whoever writes its entries describes it. */
interface WrittenLog {
  readonly log: LogInfo
  /** Index behind the last entry that is committed, or was left out by a filter. */
  readonly end: number
  readonly entries: WrittenEntries
  /** Of its positions. */
  readonly topic: string
}

/** The logs of a prefix, and how far each has been written: what stands in the topics of positions. */
export class LogDirectory {
  private readonly logs = new Map<string, WrittenLog>()
  private readonly tails = new Map<string, CommittedTail>()
  /** Of the last owner, by topic of positions. */
  private readonly epochs = new Map<string, number>()
  private reading: Promise<void> | undefined
  private turn: Promise<unknown> = Promise.resolve()

  get(logId: string): LogInfo | undefined {
    return this.logs.get(logId)?.log
  }

  /** Exclusive end of a log when it was read last; `undefined` for one that is not known. */
  endOf(logId: string): number | undefined {
    return this.logs.get(logId)?.end
  }

  /** What its record said of a log's entries when it was read last. */
  entriesOf(logId: string): WrittenEntries | undefined {
    return this.logs.get(logId)?.entries
  }

  /** How far a log was written when it was read last, and the epoch of the last owner of its shard. */
  written(logId: string): { readonly end: number; readonly epoch: number } | undefined {
    const known = this.logs.get(logId)
    return known && { end: known.end, epoch: this.epochs.get(known.topic) ?? 0 }
  }

  /** Reads what was written of one log since, if it is known. @throws what the client throws. */
  async readOne(logId: string, consumer: KafkaConsumer): Promise<void> {
    const known = this.logs.get(logId)
    if (known !== undefined) await this.inTurn(() => this.readTopics([known.topic], consumer))
  }

  /** Reads what was written since to these topics of positions. @throws what the client throws. */
  read(topics: readonly string[], consumer: KafkaConsumer): Promise<void> {
    this.reading ??= this.inTurn(() => this.readTopics(topics, consumer)).finally(() => {
      this.reading = undefined
    })
    return this.reading
  }

  /** One at a time, as each goes on where the one before has ended. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => {})
    return done
  }

  private async readTopics(topics: readonly string[], consumer: KafkaConsumer): Promise<void> {
    for (const topic of topics) {
      const tail = this.tails.get(topic) ?? new CommittedTail(topic)
      this.tails.set(topic, tail)
      for await (const { key, value } of tail.read(consumer)) this.take(topic, String(key), value)
    }
  }

  private take(topic: string, key: string, value: Buffer | null): void {
    if (value === null || !/^(?:log|owner):/.test(key)) return
    try {
      const text = value.toString('utf8')
      if (key === 'owner:') this.epochs.set(topic, Number(JSON.parse(text).epoch))
      else {
        const { log, position, written, from } = readLog(text)
        this.logs.set(log.id, { log, end: position, entries: { written, from }, topic })
      }
    } catch {
      // Whoever writes there says so, more loudly.
    }
  }
}
