import type { KeyedRecord } from '../checkpoint/keyed-records.js'

/** A record is written again after so much: a quarter at most of what a stream has to keep, as `stream.ts` checks it. */
const REFRESH = { messages: 20_000, bytes: 2 ** 26 }

interface Kept {
  readonly record: KeyedRecord
  /** Of the message, or of one before it. */
  readonly sequence: number
  readonly time: number
  /** Of the stream before it. */
  readonly bytes: number
}

/**
 * The last record of each key, and its place in the stream. Each is written again before the stream's limits delete it together with the
 * entries around it.
 */
export class KeptRecords {
  private readonly records = new Map<string, Kept>()
  private readonly refreshMs: number
  private bytes: number

  /**
   * @param maxAgeMs - How long the stream keeps messages; 0: for ever.
   * @param bytes - Of the stream when it was opened.
   */
  constructor(maxAgeMs = 0, bytes = 0) {
    this.refreshMs = maxAgeMs === 0 ? Number.POSITIVE_INFINITY : maxAgeMs / 4
    this.bytes = bytes
  }

  /** A message was written. */
  grow(bytes: number): void {
    this.bytes += bytes
  }

  /** What was written last. */
  keep(record: KeyedRecord, sequence: number, time: number): void {
    this.records.set(record.key, { record, sequence, time, bytes: this.bytes })
  }

  /** What the stream had when it was opened. How much of it is behind the record nobody can tell: it may be all. */
  keepFound(record: KeyedRecord, sequence: number, time: number): void {
    this.records.set(record.key, { record, sequence, time, bytes: 0 })
  }

  /** Whether the stream has this record as it is. */
  has({ key, value }: KeyedRecord): boolean {
    return this.records.get(key)?.record.value === value
  }

  /** The records to write again now. */
  due(sequence: number, now: number): readonly KeyedRecord[] {
    return [...this.records.values()]
      .filter(
        (kept) =>
          sequence - kept.sequence > REFRESH.messages ||
          this.bytes - kept.bytes > REFRESH.bytes ||
          now - kept.time > this.refreshMs,
      )
      .map(({ record }) => record)
  }
}
