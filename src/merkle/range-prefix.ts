import { CompactRange } from './compact-range.js'
import { countOnes } from './proof-shape.js'

/**
 * The compact range of the first `size` leaves, taken from a longer range that still contains all of its subtrees: the subtrees of `range`
 * that end by `size` are the first subtrees of both.
 *
 * @param size - `0 <= size <= range.size`
 * @returns `undefined` when a subtree of `range` spans `size`, which means that smaller subtrees were merged into it.
 */
export function prefixOf(range: CompactRange, size: number): CompactRange | undefined {
  const count = countOnes(size)
  let covered = 0
  let rest = range.size
  for (let i = 0; i < count; i++) {
    let width = 1
    while (width * 2 <= rest) width *= 2
    covered += width
    rest -= width
    if (rest < 0 || covered > size) return undefined
  }
  return covered === size ? new CompactRange(size, range.hashes.slice(0, count)) : undefined
}
