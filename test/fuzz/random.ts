import { SeededRandom } from '../../src/testing/seeded.js'

/** Choices of a mutation, all of them from its seed. */
export class Random extends SeededRandom {
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('nothing to pick from')
    return items[this.below(items.length)] as T
  }

  /** A size: mostly small, now and then up to `limit`. */
  size(limit: number): number {
    return Math.min(limit, this.between(1, 2 ** this.between(0, Math.max(0, Math.ceil(Math.log2(limit + 1))))))
  }
}
