/**
 * Caches results for recent keys, which are hashes of 64 bits: at least the last `most` different keys, at most twice as many. Finds them
 * without making a key of text.
 */
export class HashedMemory<T> {
  private readonly most: number
  private current: Generation<T>
  private previous: Generation<T>

  constructor(most: number) {
    this.most = most
    this.current = new Generation(most)
    this.previous = new Generation(most)
  }

  /** @param high - 32 bits of the hash, `low` 32 more; signed. */
  get(high: number, low: number): T | undefined {
    const value = this.current.get(high, low)
    if (value !== undefined) return value
    const older = this.previous.get(high, low)
    return older === undefined ? undefined : this.set(high, low, older)
  }

  /** Only for a key that {@link get} does not find. @returns The value. */
  set(high: number, low: number, value: T): T {
    if (this.current.size >= this.most) {
      const emptied = this.previous
      emptied.clear()
      this.previous = this.current
      this.current = emptied
    }
    this.current.add(high, low, value)
    return value
  }
}

/**
 * A table with open addressing, at most half full. Its places are numbers of keys, which stand one after the other: what is used of it is
 * as small as it can be, so that it stays in the processor's caches.
 */
class Generation<T> {
  /** 0 for a place that is free. */
  private readonly places: Int32Array
  /** Twice 32 bits each. */
  private readonly keys: Int32Array
  private readonly values: T[] = []

  constructor(most: number) {
    this.places = new Int32Array(2 ** Math.ceil(Math.log2(most * 2)))
    this.keys = new Int32Array(most * 2)
  }

  get size(): number {
    return this.values.length
  }

  get(high: number, low: number): T | undefined {
    const { places, keys } = this
    const mask = places.length - 1
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const number = (places[at] as number) - 1
      if (number < 0) return undefined
      if (keys[2 * number] === low && keys[2 * number + 1] === high) return this.values[number]
    }
  }

  add(high: number, low: number, value: T): void {
    const { places, keys, values } = this
    const mask = places.length - 1
    let at = low & mask
    while (places[at] !== 0) at = (at + 1) & mask
    const number = values.push(value)
    places[at] = number
    keys[2 * number - 2] = low
    keys[2 * number - 1] = high
  }

  clear(): void {
    this.places.fill(0)
    this.values.length = 0
  }
}
