/**
 * Finds DER elements without exceptions or objects, for bytes that are probably well-formed. It does not find an element that is not encoded
 * as DER requires; the tolerant reader must then decode it.
 */
export class Element {
  /** Bounds of the content of the last element found. */
  start = 0
  stop = 0

  /** Whether an element with this identifier octet begins at `at` and ends by `end`; up to 65,535 octets of content. */
  find(bytes: Uint8Array, at: number, end: number, tag: number): boolean {
    if (at + 2 > end || bytes[at] !== tag) return false
    let length = bytes[at + 1] as number
    let start = at + 2
    if (length >= 0x80) {
      const octets = length - 0x80
      if (octets < 1 || octets > 2 || start + octets > end) return false
      const first = bytes[start] as number
      length = octets === 1 ? first : first * 256 + (bytes[start + 1] as number)
      if (length < (octets === 1 ? 0x80 : 0x100)) return false
      start += octets
    }
    if (length > end - start) return false
    this.start = start
    this.stop = start + length
    return true
  }
}

/** Whether two places hold the same octets. */
export function sameAt(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  if (aStart + length > a.length || bStart + length > b.length) return false
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}
