import { randomBytes } from 'node:crypto'

/**
 * Ids of messages: `<series>-<number>`. Numbers count up by one over everything one file ever held, whatever a client has asked for; the
 * series says which file, so that an id of another one is not taken for a place in this.
 */
export interface MessageId {
  readonly series: string
  /** From 1. */
  readonly number: number
}

/** Ten characters nobody else has. */
export function newSeries(): string {
  return randomBytes(5).toString('hex')
}

export function messageId(series: string, number: number): string {
  return `${series}-${number}`
}

/** `undefined` for what is no id. */
export function parseMessageId(text: string): MessageId | undefined {
  const [, series, digits] = /^([0-9a-f]{10})-(\d{1,15})$/.exec(text) ?? []
  return series === undefined ? undefined : { series, number: Number(digits) }
}
