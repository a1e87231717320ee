import { checkpointFromJSON, checkpointToJSON } from '../checkpoint/checkpoint-json.js'
import type { KeyedRecord } from '../checkpoint/keyed-records.js'
import type { LogCheckpoint } from '../types/checkpoint.js'

/**
 * Header of an entry: index behind the entry before it in its log; 0: none was written. Who reads tells by it what retention has taken from what a
 * filter left out.
 */
export const FOLLOWS = 'ct-follows'

/** The record of a log: how far it is read, and how far of that there are entries. */
export interface DescribedLog extends LogCheckpoint {
  /**
   * Index behind the last entry that was written to the stream, whether or not it is still there; 0: none was. Behind a filter the position is far
   * beyond it. Records of versions that did not say so count as if there were an entry before the position: too much is reported as missing then, and
   * never too little.
   */
  readonly written: number
}

export const logRecord = (row: LogCheckpoint, written: number): KeyedRecord => ({
  key: `log:${row.log.id}`,
  value: JSON.stringify({ ...checkpointToJSON(row), written }),
})

/** @throws what is thrown for text that is no such record. */
export function readLog(text: string): DescribedLog {
  const json = JSON.parse(text)
  const row = checkpointFromJSON(json)
  const { written } = json as { readonly written?: number }
  return { ...row, written: Number.isSafeInteger(written) ? (written as number) : row.position }
}
