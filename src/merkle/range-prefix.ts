import { CompactRange } from './compact-range.js'
import { countOnes } from './proof-shape.js'

/**
 * The compact range of the first `size` leaves, out of one of more leaves that has all its subtrees still: those of `range` that come
 * before `size` are the first subtrees of both.
 *
 * @param size - `0 <= size <= range.size`
 * @returns `undefined` where a subtree reaches over `size`: it has become part of a larger one.
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
