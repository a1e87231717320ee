/** Hash functions, and bits for each thing remembered: 0.16 % of what is new is taken for old by a full filter. */
const HASHES = 9
const BITS = 13.4

/**
 * Says what was not seen before, in fixed memory: two Bloom filters, of which the older is emptied when the newer is full. It remembers
 * the last `capacity` to `2 * capacity` things, 1.7 bytes for each of `2 * capacity`.
 *
 * What it calls new is new, or was forgotten; of what is new it overlooks at most {@link NewlySeen.error}.
 */
export class NewlySeen {
  /** Share of what is new and is overlooked, at most. */
  static readonly error = 0.0035
  private readonly capacity: number
  private readonly bits: number
  private current: Uint32Array
  private previous: Uint32Array
  private count = 0

  /** @param capacity - 1 to 100,000,000. */
  constructor(capacity: number) {
    this.capacity = capacity
    const words = Math.ceil((capacity * BITS) / 32)
    this.bits = words * 32
    this.current = new Uint32Array(words)
    this.previous = new Uint32Array(words)
  }

  /** Remembers what has this hash of twice 32 bits. @returns Whether it was not remembered. */
  add(high: number, low: number): boolean {
    if (this.has(this.current, high, low)) return false
    const isNew = !this.has(this.previous, high, low)
    if (this.count === this.capacity) this.rotate()
    this.count += 1
    for (let i = 0; i < HASHES; i++) {
      const bit = this.bitOf(high, low, i)
      this.current[bit >>> 5] = (this.current[bit >>> 5] as number) | (1 << (bit & 31))
    }
    return isNew
  }

  private has(filter: Uint32Array, high: number, low: number): boolean {
    for (let i = 0; i < HASHES; i++) {
      const bit = this.bitOf(high, low, i)
      if (((filter[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false
    }
    return true
  }

  private bitOf(high: number, low: number, i: number): number {
    return ((high + Math.imul(i, low | 1)) >>> 0) % this.bits
  }

  private rotate(): void {
    const emptied = this.previous.fill(0)
    this.previous = this.current
    this.current = emptied
    this.count = 0
  }
}
