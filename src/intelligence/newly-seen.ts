/** Hash functions, and bits for each item: a full filter mistakes 0.16 % of new items for known ones. */
const HASHES = 9
const BITS = 13.4

/**
 * Tells new items from known ones in fixed memory, with two Bloom filters: when the newer one is full, the older one is cleared. It remembers
 * the last `capacity` to `2 * capacity` items, in 1.7 bytes for each of `2 * capacity`.
 *
 * An item it calls new is new or was forgotten. It mistakes at most a share of {@link NewlySeen.error} of new items for known ones.
 */
export class NewlySeen {
  /** Largest share of new items that are mistaken for known ones. */
  static readonly error = 0.0035
  private readonly capacity: number
  private readonly bits: number
  private current: Uint32Array
  private previous: Uint32Array
  private count = 0
  private turns = 1

  /** @param capacity - 1 to 100,000,000. */
  constructor(capacity: number) {
    this.capacity = capacity
    const words = Math.ceil((capacity * BITS) / 32)
    this.bits = words * 32
    this.current = new Uint32Array(words)
    this.previous = new Uint32Array(words)
  }

  /** How often the older filter was cleared, and 1: an item added during this turn is not new, and need not be added again. */
  get turn(): number {
    return this.turns
  }

  /** Remembers an item by its hash, twice 32 bits. @returns Whether it is new. */
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
    this.turns += 1
  }
}
