import type { ParkedEntry } from '../types/queue.js'

/** Name of the header that says what is parked; those of the message itself are beside it. */
export const PARKED_HEADER = 'ct-parked'

/** What a message that is set aside says of itself: all but its length. */
export type ParkedFacts = Omit<ParkedEntry, 'bytes'>

/** The value of {@link PARKED_HEADER}. */
export function parkedText<T extends ParkedFacts>(facts: T): string {
  return JSON.stringify(facts)
}

/** Reads the value of {@link PARKED_HEADER}; `undefined` when it is not of this library. */
export function parkedFacts(text: string): ParkedFacts | undefined {
  try {
    const { group, key, by, message, logId, index, failures, parkedAt, isReplayed } = JSON.parse(text)
    return {
      group: String(group),
      key: String(key),
      by: String(by),
      message: String(message),
      logId: typeof logId === 'string' ? logId : undefined,
      index: Number.isSafeInteger(index) ? index : undefined,
      failures: Number(failures),
      parkedAt: new Date(parkedAt),
      isReplayed: isReplayed === true,
    }
  } catch {
    return undefined
  }
}
