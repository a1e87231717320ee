import { promise } from './target.js'

/** What a value holds, counted. */
export interface Tally {
  /** Characters of strings and bytes of arrays. */
  size: number
}

/**
 * Checks what every public value promises, however deep: dates that are dates, numbers that are numbers, text without half
 * characters, bytes that are plain and pin little more than themselves.
 *
 * @param pinned - Longest buffer that bytes may be a view of.
 */
export function checkValue(value: unknown, where: string, pinned: number, tally: Tally): void {
  if (typeof value === 'string') {
    tally.size += value.length
    promise(isWellFormed(value), `${where} has half of a surrogate pair`)
  } else if (typeof value === 'number') promise(Number.isFinite(value), `${where} is ${value}`)
  else if (value instanceof Date) promise(!Number.isNaN(value.getTime()), `${where} is an invalid date`)
  else if (value instanceof Uint8Array) {
    tally.size += value.length
    promise(Object.getPrototypeOf(value) === Uint8Array.prototype, `${where} is a ${value.constructor.name}`)
    promise(value.buffer.byteLength <= pinned, `${where}: ${value.length} bytes pin ${value.buffer.byteLength}`)
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkValue(value[i], where, pinned, tally)
    tally.size += 8 * value.length
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) checkValue(inner, `${where}.${key}`, pinned, tally)
    tally.size += 8
  }
}

/** `String.prototype.isWellFormed`, which the compiler's library does not know yet. */
export function isWellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text) || !/\p{Surrogate}/u.test(text)
}

/** Compares by JSON with bytes as hexadecimal; `undefined` when they are the same, else the first difference. */
export function difference(a: unknown, b: unknown, where = ''): string | undefined {
  if (Object.is(a, b)) return undefined
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return `${where}: ${brief(a)}, then ${brief(b)}`
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return Buffer.compare(a, b) === 0 ? undefined : `${where}: other bytes`
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime() ? undefined : `${where}: another date`
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return `${where}: ${keys.length} keys, then ${Object.keys(b).length}`
  for (const key of keys) {
    const found = difference(
      (a as Record<string, unknown>)[key],
      (b as Record<string, unknown>)[key],
      `${where}.${key}`,
    )
    if (found !== undefined) return found
  }
  return undefined
}

const brief = (value: unknown): string => String(JSON.stringify(value)).slice(0, 200)
