import type { CommittedRecord } from '../../kafka/committed-records.js'
import type { ParkedMessage, ParkedRecord, ParkedTopic } from '../../kafka/parked-topic.js'
import type { Clock } from '../../types/clock.js'
import type { Parking } from '../engine.js'
import type { ParkedMessages } from '../parked-messages.js'
import { messageOfRecord } from './messages.js'

/** What is set aside for one group in Kafka, as one processor sees it. */
export class KafkaParking {
  /** Entries may be marked for replay. */
  mayReplay = true
  readonly messages: ParkedMessages
  /** Messages of no log that is known, set aside here. */
  foreign = 0
  private readonly topic: ParkedTopic
  private readonly group: string
  private readonly clock: Clock
  /** Replayed entries that were handed out: they can be again when they are settled or parked. */
  private readonly replaying = new Set<string>()

  constructor(topic: ParkedTopic, messages: ParkedMessages, group: string, clock: Clock) {
    this.topic = topic
    this.messages = messages
    this.group = group
    this.clock = clock
  }

  /**
   * @param of - The partition of the entry; `undefined` where it is another processor's by now, which meets the entry again.
   * @returns Whether it is set aside.
   */
  async park({ by, message, logId, index, content, key }: Parking, of: number | undefined): Promise<boolean> {
    const known = key === undefined ? undefined : await this.find(key)
    const partition = known?.partition ?? of
    if (partition === undefined || (key === undefined && index === undefined)) return false
    const whole =
      known === undefined ? this.messages.messageOf({ content, logId, index }) : await this.topic.read(known)
    const entry = { by, message, logId, index, partition, key: key ?? `${logId}:${index}` }
    if (whole !== undefined) await this.put(entry, (known?.failures ?? 0) + 1, whole)
    if (key !== undefined) this.replaying.delete(key)
    return whole !== undefined
  }

  /** A replayed entry is settled, or parked again. */
  forget(key: string | undefined): void {
    if (key !== undefined) this.replaying.delete(key)
  }

  /** Sets aside a message that is of no log that is known: once, however often it is read. */
  async parkForeign(
    partition: number,
    record: CommittedRecord,
    { logId, index, reason }: { logId: string | undefined; index: number | undefined; reason: string },
  ): Promise<void> {
    const key = `${partition}:${record.offset}`
    if ((await this.find(key)) !== undefined) return
    await this.put({ key, by: 'queue', message: reason, logId, index, partition }, 1, messageOfRecord(record))
    this.foreign++
  }

  async settle(key: string): Promise<void> {
    await this.topic.delete({ group: this.group, key })
    this.replaying.delete(key)
  }

  /**
   * The next entry that somebody asked to replay.
   *
   * @param isOurs - Whether this processor has a partition.
   */
  async nextReplay(
    isOurs: (partition: number) => boolean,
  ): Promise<{ readonly entry: ParkedRecord; readonly message: ParkedMessage } | undefined> {
    if (!this.mayReplay) return undefined
    const all = await this.topic.list(this.group)
    const entry = all.find((each) => each.isReplayed && isOurs(each.partition) && !this.replaying.has(each.key))
    this.mayReplay = entry !== undefined
    const message = entry && (await this.topic.read(entry))
    if (entry === undefined || message === undefined) return undefined
    this.replaying.add(entry.key)
    return { entry, message }
  }

  private async find(key: string): Promise<ParkedRecord | undefined> {
    return (await this.topic.list(this.group)).find((each) => each.key === key)
  }

  private put(
    entry: Pick<ParkedRecord, 'key' | 'by' | 'message' | 'logId' | 'index' | 'partition'>,
    failures: number,
    message: ParkedMessage,
  ): Promise<void> {
    const parkedAt = new Date(this.clock.now())
    return this.topic.put({ ...entry, group: this.group, failures, parkedAt, isReplayed: false }, message)
  }
}
