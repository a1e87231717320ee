/** Longest name whose look-alikes are searched for; of longer ones, which are none, the end. */
export const MAX_NAME = 1024

/** Kinds of boundary before a character. */
export const Bound = { none: 0, hyphen: 1, dot: 2 } as const

/** Digits and letters that are read as others, one by one: `paypa1`, `g00gle`, `lcloud`. */
const canonical = new Uint8Array(128)
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789') canonical[char.charCodeAt(0)] = char.charCodeAt(0)
for (const [from, to] of ['il', '1l', '0o', '2z', '3e', '4a', '5s', '7t', '8b', '9g'])
  canonical[(from as string).charCodeAt(0)] = (to as string).charCodeAt(0)

export function canonicalOf(code: number): number {
  return code < 128 ? (canonical[code] as number) : 0
}

export function canonicalText(text: string): string {
  let result = ''
  for (let i = 0; i < text.length; i++) result += String.fromCharCode(canonicalOf(text.charCodeAt(i)))
  return result
}

export const HASH_BASE = 0x01000193
/** Of {@link HASH_BASE}. */
export const powers = new Int32Array(MAX_NAME + 1)
powers[0] = 1
for (let i = 1; i <= MAX_NAME; i++) powers[i] = Math.imul(powers[i - 1] as number, HASH_BASE)

/** Hash of canonical characters, as {@link Squash.hash} has it. */
export function hashOf(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, HASH_BASE) + text.charCodeAt(i)) | 0
  return hash
}

/**
 * The letters and digits of a name without what separates them, and where that was: so that `pay-pal`, `pay.pal` and `paypal` are found
 * at once. Made once and filled again for each name.
 */
export class Squash {
  length = 0
  /** As they stand in the name. */
  readonly raw = new Uint8Array(MAX_NAME)
  readonly canonical = new Uint8Array(MAX_NAME)
  /** {@link Bound} before the character; one more for the end. */
  readonly bounds = new Uint8Array(MAX_NAME + 1)
  /** Offset in the name; one more for the end. */
  readonly origin = new Uint16Array(MAX_NAME + 1)
  /** Parts between separators: first character, and the one behind the last. */
  readonly partStart = new Uint16Array(MAX_NAME)
  readonly partEnd = new Uint16Array(MAX_NAME)
  parts = 0
  /** Of the canonical characters before each place. */
  readonly hashes = new Int32Array(MAX_NAME + 1)

  /** @param end - Of the part of the name that counts: what is before its public suffix. */
  fill(name: string, end: number): void {
    const { raw, bounds, origin, hashes } = this
    let length = 0
    let bound: number = Bound.dot
    this.parts = 0
    for (let i = Math.max(0, end - MAX_NAME); i < end; i++) {
      const code = name.charCodeAt(i)
      if (code === 0x2e) bound = Bound.dot
      else if (code === 0x2d || code === 0x5f) bound = Math.max(bound, Bound.hyphen)
      else {
        if (bound !== Bound.none) {
          if (length > 0) this.partEnd[this.parts - 1] = length
          this.partStart[this.parts++] = length
        }
        const letter = canonicalOf(code)
        raw[length] = code < 128 ? code : 0
        this.canonical[length] = letter
        bounds[length] = bound
        origin[length] = i
        bound = Bound.none
        length++
        hashes[length] = (Math.imul(hashes[length - 1] as number, HASH_BASE) + letter) | 0
      }
    }
    if (this.parts > 0) this.partEnd[this.parts - 1] = length
    bounds[length] = Bound.dot
    origin[length] = end
    this.length = length
  }

  /** The part that holds a character; the number of parts for the end. */
  partAt(place: number): number {
    if (place >= this.length) return this.parts
    let low = 0
    let high = this.parts
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((this.partStart[middle] as number) <= place) low = middle
      else high = middle
    }
    return low
  }

  /** Of the canonical characters from `start` to `end`. */
  hash(start: number, end: number): number {
    const { hashes } = this
    return ((hashes[end] as number) - Math.imul(hashes[start] as number, powers[end - start] as number)) | 0
  }

  text(start: number, end: number): string {
    let text = ''
    for (let i = start; i < end; i++) text += String.fromCharCode(this.raw[i] as number)
    return text
  }
}
