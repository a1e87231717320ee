import { CtStreamError } from '../errors.js'
import { EMPTY_ROOT, HASH_LENGTH, hashPairs, nodeHash } from './hash.js'
import { countOnes } from './proof-shape.js'

/**
 * The Merkle tree over the first `size` leaves, reduced to what appending needs: the roots of its perfect subtrees,
 * largest (leftmost) first, one for each 1 bit of `size`.
 *
 * Immutable, so batches, checkpoints and cursors may share it. {@link RangeBuilder} appends.
 */
export class CompactRange {
  static readonly empty = new CompactRange(0, [])

  /** Number of leaves; safe integer. */
  readonly size: number
  /** 32-byte subtree roots, largest first. */
  readonly hashes: readonly Uint8Array[]

  /**
   * @throws {@link CtStreamError} `CT_CONSISTENCY` when the number of hashes is not the number of 1 bits of `size`, or
   * one is not 32 bytes.
   */
  constructor(size: number, hashes: readonly Uint8Array[]) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw new CtStreamError('CT_CONSISTENCY', `compact range: size ${size} is not a safe non-negative integer`)
    const want = countOnes(size)
    if (hashes.length !== want || hashes.some((hash) => hash.length !== HASH_LENGTH))
      throw new CtStreamError('CT_CONSISTENCY', `compact range of ${size} leaves needs ${want} hashes of 32 bytes`, {
        expected: want,
        actual: hashes.length,
      })
    this.size = size
    this.hashes = hashes
  }

  /** Merkle Tree Hash of the leaves (RFC 6962 section 2.1); SHA-256 of nothing for an empty tree. */
  root(): Uint8Array {
    return foldRoot(this.hashes)
  }

  /**
   * The range with `count` more leaves.
   * @param leafHashes - 32 bytes a leaf, one after the other.
   */
  append(leafHashes: Uint8Array, count = leafHashes.length / HASH_LENGTH): CompactRange {
    const builder = new RangeBuilder(this)
    builder.append(leafHashes, count)
    return builder.snapshot()
  }

  /** The range with `2^level` more leaves, known by the root of their subtree; see {@link RangeBuilder.appendSubtree}. */
  appendSubtree(level: number, hash: Uint8Array): CompactRange {
    const builder = new RangeBuilder(this)
    builder.appendSubtree(level, hash)
    return builder.snapshot()
  }
}

/**
 * Appends leaves to a compact range in place. Each leaf costs two hashes on average, its own included, however long the range.
 *
 * Works as a binary counter: `slots` holds the subtree of each 1 bit of `size`, and appending carries.
 */
export class RangeBuilder {
  private size: number
  private readonly slots: Uint8Array[] = []

  constructor(from: CompactRange = CompactRange.empty) {
    this.size = from.size
    let next = from.hashes.length
    let level = 0
    // Division instead of shifts: sizes exceed 2^32.
    for (let rest = from.size; rest > 0; rest = Math.floor(rest / 2), level++)
      if (rest % 2 === 1) this.slots[level] = from.hashes[--next] as Uint8Array
  }

  /**
   * @param leafHashes - 32 bytes a leaf; those that are kept are copied.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` when there are fewer than `count`.
   */
  append(leafHashes: Uint8Array, count = leafHashes.length / HASH_LENGTH): void {
    this.appendSubtrees(0, leafHashes, count)
  }

  /**
   * Appends one perfect subtree by its root, as if by its `2^level` leaves.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` when the size is not a multiple of `2^level`.
   */
  appendSubtree(level: number, hash: Uint8Array): void {
    this.appendSubtrees(level, hash, 1)
  }

  /** Appends perfect subtrees of one level, such as the hashes of a tile; the same as calling {@link appendSubtree} for each. */
  appendSubtrees(level: number, hashes: Uint8Array, count = hashes.length / HASH_LENGTH): void {
    const width = 2 ** level
    const size = this.size + count * width
    if (!Number.isSafeInteger(count) || count < 0 || hashes.length < count * HASH_LENGTH)
      throw new CtStreamError('CT_OPTION_INVALID', `compact range: ${hashes.length} bytes are not ${count} hashes`)
    if (!Number.isSafeInteger(level) || level < 0 || this.size % width !== 0 || !Number.isSafeInteger(size))
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        `compact range of ${this.size} leaves: cannot append ${count} subtrees of level ${level}`,
      )
    this.carry(level, hashes, count)
    this.size = size
  }

  snapshot(): CompactRange {
    const hashes: Uint8Array[] = []
    let level = 0
    for (let rest = this.size; rest > 0; rest = Math.floor(rest / 2), level++)
      if (rest % 2 === 1) hashes.push(this.slots[level] as Uint8Array)
    return new CompactRange(this.size, hashes.reverse())
  }

  private carry(level: number, hashes: Uint8Array, count: number): void {
    // Room for one hash more than is appended: the subtree that waits at a level is put in front of those that arrive there.
    const work = new Uint8Array((count + 1) * HASH_LENGTH)
    work.set(hashes.subarray(0, count * HASH_LENGTH), HASH_LENGTH)
    let arrived = count
    let at = level
    for (let rest = this.size / 2 ** level; arrived > 0; rest = Math.floor(rest / 2), at++) {
      const waiting = rest % 2
      if (waiting === 1) work.set(this.slots[at] as Uint8Array, 0)
      const line = waiting === 1 ? work : work.subarray(HASH_LENGTH)
      const total = arrived + waiting
      const pairs = Math.floor(total / 2)
      if (total % 2 === 1) this.slots[at] = line.slice((total - 1) * HASH_LENGTH, total * HASH_LENGTH)
      hashPairs(line, pairs)
      if (waiting === 1) work.copyWithin(HASH_LENGTH, 0, pairs * HASH_LENGTH)
      arrived = pairs
    }
  }
}

/**
 * The root over adjacent perfect subtrees, largest first, as in a compact range or the incomplete right edge of a tree. SHA-256 of
 * nothing when there are none.
 */
export function foldRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let root = hashes.at(-1)
  if (root === undefined) return EMPTY_ROOT
  for (let i = hashes.length - 2; i >= 0; i--) root = nodeHash(hashes[i] as Uint8Array, root)
  return root
}
