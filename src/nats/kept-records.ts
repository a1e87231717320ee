import type { KeyedRecord } from '../checkpoint/keyed-records.js'

/** Messages after which a record is written anew. */
const REFRESH_MESSAGES = 20_000

/**
 * The last record of each key, and where in the stream it is: written anew before the stream throws it out with the entries around it.
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

  /** Those that are to be written anew. */
  due(sequence: number, now: number): readonly KeyedRecord[] {
    return [...this.records.values()]
      .filter((kept) => sequence - kept.sequence > REFRESH_MESSAGES || now - kept.time > this.refreshMs)
      .map(({ record }) => record)
  }
}
