import type { KeyedRecord } from '../checkpoint/keyed-records.js'

/** A record is written again after this many messages. */
const REFRESH_MESSAGES = 20_000

/**
 * The last record of each key, and its place in the stream. Each is written again before the stream's limits delete it together with the
 * entries around it.
 */
export class KeptRecords {
  private readonly records = new Map<string, { record: KeyedRecord; sequence: number; time: number }>()
  private readonly refreshMs: number

  /** @param maxAgeMs - How long the stream keeps messages; 0: for ever. */
  constructor(maxAgeMs = 0) {
    this.refreshMs = maxAgeMs === 0 ? Number.POSITIVE_INFINITY : maxAgeMs / 4
  }

  keep(record: KeyedRecord, sequence: number, time: number): void {
    this.records.set(record.key, { record, sequence, time })
  }

  /** Whether the stream has this record as it is. */
  has({ key, value }: KeyedRecord): boolean {
    return this.records.get(key)?.record.value === value
  }

  /** The records to write again now. */
  due(sequence: number, now: number): readonly KeyedRecord[] {
    return [...this.records.values()]
      .filter((kept) => sequence - kept.sequence > REFRESH_MESSAGES || now - kept.time > this.refreshMs)
      .map(({ record }) => record)
  }
}
