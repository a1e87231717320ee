// What strangers put into JSON, taken for what it is: nothing here throws.

/** A JSON object of which nothing is known yet. */
export type JsonRecord = Readonly<Record<string, unknown>>

const empty: JsonRecord = Object.freeze({})

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as a record; an empty one when it is none. */
export function recordOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : empty
}

/** A string that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Epoch seconds, as a number with or without a fraction, in milliseconds; `undefined` for what no `Date` can hold. */
export function millisecondsOf(seconds: unknown): number | undefined {
  if (typeof seconds !== 'number') return undefined
  const milliseconds = Math.round(seconds * 1000)
  return Math.abs(milliseconds) <= 8.64e15 ? milliseconds : undefined
}

/** Octets written in hex, with or without colons, `keyid:` before it or not, in lower case; `undefined` for anything else. */
export function hexOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const hex = value
    .trim()
    .replace(/^keyid:/i, '')
    .replaceAll(':', '')
    .toLowerCase()
  return hex.length > 0 && hex.length % 2 === 0 && /^[0-9a-f]+$/.test(hex) ? hex : undefined
}
