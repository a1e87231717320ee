/**
 * Hashes text and octets to 64 bits that depend on secret numbers, so that nobody can choose names that collide in a table. Do not publish
 * the hashes: they reveal the secret numbers.
 */
export class StringHash {
  private readonly seeds: readonly [number, number]
  /** The hash of the last input: twice 32 bits, unsigned. */
  high = 0
  low = 0

  /** @param random - Uniform in [0, 1). */
  constructor(random: () => number) {
    this.seeds = [Math.floor(random() * 0x100000000), Math.floor(random() * 0x100000000)]
  }

  /** Hashes text; the result is in `high` and `low`. */
  of(text: string): this {
    let [a, b] = this.seeds
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      a = Math.imul(a ^ unit, 0x85ebca6b)
      a = (a << 13) | (a >>> 19)
      b = Math.imul(b ^ unit, 0xc2b2ae35)
      b = (b << 17) | (b >>> 15)
    }
    return this.finish(a, b, text.length)
  }

  /** Hashes the octets `start` to `stop`; the result is in `high` and `low`. */
  ofBytes(bytes: Uint8Array, start: number, stop: number): this {
    let [a, b] = this.seeds
    let at = start
    for (; at + 4 <= stop; at += 4) {
      const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
      const unit = word | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
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
  return (hash ^ (hash >>> 16)) >>> 0
}
