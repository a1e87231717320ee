/**
 * Chooses a few items of many, each with the same probability (Vitter's algorithm R).
 *
 * @typeParam T - What is sampled.
 */
export class Sample<T> {
  private readonly size: number
  private readonly random: () => number
  private items: T[] = []
  private count = 0

  /** @param random - Uniform in [0, 1). */
  constructor(size: number, random: () => number) {
    this.size = size
    this.random = random
  }

  add(item: T): void {
    this.count++
    if (this.items.length < this.size) this.items.push(item)
    else {
      const place = Math.floor(this.random() * this.count)
      if (place < this.size) this.items[place] = item
    }
  }

  /** Returns the chosen items and the number of all, and starts again. */
  take(): { readonly items: T[]; readonly count: number } {
    const { items, count } = this
    this.items = []
    this.count = 0
    return { items, count }
  }
}
