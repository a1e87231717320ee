import { randomBytes } from 'node:crypto'

/**
 * Ids of messages: `<series>-<number>`. Numbers count everything that one file ever held, whatever a client selects. The series
 * identifies the file, so that an id of another file is not mistaken for one of this.
 */
export interface MessageId {
  readonly series: string
  /** From 1. */
  readonly number: number
}

/** Ten random characters. */
export function newSeries(): string {
  return randomBytes(5).toString('hex')
}

export function messageId(series: string, number: number): string {
  return `${series}-${number}`
}

/** Reads an id; `undefined` for any other text. */
export function parseMessageId(text: string): MessageId | undefined {
  const [, series, digits] = /^([0-9a-f]{10})-(\d{1,15})$/.exec(text) ?? []
  return series === undefined ? undefined : { series, number: Number(digits) }
}
