import type { LogCheckpoint } from '../types/checkpoint.js'
import { checkpointFromJSON, checkpointToJSON } from './checkpoint-json.js'
import type { KeyedRecord } from './keyed-records.js'

/**
 * Header of an entry: index behind the entry before it in its log; 0: none was written. Who reads tells by it what retention has taken from what a
 * filter left out.
 */
export const FOLLOWS = 'ct-follows'

/** What the record of a log says of its entries, beside how far it is read. */
export interface WrittenEntries {
  /** Index behind the last entry that was written, whether or not it is still there; 0: none was. Behind a filter the position is far beyond it. */
  readonly written: number
  /** All entries from this index on have the header {@link FOLLOWS}. `undefined`: that is not known. */
  readonly from?: number | undefined
}

/** The record of a log: how far it is read, and how far of that there are entries. */
export interface DescribedLog extends LogCheckpoint, WrittenEntries {}

/** @param entries - `undefined`: it is not known where its last entry is, as a version that did not say so wrote it. */
export const logRecord = (row: LogCheckpoint, entries: WrittenEntries | undefined): KeyedRecord => ({
  key: `log:${row.log.id}`,
  value: JSON.stringify({ ...checkpointToJSON(row), written: entries?.written, follow: entries?.from }),
})

/**
 * Records of versions that did not say so count as if there were an entry before the position: too much is reported as missing then, and never too
 * little.
 *
 * @throws what is thrown for text that is no such record.
 */
export function readLog(text: string): DescribedLog {
  const json: unknown = JSON.parse(text)
  const row = checkpointFromJSON(json)
  return { ...row, ...(writtenIn(json) ?? { written: row.position }) }
}

/** What a record says of entries; `undefined`: a version wrote it that did not say. */
export function writtenIn(json: unknown): WrittenEntries | undefined {
  const { written, follow } = json as { readonly written?: unknown; readonly follow?: unknown }
  if (!isIndex(written)) return undefined
  return { written, ...(isIndex(follow) && { from: follow }) }
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
