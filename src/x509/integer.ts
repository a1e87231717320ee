import type { Note } from './note.js'

/** Notes an INTEGER (X.690 section 8.3) with more octets than needed, or with none. */
export function noteInteger(content: Uint8Array, note: Note): void {
  const [first, second = 0] = content
  if (first === undefined) note('der-malformed', 'an INTEGER without octets')
  else if (content.length > 1 && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80))
    note('integer-non-minimal', `an INTEGER with redundant leading octets`)
}

export function isNegative(content: Uint8Array): boolean {
  return (content[0] ?? 0) >= 0x80
}

/** Value of a non-negative INTEGER; `undefined` when it is negative, empty or above 2^53 - 1. */
export function smallInteger(content: Uint8Array): number | undefined {
  if (content.length === 0 || isNegative(content)) return undefined
  let value = 0
  for (const octet of content) {
    value = value * 256 + octet
    if (value > Number.MAX_SAFE_INTEGER) return undefined
  }
  return value
}

/** Number of bits of the magnitude of a non-negative INTEGER: position of its highest one, 0 for zero. */
export function bitLength(content: Uint8Array): number {
  const first = content.findIndex((octet) => octet !== 0)
  if (first < 0) return 0
  return (content.length - first - 1) * 8 + (32 - Math.clz32(content[first] as number))
}
