import { Words } from './words.js'

/**
 * Hashes text and octets to 64 bits that depend on secret numbers, so that nobody can choose names that collide in a table. Do not publish
 * the hashes: they reveal the secret numbers.
 */
export class StringHash {
  private readonly seedA: number
  private readonly seedB: number
  private readonly words = new Words()
  /** The hash of the last input: twice 32 bits, signed, because V8 keeps such numbers without an object. */
  high = 0
  low = 0

  /** @param random - Uniform in [0, 1). */
  constructor(random: () => number) {
    this.seedA = (random() * 0x100000000) | 0
    this.seedB = (random() * 0x100000000) | 0
  }

  /** Hashes text, to the same as the octets of ASCII; the result is in `high` and `low`. */
  of(text: string): this {
    let a = this.seedA
    let b = this.seedB
    const { length } = text
    let at = 0
    for (; at + 4 <= length; at += 4) {
      const word = text.charCodeAt(at) ^ (text.charCodeAt(at + 1) << 8)
      const unit = word ^ (text.charCodeAt(at + 2) << 16) ^ (text.charCodeAt(at + 3) << 24)
      a = Math.imul(a ^ unit, 0x85ebca6b)
      a = (a << 13) | (a >>> 19)
      b = Math.imul(b ^ unit, 0xc2b2ae35)
      b = (b << 17) | (b >>> 15)
    }
    for (; at < length; at++) {
      a = Math.imul(a ^ text.charCodeAt(at), 0x85ebca6b)
      a = (a << 13) | (a >>> 19)
      b = Math.imul(b ^ text.charCodeAt(at), 0xc2b2ae35)
      b = (b << 17) | (b >>> 15)
    }
    return this.finish(a, b, length)
  }

  /** Hashes the octets `start` to `stop`, which must all be there; the result is in `high` and `low`. */
  ofBytes(bytes: Uint8Array, start: number, stop: number): this {
    let a = this.seedA
    let b = this.seedB
    const words = this.words.open(bytes)
    let at = start
    for (; at + 4 <= stop; at += 4) {
      const unit = words.at(at)
      a = Math.imul(a ^ unit, 0x85ebca6b)
      a = (a << 13) | (a >>> 19)
      b = Math.imul(b ^ unit, 0xc2b2ae35)
      b = (b << 17) | (b >>> 15)
    }
    for (; at < stop; at++) {
      a = Math.imul(a ^ (bytes[at] as number), 0x85ebca6b)
      a = (a << 13) | (a >>> 19)
      b = Math.imul(b ^ (bytes[at] as number), 0xc2b2ae35)
      b = (b << 17) | (b >>> 15)
    }
    return this.finish(a, b, stop - start)
  }

  /** Hashes the present result together with 64 more bits. */
  with(high: number, low: number): this {
    return this.finish(Math.imul(this.high ^ high, 0x85ebca6b), Math.imul(this.low ^ low, 0xc2b2ae35), 8)
  }

  private finish(a: number, b: number, length: number): this {
    this.high = mixed(a ^ length ^ mixed(b))
    this.low = mixed(b ^ this.high)
    return this
  }
}

/** Makes each bit of the result depend on all bits (the last step of MurmurHash3). */
function mixed(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
